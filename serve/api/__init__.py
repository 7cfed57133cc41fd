"""Routes: each parses, calls one command and answers. `health` tells versions and the cluster."""
