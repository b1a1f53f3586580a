"""Saving and loading responses: the suffix says the format, the first bytes have to agree."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import xarray as xr

from tertium.data.formats.parts.sniffing import SUFFIXES, check_kind, sniff
from tertium.data.responses import validate
from tertium.errors import BadInput, MissingData
from tertium.registry import Registry

READERS = Registry(
    "format",
    {
        ".zarr": "tertium.data.formats.zarr_read:load_zarr",
        ".nwb": "tertium.data.formats.nwb_read:load_nwb",
        ".mat": "tertium.data.formats.mat:load_mat",
        ".npz": "tertium.data.formats.npz:load_npz",
        ".csv": "tertium.data.formats.table:load_table",
        ".tsv": "tertium.data.formats.table:load_table",
    },
)

WRITERS = Registry(
    "format",
    {
        ".zarr": "tertium.data.formats.zarr_write:save_zarr",
        ".nwb": "tertium.data.formats.nwb_write:save_nwb",
        ".mat": "tertium.data.formats.mat:save_mat",
        ".npz": "tertium.data.formats.npz:save_npz",
        ".csv": "tertium.data.formats.table:save_table",
        ".tsv": "tertium.data.formats.table:save_table",
    },
)


def save(responses: xr.DataArray, path: str | os.PathLike[str], **options: Any) -> Path:
    """Save responses; the suffix says how.

    The file is written under another name and renamed when it is whole: no half file is ever left under ``path``.

    Parameters
    ----------
    responses : xarray.DataArray, dims (trial, time, unit)
        Validated first.
    path : path
        Ends in ``.zarr`` (chunked, for large tables), ``.npz``, ``.nwb``, ``.mat`` (v5), ``.csv`` or ``.tsv`` (one
        row for each number; attributes are not kept).
    **options
        Of the format: see `save_zarr`, `save_nwb`, `save_mat`, `save_npz`, `save_table`. All know ``overwrite=False``.

    Returns
    -------
    pathlib.Path
        Where it is.

    Raises
    ------
    BadInput
        If the suffix is unknown, the responses break the contract, or the format cannot hold them.
    MissingData
        If the folder does not exist.

    Examples
    --------
    >>> import tempfile, tertium as tt
    >>> r = tt.data.make_responses([[1.0, 2.0]], unit={"region": ["V1", "IT"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = tt.data.load(tt.data.save(r, folder + "/r.npz"))
    >>> again.identical(r)
    True
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in WRITERS:
        raise BadInput(
            f"'{target.name}'",
            got=f"the suffix '{suffix}'" if suffix else "no suffix",
            expected=f"one of {', '.join(SUFFIXES)}",
            repair="Use .zarr for large tables, .npz for small ones.",
        )
    validate(responses, finite=suffix != ".zarr")  # the zarr writer looks at each batch
    return Path(WRITERS.load(suffix)(responses, target, **options))


def load(name_or_path: str | os.PathLike[str], **options: Any) -> Any:
    """Load responses from a file, or a data set of the catalogue by its name.

    Parameters
    ----------
    name_or_path : str or path
        A file that ends in ``.zarr``, ``.nwb``, ``.mat``, ``.npz``, ``.csv`` or ``.tsv`` (its content has to agree),
        or the name of a data set (``tertium data`` lists them).
    **options
        Of the format (see `load_zarr`, `load_nwb`, `load_mat`, `load_npz`, `load_table`) or of the data set.

    Returns
    -------
    xarray.DataArray, dims (trial, time, unit)
        Opened lazily where the file is a zarr store. A data set that does not hold responses gives what it holds.

    Raises
    ------
    MissingData
        If there is no such file.
    BadFile
        If the file is damaged, or is not what its suffix says.
    BadInput
        If it is neither a path nor a name, or the suffix is unknown.
    UnknownName
        If there is no such data set.
    """
    if not isinstance(name_or_path, str | os.PathLike):
        raise BadInput("load", got=f"a {type(name_or_path).__name__}", expected="a path, or the name of a data set")
    path = Path(name_or_path)
    suffix = path.suffix.lower()
    if path.exists():
        if suffix not in SUFFIXES:
            suffix = _suffix_by_content(path)
        check_kind(path, *SUFFIXES[suffix])
        return READERS.load(suffix)(path, **options)
    if suffix in SUFFIXES or not isinstance(name_or_path, str) or os.sep in name_or_path:
        raise MissingData(
            f"'{path}'",
            got="nothing there",
            expected="a file",
            repair="Check the path." if path.parent.is_dir() else f"There is no folder '{path.parent}' either.",
        )
    from tertium.data.catalogue import load_set

    return load_set(name_or_path, **options)


def _suffix_by_content(path: Path) -> str:
    kind = sniff(path)
    for suffix, kinds in SUFFIXES.items():
        if kind in kinds and kind != "text":
            return suffix
    raise BadInput(
        f"'{path.name}'",
        got=f"the suffix '{path.suffix}'" if path.suffix else "no suffix",
        expected=f"one of {', '.join(SUFFIXES)}",
        repair="Rename it after what it is.",
    )
