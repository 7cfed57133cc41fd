"""What is best, and is it luck? Sweeps over parameters on a Ray cluster."""
