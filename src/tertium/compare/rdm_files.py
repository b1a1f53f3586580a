"""RDMs on disk: one ``.npz`` without pickles, written under a temporary name and renamed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np

from tertium.compare.rdm_type import RDM
from tertium.errors import BadFile, MissingData
from tertium.files import write_atomically

SCHEMA = "tertium.rdm/1"


def save_rdm(rdm: RDM, path: str | Path) -> Path:
    """Write an RDM to a ``.npz`` file; a file of that name is replaced.

    Parameters
    ----------
    rdm : RDM
        What to write.
    path : str or Path
        Where to; the suffix ``.npz`` is added if missing.

    Returns
    -------
    Path
        The file.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_rdm(save_rdm(RDM([0.5], ["a", "b"], metric="cosine"), f"{folder}/one")).metric
    'cosine'
    """
    target = Path(path)
    if target.suffix != ".npz":
        target = target.with_name(target.name + ".npz")
    about = {"schema": SCHEMA, "labels": rdm.labels, "metric": rdm.metric, "name": rdm.name, "groups": rdm.groups}
    return write_atomically(
        target, lambda file: np.savez_compressed(file, vector=rdm.vector, about=np.array(json.dumps(about)))
    )


def load_rdm(path: str | Path) -> RDM:
    """Read an RDM that `save_rdm` wrote.

    Raises
    ------
    MissingData
        If there is no such file.
    BadFile
        If it is damaged or is not such a file.

    Examples
    --------
    >>> load_rdm("nowhere.npz")
    Traceback (most recent call last):
    ...
    tertium.errors.MissingData: RDM file nowhere.npz: got no such file, expected a file that save_rdm wrote.
    """
    source = Path(path)
    if not source.exists():
        raise MissingData(f"RDM file {source}", got="no such file", expected="a file that save_rdm wrote")
    try:
        with np.load(source, allow_pickle=False) as stored:
            vector, about = stored["vector"], json.loads(str(stored["about"]))
        if about["schema"] != SCHEMA:
            raise BadFile(f"RDM file {source}", got=f"schema {about['schema']}", expected=SCHEMA, repair="")
        return RDM(vector, about["labels"], about["metric"], about["name"], about["groups"])
    except (
        OSError,
        zipfile.BadZipFile,
        EOFError,
        KeyError,
        TypeError,
        json.JSONDecodeError,
        AttributeError,
    ) as problem:
        raise BadFile(
            f"RDM file {source}",
            got=f"{type(problem).__name__}: {problem}",
            expected="a file that save_rdm wrote",
            repair="Write it again with rdm.save(path).",
        ) from problem
