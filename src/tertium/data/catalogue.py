"""The catalogue of data sets: what there is, what may be done with it, whether it is at hand, and how to load it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

from tertium.data.sources import places
from tertium.data.sources.fetching import fetch, locate
from tertium.data.sources.table import DataFile, DataSet, data_sets, describe

__all__ = ["DataFile", "DataSet", "SetInfo", "describe", "fetch", "list_sets", "load_set", "locate"]


@dataclass(frozen=True)
class SetInfo:
    """One row of the list of data sets.

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
    bytes : int
        Size of all files together, in bytes.
    at_hand : str
        ``TERTIUM_DATA``, ``cache`` or ``no``.
    source : str
        Repositories and packages that publish it.
    cite : str
        What to cite.
    """

    name: str
    what: str
    real: str
    licence: str
    redistributable: bool
    bytes: int
    at_hand: str
    source: str
    cite: str


def list_sets() -> list[SetInfo]:
    """List all data sets of the catalogue; nothing is read or fetched.

    Returns
    -------
    list of SetInfo
        In the order of the catalogue.

    Examples
    --------
    >>> [s.name for s in list_sets()][:2]
    ['kriegeskorte92', 'squeezenet11']
    """
    return [
        SetInfo(
            name=s.name,
            what=s.what,
            real=s.real,
            licence=s.licence,
            redistributable=s.redistributable,
            bytes=s.bytes,
            at_hand=places.at_hand(s),
            source=s.source,
            cite=s.cite,
        )
        for s in data_sets().values()
    ]


def load_set(name: str, **options: Any) -> Any:
    """Load a data set as responses, dissimilarities, a table of trials, a graph, images or sounds.

    The files come from the folder ``TERTIUM_DATA``, the cache or the public source (see `fetch`).

    Parameters
    ----------
    name : str
        Name in the catalogue.
    **options
        Options of that set's loader (see ``tertium.data.sets``).

    Returns
    -------
    object
        What the set holds; its loader's docstring says which.

    Raises
    ------
    UnknownName
        If there is no such data set.
    MissingData, MissingPackage, BadFile
        If it cannot be had (see `fetch`).
    BadInput
        If the loader has no such option.
    """
    data_set = describe(name)
    loader = importlib.import_module(f"tertium.data.sets.{data_set.loader}").load
    _check_options(name, loader, options)
    return loader(fetch(name), **options)


def _check_options(name: str, loader: Any, options: dict[str, Any]) -> None:
    import inspect

    from tertium.errors import BadInput, nearest

    known = [p for p in inspect.signature(loader).parameters if p != "files"]
    for option in options:
        if option not in known:
            close = nearest(option, known)
            raise BadInput(
                f"option of data set '{name}'",
                got=f"'{option}'",
                expected=f"one of {', '.join(known)}" if known else "no options",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
