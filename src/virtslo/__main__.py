"""`python -m virtslo` is the `virtslo` command."""

from virtslo.cli.main import run

if __name__ == "__main__":
    run()
