"""``studies.get(name)``: a study ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tertium.registry import Registry
from tertium.studies.base import Study
from tertium.studies.catalogue import STUDIES

# The floor above runs studies; it is named here by a string because imports only go down.
_RUNNERS = Registry("runner", {"local": "tertium.run.engine:run_study"})


@dataclass(frozen=True)
class StudyHandle:
    """A study with its name, ready to run.

    Examples
    --------
    >>> get("mcculloch1943").study.row
    'FND01'
    """

    name: str
    study: Study

    def run(self, *, size: str = "full", seeds: Any = None, **overrides: Any) -> Any:
        """Run (or resume, or reuse) the study and return its finished run.

        Parameters
        ----------
        size : str
            "full" or "smoke".
        seeds : sequence of int or str, optional
            Seeds, or "test" (default) or "pilot".
        **overrides
            Fields of the study's configuration.

        Returns
        -------
        tertium.run.FinishedRun
        """
        return _RUNNERS.load("local")(self.name, overrides, size=size, seeds=seeds)


def get(name: str) -> StudyHandle:
    """Return the study called ``name``.

    Raises
    ------
    UnknownName
        With the nearest names, if there is none.
    """
    return StudyHandle(name, STUDIES.load(name)())
