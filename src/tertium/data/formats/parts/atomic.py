"""Writing whole files or none: to a temporary name beside the target, then one rename."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tertium.errors import BadInput, MissingData


def temporary_name(path: Path) -> Path:
    """Return a hidden, unused name in the same folder (renaming across file systems is not atomic)."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.partial{path.suffix.lower()}")


def check_target(path: Path, *, overwrite: bool, folder: bool = False) -> None:
    """Raise unless something may be written at ``path``.

    Raises
    ------
    MissingData
        If its folder does not exist.
    BadInput
        If it exists and may not be replaced: ``overwrite`` is False, or it is not a file (not a zarr store, for
        ``folder``).
    """
    if not path.parent.is_dir():
        raise MissingData(
            f"folder '{path.parent}'", got="nothing there", expected="a folder to write to", repair="Make it first."
        )
    if not path.exists():
        return
    is_store = path.is_dir() and any((path / name).exists() for name in ("zarr.json", ".zgroup", ".zarray"))
    is_empty = path.is_dir() and not any(path.iterdir())  # an empty folder is in nobody's way
    replaceable = (is_store or is_empty) if folder else path.is_file()
    if overwrite and replaceable:
        return
    raise BadInput(
        f"'{path}'",
        got="something there already"
        if replaceable
        else f"{'a folder' if path.is_dir() else 'a file'} of another kind",
        expected="a free name",
        repair="Choose another name, or pass overwrite=True." if replaceable else "Choose another name.",
    )


def put(temporary: Path, path: Path) -> None:
    """Rename a finished file or folder to its name, replacing what was there."""
    if not path.is_dir():
        os.replace(temporary, path)
        return
    # a folder cannot be replaced in one step: the old one steps aside for the moment between two renames
    aside = temporary_name(path)
    os.rename(path, aside)
    try:
        os.rename(temporary, path)
    except OSError:
        os.rename(aside, path)
        raise
    shutil.rmtree(aside)


@contextmanager
def replacing(path: str | os.PathLike[str], *, overwrite: bool = True) -> Iterator[Path]:
    """Give a temporary name to write a file to; rename it on success, remove it on failure.

    Parameters
    ----------
    path : path
        Where the file is to be.
    overwrite : bool
        Whether a file that is there may be replaced.

    Yields
    ------
    pathlib.Path

    Raises
    ------
    BadInput, MissingData
        See `check_target`.
    """
    target = Path(path)
    check_target(target, overwrite=overwrite)
    temporary = temporary_name(target)
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
