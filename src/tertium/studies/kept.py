"""What the repository keeps of its studies: verdicts, and networks that take long to train."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tertium.errors import BadFile, MissingData
from tertium.files import write_atomically


def results_folder() -> Path:
    """Return the folder of kept results: the repository's, or the installed package's copy of it."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    if (checkout / "pyproject.toml").exists() and (checkout / "results").exists():
        return checkout / "results"
    return package / "results"


def network_path(study: str, name: str) -> Path:
    """Return where a study's trained network is kept."""
    return results_folder() / "networks" / study / f"{name}.npz"


def kept_networks(study: str) -> list[str]:
    """Return the names of the trained networks that are kept of a study.

    Examples
    --------
    >>> kept_networks("mcculloch1943")
    []
    """
    return sorted(path.stem for path in (results_folder() / "networks" / study).glob("*.npz"))


def kept_arrays(study: str, name: str, training: Mapping[str, Any] | None = None) -> dict[str, NDArray[Any]] | None:
    """Return the weights of a trained network that is kept, or None if none is, or one trained otherwise.

    Parameters
    ----------
    study : str
        The study.
    name : str
        Its network ("softplus-10").
    training : mapping, optional
        The configuration it must have been trained with; any, by default.

    Returns
    -------
    dict of str to array, or None
        For ``load_state_dict``.

    Raises
    ------
    BadFile
        If the file is damaged.
    """
    path = network_path(study, name)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        asked = json.loads(str(arrays.pop("training")))
    except (OSError, ValueError, KeyError) as problem:
        raise BadFile(
            f"kept network {path}",
            got=" ".join(str(problem).split())[:120],
            expected="a network written by tertium.studies.kept",
            repair="Fetch the file again from the repository.",
        ) from None
    if training is not None and asked != json.loads(json.dumps(training)):
        return None
    return arrays


def keep_network(study: str, name: str, arrays: Mapping[str, NDArray[Any]], training: Mapping[str, Any]) -> Path:
    """Keep the weights of a trained network in the repository, with the configuration of its training."""
    path = network_path(study, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    members: dict[str, Any] = {**arrays, "training": np.array(json.dumps(training))}
    return write_atomically(path, lambda file: np.savez_compressed(file, **members))


def kept_or_raise(study: str, name: str) -> dict[str, NDArray[Any]]:
    """Return the weights of a kept network.

    Raises
    ------
    MissingData
        If it is not kept.
    """
    arrays = kept_arrays(study, name)
    if arrays is None:
        raise MissingData(
            f"network '{name}' of study '{study}'",
            got="none kept",
            expected=", ".join(kept_networks(study)) or "a study that keeps networks",
            repair=f"Train it: tertium run {study} retrain=true",
        )
    return arrays
