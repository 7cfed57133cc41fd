"""An exchange in a box: Bybit's V5 surface over seeded, reproducible markets."""
