"""`python -m serve.cli` is `bst`: what a job on a cluster runs."""

from __future__ import annotations

from serve.cli import main

if __name__ == "__main__":
    main()
