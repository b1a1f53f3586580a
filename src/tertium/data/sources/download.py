"""Fetching one file over HTTP: checked by SHA-256, taken up again where it broke off, put in place whole."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tertium.errors import BadFile, MissingData
from tertium.progress import track

if TYPE_CHECKING:
    import requests

#: Bytes read at a time. What arrives of a chunk before a connection breaks is lost, hence small.
CHUNK = 1 << 14
#: Seconds to wait for a connection, and for the next bytes.
PATIENCE = (10, 60)
#: How often a download that breaks off is taken up again before giving up.
ATTEMPTS = 3
OK, PARTIAL, RANGE_NOT_SATISFIABLE = 200, 206, 416


def download(url: str, target: Path, *, sha256: str, n_bytes: int, what: str, progress: bool = True) -> Path:
    """Fetch ``url`` into ``target``.

    What has arrived is kept in ``<target>.part`` until the file is whole. A later call asks the server for the rest
    only (HTTP Range); a server that cannot do so sends the file from its start.

    Parameters
    ----------
    url : str
        Address of the file.
    target : Path
        Where to put it; its folder must be there.
    sha256 : str
        What the file must hash to, 64 hex digits.
    n_bytes : int
        Expected size in bytes, for the progress bar.
    what : str
        The file in the user's words ("roitman_lip/T1RT.mat").
    progress : bool
        Whether to show a bar on a terminal.

    Returns
    -------
    Path
        ``target``.

    Raises
    ------
    MissingData
        If there is no network, or the server does not have the file.
    BadFile
        If the file that came has another SHA-256; it is thrown away.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    part = target.with_name(f"{target.name}.{sha256[:8]}.part")
    fetch = _Resuming(part, n_bytes, what, progress)
    try:
        pooch.retrieve(url, known_hash=f"sha256:{sha256}", fname=target.name, path=target.parent, downloader=fetch)
    except ValueError as problem:  # pooch's word for a wrong hash; it has removed the file
        part.unlink(missing_ok=True)
        raise BadFile(
            what,
            got=f"a file with another SHA-256 from {url}",
            expected=f"{sha256[:12]}...",
            repair="Nothing was kept. Try again; if it stays so, put the file into the folder TERTIUM_DATA by hand.",
        ) from problem
    part.unlink(missing_ok=True)
    return target


@dataclass(frozen=True)
class _Resuming:
    """Downloader in pooch's sense: called with a URL and the temporary file that pooch will check and rename."""

    part: Path
    n_bytes: int
    what: str
    progress: bool

    def __call__(self, url: str, output_file: str, _: Any) -> None:
        import requests

        for attempt in range(ATTEMPTS):
            try:
                self._fetch_rest(url)
                break
            except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ReadTimeout) as problem:
                if attempt == ATTEMPTS - 1:
                    raise MissingData(
                        self.what,
                        got=f"a download that broke off after {self._size():,} of {self.n_bytes:,} bytes",
                        repair="Try again: it goes on from there.",
                    ) from problem
            except requests.exceptions.RequestException as problem:
                raise MissingData(
                    self.what,
                    got=f"no answer from {url} ({type(problem).__name__})",
                    repair=f"Check the network and try again, or set TERTIUM_DATA to a folder that holds {self.what}.",
                ) from problem
        # pooch checks and renames output_file; a hash that fails there must not leave a part to go on from
        self.part.replace(output_file)

    def _fetch_rest(self, url: str) -> None:
        import requests

        have = self._size()
        if have >= self.n_bytes and have > 0:
            return  # whole, or too long: the hash will tell
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        with requests.get(url, headers=headers, stream=True, timeout=PATIENCE) as answer:
            if answer.status_code == RANGE_NOT_SATISFIABLE:
                self.part.unlink()
                raise requests.exceptions.ChunkedEncodingError("the part on disk does not fit: start anew")
            if answer.status_code not in (OK, PARTIAL):
                raise MissingData(
                    self.what,
                    got=f"HTTP status {answer.status_code} from {url}",
                    expected="the file",
                    repair=f"Set TERTIUM_DATA to a folder that holds {self.what}.",
                )
            goes_on = answer.status_code == PARTIAL and _starts_at(answer) == have
            if answer.status_code == PARTIAL and not goes_on:
                self.part.unlink()
                raise requests.exceptions.ChunkedEncodingError("the server sent another range: start anew")
            self._keep(answer, have if goes_on else 0)

    def _keep(self, answer: requests.Response, have: int) -> None:
        import requests

        blocks: Iterable[bytes] = answer.iter_content(CHUNK)
        if self.progress:
            blocks = track(blocks, f"fetching {self.what}", total=math.ceil((self.n_bytes - have) / CHUNK))
        with self.part.open("ab" if have else "wb") as stream:
            for block in blocks:
                stream.write(block)
        promised = answer.headers.get("Content-Length")
        if promised is not None and self._size() < have + int(promised):
            raise requests.exceptions.ChunkedEncodingError("the connection was closed early")

    def _size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0


def _starts_at(answer: requests.Response) -> int:
    """First byte of a partial answer, from ``Content-Range: bytes 100-999/1000``."""
    words = answer.headers.get("Content-Range", "").removeprefix("bytes ").split("-", 1)
    return int(words[0]) if words[0].isdigit() else -1
