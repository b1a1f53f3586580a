"""Floor 10, the command line: one file a verb. Nothing heavy is imported before a verb needs it."""

from __future__ import annotations

import sys

from tertium._lazy import attach

__all__ = ["main"]

__getattr__, __dir__ = attach(__name__, {"app": "app"})


def main(arguments: list[str] | None = None) -> int:
    """Run ``tertium`` with the words of a command line and return its exit code.

    0: done, and all claims held; 1: ran, but a claim did not hold; 2: bad input (one line on standard error);
    3: a fault of ours; 130: stopped by Ctrl-C; 143: by SIGTERM.
    """
    from tertium.cli.app import invoke

    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    code = invoke([word for word in words if word != "--debug"], debug=debug)
    if arguments is None:
        sys.exit(code)
    return code
