"""Catalogues of names: ``"khaligh2014": "tertium.studies.khaligh2014:Khaligh2014"``. Listing imports nothing."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from tertium.errors import MissingPackage, unknown_name


class Registry(Mapping[str, str]):
    """A read-only catalogue from a name to where the named thing lives; third parties join by entry points.

    Parameters
    ----------
    kind : str
        What is catalogued, singular ("study").
    entries : mapping of str to str
        Name -> ``"package.module:attribute"``.
    group : str, optional
        Entry-point group in which installed packages may register more (``"tertium.studies"``). A third party
        cannot replace a name of ours.
    listing : str, optional
        The command that lists the names, told to a user who misspelt one.

    Examples
    --------
    >>> tools = Registry("tool", {"sqrt": "math:sqrt", "floor": "math:floor"})
    >>> list(tools)
    ['floor', 'sqrt']
    >>> tools.load("sqrt")(9.0)
    3.0
    >>> tools.load("sqrrt")
    Traceback (most recent call last):
    ...
    tertium.errors.UnknownName: tool: got 'sqrrt', expected one of the known names. Did you mean 'sqrt'?
    """

    def __init__(self, kind: str, entries: Mapping[str, str], *, group: str = "", listing: str = "") -> None:
        self.kind, self.group, self.listing = kind, group, listing
        self._own = dict(entries)

    @cached_property
    def _all(self) -> dict[str, str]:
        if not self.group:
            return self._own
        from importlib.metadata import entry_points

        return {e.name: e.value for e in entry_points(group=self.group)} | self._own

    def __getitem__(self, name: str) -> str:
        try:
            return self._all[name]
        except KeyError:
            raise unknown_name(self.kind, name, self._all, listing=self.listing) from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._all))

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, name: object) -> bool:
        return name in self._all

    def load(self, name: str) -> Any:
        """Import and return the thing called ``name``.

        Raises
        ------
        UnknownName
            If no such name is catalogued.
        MissingPackage
            If the package that registered the name cannot be imported.
        """
        where = self[name]
        module, _, attribute = where.partition(":")
        try:
            found: Any = importlib.import_module(module)
        except ModuleNotFoundError as problem:
            raise MissingPackage(
                f"{self.kind} '{name}'",
                got=f"no module '{problem.name}'",
                expected=f"'{where}' to be importable",
                repair=f"Install the package that provides '{problem.name}'.",
            ) from problem
        for part in attribute.split("."):
            found = getattr(found, part)
        return found
