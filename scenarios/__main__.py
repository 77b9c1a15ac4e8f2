"""The door from a shell: `yangshan`, or `python -m scenarios`."""

from scenarios.cli import main

if __name__ == "__main__":
    main()
