"""What a file really is, from its first bytes: its suffix is only a claim."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from tertium.errors import BadFile, MissingData

_HDF5 = b"\x89HDF\r\n\x1a\n"

#: Suffix -> the kinds of file that may carry it.
SUFFIXES: dict[str, tuple[str, ...]] = {
    ".zarr": ("zarr",),
    ".nwb": ("nwb",),
    ".mat": ("mat5", "mat7.3", "mat4", "hdf5"),
    ".npz": ("npz",),
    ".csv": ("text",),
    ".tsv": ("text",),
}

#: What each kind is called in a message.
NAMES = {
    "zarr": "a zarr store",
    "nwb": "an NWB file",
    "mat5": "a MATLAB v5 file",
    "mat7.3": "a MATLAB v7.3 file",
    "mat4": "a MATLAB v4 file",
    "hdf5": "an HDF5 file",
    "npz": "a zip of NumPy arrays",
    "zip": "a zip file",
    "npy": "a single NumPy array",
    "text": "a text table",
    "empty": "an empty file",
    "folder": "a folder that is no zarr store",
    "unknown": "bytes of no known kind",
}


def sniff(path: str | os.PathLike[str]) -> str:
    """Return what kind of file this is, judged by its content: a key of `NAMES`.

    Raises
    ------
    MissingData
        If there is no such file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "table.npz")
    ...     _ = path.write_text("trial,time,unit,value")
    ...     sniff(path)
    'text'
    """
    path = Path(path)
    if path.is_dir():
        markers = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")
        return "zarr" if any((path / name).exists() for name in markers) else "folder"
    if not path.exists():
        raise MissingData(f"'{path}'", got="nothing there", expected="a file", repair="Check the path.")
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "empty"
    # a v7.3 file is HDF5 behind a 512-byte MATLAB header
    if head.startswith(_HDF5) or head[512:520] == _HDF5:
        return "mat7.3" if head.startswith(b"MATLAB 7.3") else _which_hdf5(path)
    if head.startswith(b"MATLAB 5.0"):
        return "mat5"
    if head.startswith(b"PK\x03\x04") or head.startswith(b"PK\x05\x06"):
        return "npz" if _holds_arrays(path) else "zip"
    if head.startswith(b"\x93NUMPY"):
        return "npy"
    if b"\x00" not in head:
        try:
            head[:4000].decode("utf-8")
        except UnicodeDecodeError as problem:
            return "text" if problem.start > 3990 else "unknown"  # cut inside a letter at the end
        return "text"
    return "mat4" if _is_mat4(head) else "unknown"


def check_kind(path: str | os.PathLike[str], *kinds: str) -> str:
    """Return what a file is; raise `BadFile` unless it is one of ``kinds``.

    Raises
    ------
    BadFile
        If it is something else; the message says what.
    MissingData
        If there is no such file.
    """
    found = sniff(path)
    if found not in kinds:
        names = [NAMES[kind] for kind in kinds]
        raise BadFile(
            f"'{path}'",
            got=NAMES[found],
            expected=names[0],
            repair=_repair(found),
        )
    return found


def _repair(found: str) -> str:
    for suffix, kinds in SUFFIXES.items():
        if found in kinds:
            return f"Rename it to end in '{suffix}'."
    return "Was it copied completely?"


def _which_hdf5(path: Path) -> str:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if "nwb_version" in file.attrs:
                return "nwb"
            return "mat7.3" if any("MATLAB_class" in item.attrs for item in file.values()) else "hdf5"
    except OSError as problem:
        raise BadFile(
            f"'{path}'",
            got=f"a damaged HDF5 file ({problem})",
            expected="a whole one",
            repair="Was it copied completely?",
        ) from problem


def _holds_arrays(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as problem:
        raise BadFile(
            f"'{path}'",
            got=f"a damaged zip file ({problem})",
            expected="a whole one",
            repair="Was it copied completely?",
        ) from problem
    return bool(names) and all(name.endswith(".npy") for name in names)


def _is_mat4(head: bytes) -> bool:
    """Whether the first five integers are a version 4 header: type code, rows, columns, imaginary flag, name length."""
    words = [int.from_bytes(head[i : i + 4], "little", signed=True) for i in range(0, 20, 4)]
    return len(head) > 20 and 0 <= words[0] <= 52 and min(words[1:3]) >= 0 and words[3] in (0, 1) and 1 < words[4] < 64
