"""Lazy packages (PEP 562): a floor's names are imported when first used, so that listing and ``--help`` stay fast."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def attach(package: str, names: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the ``__getattr__`` and ``__dir__`` of a package whose public names live in its modules.

    Parameters
    ----------
    package : str
        The package's ``__name__``.
    names : mapping of str to str
        Public name -> module of the package that defines it; a module stands for itself (``{"observe": "observe"}``
        hands out the module when it has no attribute of that name).

    Returns
    -------
    tuple of callable
        To be assigned to ``__getattr__`` and ``__dir__``.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807  (PEP 562 names it so)
        if name not in names:
            if name.startswith("__"):
                raise AttributeError(name)
            from tertium.errors import nearest

            close = nearest(name, names)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise AttributeError(f"module '{package}' has no attribute '{name}'{hint}")
        module = importlib.import_module(f"{package}.{names[name]}")
        return getattr(module, name, module)

    def __dir__() -> list[str]:  # noqa: N807
        return sorted(names)

    return __getattr__, __dir__
