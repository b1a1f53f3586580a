"""``python -m tertium``: the same as the command ``tertium``."""

from tertium.cli import main

if __name__ == "__main__":
    main()
