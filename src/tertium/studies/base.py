"""What a study is: a configuration, one run per seed, claims, figures; one file each."""

from __future__ import annotations

import hashlib
import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from tertium.config import Config, Field, apply
from tertium.errors import BadInput
from tertium.studies.claim import Claim, Kind, Verdict, judge

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from tertium.studies.lab import Lab

__all__ = ["Field", "Picture", "Reference", "Study", "StudyConfig", "verdicts"]

Size = Literal["smoke", "full"]


class StudyConfig(Config):
    """Base of the studies' configurations: sizes, constants, choices; never seeds, which the runner hands out."""


@dataclass(frozen=True)
class Reference:
    """A paper that a study reproduces.

    Examples
    --------
    >>> r = Reference("Rosenblatt1958", "Rosenblatt, F.", 1958, "The perceptron", "Psychological Review 65:386")
    >>> r.text()
    'Rosenblatt, F. (1958). The perceptron. Psychological Review 65:386.'
    """

    key: str
    authors: str
    year: int
    title: str
    venue: str
    doi: str = ""

    def text(self) -> str:
        """Return the reference as one line."""
        doi = f" doi:{self.doi}" if self.doi else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.venue}.{doi}"

    def bibtex(self) -> str:
        """Return the reference as a BibTeX entry."""
        fields = {"author": self.authors, "year": self.year, "title": self.title, "journal": self.venue}
        if self.doi:
            fields["doi"] = self.doi
        body = ",\n".join(f"  {key} = {{{value}}}" for key, value in fields.items())
        return f"@article{{{self.key},\n{body}\n}}"


@dataclass(frozen=True)
class Picture:
    """A figure of a study with the caption that a reader needs to read it (what, n, error bars)."""

    id: str
    figure: go.Figure
    caption: str


class Study(ABC):
    """A classic result as a program: run it for a seed, then ask which of its claims hold.

    Subclasses are final and declare the class variables below. The first line of the docstring is the title.

    Attributes
    ----------
    row : str
        Row of the canon ("SEN04").
    cite : tuple of Reference
        What to cite, the original first.
    kind : str
        Default kind of its claims: "real", "simulation", "in_silico" or "analogue".
    smoke : mapping
        Overrides that make a run of seconds.
    pilot_seeds, test_seeds : tuple of int
        Seeds on which thresholds were chosen, and seeds on which the claims are tested; disjoint.
    needs : tuple of str
        Data sets of the catalogue without which it cannot run.
    """

    row: ClassVar[str]
    cite: ClassVar[tuple[Reference, ...]]
    kind: ClassVar[Kind]
    smoke: ClassVar[Mapping[str, Any]]
    pilot_seeds: ClassVar[tuple[int, ...]] = (0, 1, 2)
    test_seeds: ClassVar[tuple[int, ...]] = (10, 11, 12, 13, 14)
    needs: ClassVar[tuple[str, ...]] = ()
    Config: ClassVar[type[StudyConfig]]
    Results: ClassVar[type]

    @abstractmethod
    def run(self, config: Any, lab: Lab) -> Any:
        """Do the experiment for the seed ``lab.seed`` and return its ``Results``.

        ``Results`` is a frozen dataclass whose fields are numbers, text, NumPy arrays, or lists and mappings (with
        text keys) of those, so that it can be kept on disk and read back without pickle.
        """

    @abstractmethod
    def claims(self, results: Any) -> Iterator[Claim]:
        """Yield the claims with the values that one seed measured, always the same claims in the same order."""

    def figures(self, results: Sequence[Any]) -> Iterator[Picture]:
        """Yield the pictures, from the results of all seeds."""
        yield from ()

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring."""
        return (inspect.getdoc(cls) or cls.__name__).splitlines()[0]

    @classmethod
    def configure(cls, overrides: Mapping[str, Any] | None = None, size: Size = "full") -> StudyConfig:
        """Return the configuration of a size with overrides."""
        base = dict(cls.smoke) if size == "smoke" else {}
        return apply(cls.Config, {**base, **(overrides or {})})

    @classmethod
    def source_hash(cls) -> str:
        """Return twelve hexadecimal digits that change whenever the study's code changes.

        The code is the study's own file and those of the room ``tertium.studies.methods`` that it imports, or that they
        import; pictures, the runner and the floors below do not count.
        """
        digest = hashlib.sha256()
        for path in _sources(Path(inspect.getfile(cls))):
            digest.update(path.read_text(encoding="utf-8").encode())
        return digest.hexdigest()[:12]


def _sources(path: Path) -> list[Path]:
    """Return a study's file and those of its methods, whether it or another of them imports them; imports none."""
    methods, ahead = Path(__file__).parent / "methods", [path]
    found: set[str] = set()
    while ahead:
        text = ahead.pop().read_text(encoding="utf-8")
        imported = set(re.findall(r"^\s*from tertium\.studies\.methods\.(\w+) import", text, re.M)) - found
        found |= imported
        ahead += [methods / f"{name}.py" for name in imported]
    return [path, *(methods / f"{name}.py" for name in sorted(found))]


def verdicts(study: Study, results: Sequence[Any]) -> list[Verdict]:
    """Judge all claims of a study over the results of its seeds.

    Raises
    ------
    BadInput
        If the seeds do not yield the same claims.
    """
    per_seed = [list(study.claims(r)) for r in results]
    ids = [[c.id for c in claims] for claims in per_seed]
    if any(other != ids[0] for other in ids) or len(set(ids[0])) != len(ids[0]):
        raise BadInput(
            f"claims of {type(study).__name__}",
            got=f"{ids}",
            expected="the same claims for every seed, each id once",
            repair="Yield every claim always; report what could not be measured as NaN.",
        )
    return [judge(list(claim), study.kind) for claim in zip(*per_seed, strict=True)]
