"""92 object images, and how differently human and monkey inferotemporal cortex respond to each pair of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.io import loadmat
from scipy.spatial.distance import squareform

if TYPE_CHECKING:
    import pandas as pd

CITE = "Kriegeskorte et al. 2008 Neuron 60:1126"

#: The file's column names, and ours. ``natural`` and ``artificial`` are inanimate objects; ``random24``, ``random48``
#: and ``other48`` mark images drawn at random (22, 46 and 46 of them, despite the names).
COLUMNS = {
    "animate": "animate",
    "inanim": "inanimate",
    "human": "human",
    "nonhumani": "nonhuman",
    "body": "body",
    "face": "face",
    "natObj": "natural",
    "artiObj": "artificial",
    "rand24": "random24",
    "rand48": "random48",
    "other48": "other48",
    "monkeyape": "monkey_ape",
}


@dataclass(frozen=True, eq=False)
class Kriegeskorte92:
    """The 92 images and their dissimilarities in human and monkey inferotemporal (IT) cortex and in judgement.

    Parameters
    ----------
    images : array of uint8, shape (92, 175, 175, 3)
        The photographs (height, width, RGB), each object on grey.
    labels : tuple of str, length 92
        A name for each image: its number and category ("00_human_body", ..., "91_artificial_object").
    categories : pandas.DataFrame, shape (92, 12)
        True where an image belongs to a category; indexed by the labels.
    human : xarray.DataArray, dims (subject 4, session 2, stimulus 92, stimulus_2 92)
        1 - Pearson correlation of fMRI patterns in human IT, one matrix per subject and session.
    human_mean : xarray.DataArray, dims (stimulus, stimulus_2)
        The mean over subjects and sessions printed in Fig. 1 of the paper (316 voxels).
    monkey : xarray.DataArray, dims (stimulus, stimulus_2)
        1 - Pearson correlation of the responses of 674 IT neurons of two monkeys.
    behaviour : xarray.DataArray, dims (subject 16, stimulus, stimulus_2)
        Dissimilarity judgements of 16 people (arrangement by mouse; in units of their own).
    models : dict of str to xarray.DataArray, dims (stimulus, stimulus_2)
        The eight model matrices that came with the data, among them "animacy", "HMAX", "V1", "Silhouette".
    """

    images: npt.NDArray[np.uint8]
    labels: tuple[str, ...]
    categories: pd.DataFrame
    human: xr.DataArray
    human_mean: xr.DataArray
    monkey: xr.DataArray
    behaviour: xr.DataArray
    models: dict[str, xr.DataArray]
    cite: str = CITE

    @property
    def category(self) -> tuple[str, ...]:
        """Category of each image ("human_body", "human_face", ..., "artificial_object"), length 92."""
        return tuple(label.split("_", 1)[1] for label in self.labels)


def load(files: Mapping[str, Path]) -> Kriegeskorte92:
    """Read the four files of the set."""
    import pandas as pd

    main = loadmat(files["Kriegeskorte_Neuron2008_supplementalData.mat"], squeeze_me=True)
    stimuli = main["stimuli_92objs"]
    columns = [COLUMNS[str(name)] for name in main["categoryLabels"]]
    flags = np.asarray(main["categoryVectors"], dtype=bool)
    labels = _labels(flags, columns)
    fig1 = {
        str(name): np.asarray(vector)
        for name, vector in zip(main["RDMs_mIT_hIT_fig1"]["name"], main["RDMs_mIT_hIT_fig1"]["RDM"], strict=True)
    }
    brain = loadmat(files["92_brainRDMs.mat"], squeeze_me=True)["RDMs"]
    human = np.stack([[np.asarray(m, dtype=np.float64) for m in subject] for subject in brain["RDM"]])
    subjects = [str(name).split("|")[1].strip() for name in brain["name"][:, 0]]
    judged = loadmat(files["92_behavRDMs.mat"], squeeze_me=True)["rdms_behav_92"]
    models = loadmat(files["92_modelRDMs.mat"], squeeze_me=True)["Models"]
    return Kriegeskorte92(
        images=np.stack([np.asarray(image, dtype=np.uint8) for image in stimuli["image"]]),
        labels=labels,
        categories=pd.DataFrame(flags, index=pd.Index(labels, name="stimulus"), columns=columns),
        human=_rdm(human, labels, {"subject": subjects, "session": ["1", "2"]}, "human IT"),
        human_mean=_rdm(squareform(fig1["hITvisStim_316vx"]), labels, {}, "human IT"),
        monkey=_rdm(squareform(fig1["mIT_674neurons"]), labels, {}, "monkey IT"),
        behaviour=_rdm(
            np.stack([np.asarray(m, dtype=np.float64) for m in judged["RDM"]]),
            labels,
            {"subject": [str(name).split("subject")[1] for name in judged["name"]]},
            "judgement",
            metric="judged",
        ),
        models={
            str(name): _rdm(np.asarray(matrix, dtype=np.float64), labels, {}, str(name), metric="model")
            for name, matrix in zip(models["name"], models["RDM"], strict=True)
        },
    )


def _labels(flags: npt.NDArray[np.bool_], columns: list[str]) -> tuple[str, ...]:
    is_in = {name: flags[:, i] for i, name in enumerate(columns)}
    labels = []
    for i in range(len(flags)):
        if is_in["animate"][i]:
            who = "human" if is_in["human"][i] else "nonhuman"
            part = "face" if is_in["face"][i] else "body"
            labels.append(f"{i:02d}_{who}_{part}")
        else:
            labels.append(f"{i:02d}_{'natural' if is_in['natural'][i] else 'artificial'}_object")
    return tuple(labels)


def _rdm(
    values: npt.NDArray[np.float64],
    labels: tuple[str, ...],
    lead: dict[str, list[str]],
    name: str,
    metric: str = "correlation",
) -> xr.DataArray:
    names = np.array(labels, dtype=object)
    coords: dict[str, Any] = {key: np.array(value, dtype=object) for key, value in lead.items()}
    coords |= {"stimulus": names, "stimulus_2": names}
    return xr.DataArray(
        values,
        dims=(*lead, "stimulus", "stimulus_2"),
        coords=coords,
        attrs={"metric": metric, "source": "kriegeskorte92", "cite": CITE},
        name=name,
    )
