"""The real data that networks are scored on: what was shown, what was answered, and by which measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from tertium.compare import RDM
from tertium.rng import Seeds

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Images with the answers of brains or people.

    Attributes
    ----------
    name, what : str
        Its name; one line on it.
    shown : str
        Name of the images: benchmarks of one name show the same.
    images : array of uint8, shape (image, height, width, 3)
    labels : tuple of str
        Names of the images.
    rdms : dict of str to RDM
        Subject -> dissimilarities of the images; empty where responses are known.
    responses : xarray.DataArray or None
        Responses of single units, trials labelled by ``stimulus``; None where dissimilarities are known.
    words : str
        What the score is.
    cite : str
    """

    name: str
    what: str
    shown: str
    images: npt.NDArray[np.uint8]
    labels: tuple[str, ...]
    rdms: dict[str, RDM]
    responses: xr.DataArray | None
    words: str
    cite: str


#: Patterns of `v1_patterns` that are shown, out of 9,500; which ones never changes.
PATTERNS = 1000


def _kriegeskorte(name: str, what: str, region: str) -> Benchmark:
    from tertium.data.catalogue import load_set

    data = load_set("kriegeskorte92")
    answers = {
        "human": lambda: data.human.mean("session", keep_attrs=True),
        "monkey": lambda: data.monkey.expand_dims(subject=np.array(["mean of 2"], dtype=object)),
        "judged": lambda: data.behaviour,
    }[region]()
    rdms = {
        str(subject): RDM.from_matrix(answers.values[i], list(data.labels), metric="correlation", name=str(subject))
        for i, subject in enumerate(answers["subject"].values)
    }
    return Benchmark(
        name, what, "kriegeskorte92", data.images, data.labels, rdms, None, "Spearman correlation of RDMs", data.cite
    )


def _human_it() -> Benchmark:
    return _kriegeskorte("human_it", "Human IT, fMRI, 4 subjects, 92 photographs", "human")


def _monkey_it() -> Benchmark:
    return _kriegeskorte("monkey_it", "Monkey IT, 674 neurons of 2 animals, 92 photographs", "monkey")


def _human_judgement() -> Benchmark:
    return _kriegeskorte("human_judgement", "Judged dissimilarity, 16 people, 92 photographs", "judged")


def _v1_patterns() -> Benchmark:
    from tertium.data.catalogue import load_set

    data = load_set("lee_v1_patterns", crop=80)
    chosen = np.sort(Seeds(0).numpy("patterns").permutation(len(data.images))[:PATTERNS])
    responses = data.responses.isel(trial=chosen)
    return Benchmark(
        name="v1_patterns",
        what=f"Monkey V1, 4 neurons, calcium, {PATTERNS:,} binary patterns",
        shown="lee_v1_patterns",
        images=np.repeat(data.images[chosen][..., None], 3, axis=-1),
        labels=tuple(str(s) for s in responses["stimulus"].values),
        rdms={},
        responses=responses,
        words="correlation with held-out responses (ridge), mean over neurons",
        cite=data.cite,
    )


#: Name -> how it is loaded, in the order in which they are shown.
BENCHMARKS: dict[str, Callable[[], Benchmark]] = {
    "v1_patterns": _v1_patterns,
    "monkey_it": _monkey_it,
    "human_it": _human_it,
    "human_judgement": _human_judgement,
}
