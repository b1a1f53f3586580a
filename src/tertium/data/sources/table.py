"""The tables behind the catalogue: a row a data set (``catalogue_sets.tsv``), a row a file (``catalogue.tsv``)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tertium.errors import unknown_name

LISTING = "tertium data"


@dataclass(frozen=True)
class DataFile:
    """One file of a data set: what it must contain, to the bit, and where it is published.

    Parameters
    ----------
    name : str
        File name inside the set's folder.
    bytes : int
        Size in bytes.
    sha256 : str
        SHA-256 of the file, 64 hex digits.
    source : str
        ``github:owner/name@commit path``, ``wheel:package==version member`` or
        ``sdist:package==version#sha256=... member``.
    convert : str
        How the file is made from its source: empty (it is the source's file), the name of a conversion in
        `tertium.data.sources.convert`, or ``by hand`` where the source holds only the originals.
    """

    name: str
    bytes: int
    sha256: str
    source: str
    convert: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether the file was put together by hand, so that no program can get it from its source."""
        return self.convert.startswith("by hand")


@dataclass(frozen=True)
class DataSet:
    """A data set of the catalogue: what it is, what may be done with it, and its files.

    Parameters
    ----------
    name : str
        Name in the catalogue.
    what : str
        One line: who, where, what was measured.
    real : str
        ``yes``, ``weights`` (of a trained network) or ``derived from people``.
    licence : str
        Licence as stated by the source.
    redistributable : bool
        Whether that licence lets anyone pass the data on. tertium ships no data either way.
    cite : str
        What to cite.
    files : tuple of DataFile
        Its files.
    loader : str
        The module under `tertium.data.sets` whose ``load`` reads it ("neurons.roitman_lip").
    """

    name: str
    what: str
    real: str
    licence: str
    redistributable: bool
    cite: str
    files: tuple[DataFile, ...]
    loader: str

    @property
    def bytes(self) -> int:
        """Size of all files together, in bytes."""
        return sum(file.bytes for file in self.files)

    @property
    def source(self) -> str:
        """Where the files are published, each repository or package once."""
        places = (file.source.split(" ", 1)[0].split("#", 1)[0].split("@", 1)[0] for file in self.files)
        return " ; ".join(dict.fromkeys(places))


def describe(name: str) -> DataSet:
    """Return what the catalogue says about one data set.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Returns
    -------
    DataSet

    Raises
    ------
    UnknownName
        If there is no such data set; the message offers the nearest names.

    Examples
    --------
    >>> len(describe("kriegeskorte92").files)
    4
    >>> describe("kriegeskorte29")
    Traceback (most recent call last):
    ...
    tertium.errors.UnknownName: data set: got 'kriegeskorte29', expected one of the known names.
    Did you mean 'kriegeskorte92'? See tertium data.
    """
    known = data_sets()
    if name not in known:
        raise unknown_name("data set", name, known, listing=LISTING)
    return known[name]


@cache
def data_sets() -> dict[str, DataSet]:
    """Return all data sets of the catalogue by name, in the order of the table."""
    by_set: dict[str, list[DataFile]] = {}
    for row in _rows("catalogue.tsv"):
        file = DataFile(row["file"], int(row["bytes"]), row["sha256"], row["source"], row["convert"])
        by_set.setdefault(row["name"], []).append(file)
    return {
        row["name"]: DataSet(
            name=row["name"],
            what=row["what"],
            real=row["real"],
            licence=row["licence"],
            redistributable=row["open"] == "yes",
            cite=row["cite"],
            files=tuple(by_set[row["name"]]),
            loader=row["loader"],
        )
        for row in _rows("catalogue_sets.tsv")
    }


def _rows(table: str) -> Iterator[dict[str, str]]:
    text = files("tertium.data").joinpath(table).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
