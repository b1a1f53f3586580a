"""Where files lie on this machine: the folder named by ``TERTIUM_DATA``, then the cache; both checked by SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from tertium.data.sources.table import DataFile, DataSet
from tertium.errors import BadFile

CHUNK = 1 << 20


def data_folder() -> Path | None:
    """Return the folder named by the environment variable ``TERTIUM_DATA``, or None; read anew at each call."""
    named = os.environ.get("TERTIUM_DATA", "").strip()
    return Path(named).expanduser() if named else None


def cache_folder() -> Path:
    """Return the folder that fetched files are kept in: ``TERTIUM_CACHE``, or the user's cache; read anew."""
    named = os.environ.get("TERTIUM_CACHE", "").strip()
    if named:
        return Path(named).expanduser() / "data"
    from platformdirs import user_cache_path

    return user_cache_path("tertium") / "data"


def at_hand(data_set: DataSet) -> str:
    """Say where a data set is at hand, by file names alone (listing reads no data): "TERTIUM_DATA", "cache" or "no".

    A set whose files lie partly in one and partly in the other counts as "cache".
    """
    folder, cache = data_folder(), cache_folder()
    if folder is not None and all((folder / data_set.name / file.name).is_file() for file in data_set.files):
        return "TERTIUM_DATA"
    for file in data_set.files:
        in_folder = folder is not None and (folder / data_set.name / file.name).is_file()
        if not in_folder and not (cache / data_set.name / file.name).is_file():
            return "no"
    return "cache"


def find(data_set: DataSet, file: DataFile) -> Path | None:
    """Return a file that is on this machine and whose content is right, or None.

    A damaged file in the cache counts as absent (it is tertium's own, and is fetched again); a damaged file in the
    user's folder is an error, since tertium never writes there.

    Raises
    ------
    BadFile
        If the file in ``TERTIUM_DATA`` has another SHA-256 than the catalogue's.
    """
    folder = data_folder()
    if folder is not None:
        path = folder / data_set.name / file.name
        if path.is_file():
            if not is_right(path, file):
                raise BadFile(
                    f"{path}",
                    got=f"SHA-256 {sha256(path)[:12]}..., {path.stat().st_size} bytes",
                    expected=f"{file.sha256[:12]}..., {file.bytes} bytes",
                    repair="Replace or remove the file in TERTIUM_DATA; tertium never changes that folder.",
                )
            return path
    path = cache_folder() / data_set.name / file.name
    return path if path.is_file() and is_right(path, file) else None


def is_right(path: Path, file: DataFile) -> bool:
    """Whether a file on disk is the catalogue's, by SHA-256; a converted file is judged by its content."""
    if sha256(path) == file.sha256:
        return True
    if not file.convert or file.by_hand:
        return False
    from tertium.data.sources.convert import CONVERSIONS

    return CONVERSIONS[file.convert].content_is_right(path)


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()
