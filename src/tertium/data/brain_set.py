"""What was shown, and what brains answered: images and, for each region, responses or dissimilarities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from tertium.data.responses import validate
from tertium.errors import BadInput, MissingData, nearest

RESPONSES = ("trial", "time", "unit")
DISSIMILARITIES = ("subject", "stimulus", "stimulus_2")


@dataclass(frozen=True, eq=False)
class BrainSet:
    """Stimuli and the answers of one or more brain regions to them.

    Parameters
    ----------
    name : str
        Name of the set.
    images : array of uint8, shape (stimulus, height, width, 3), or None
        The stimuli as RGB pixels, or None where only the answers are known.
    stimuli : tuple of str
        Name of each stimulus, each once, in the order of the images.
    regions : dict of str to xarray.DataArray
        For each region either responses, dims (trial, time, unit), with a trial label ``stimulus`` that holds names
        of stimuli; or dissimilarities, dims (subject, stimulus, stimulus_2), in the order of ``stimuli``.
    cite : str
        What to cite.

    Raises
    ------
    BadInput
        If names, images and answers do not fit each other; the message says which.

    Examples
    --------
    >>> import numpy as np
    >>> from tertium.data.responses import make_responses
    >>> r = make_responses(np.eye(3), trial={"stimulus": ["face", "hand", "house"]})
    >>> BrainSet("mine", None, ("face", "hand", "house"), {"IT": r}).kind("IT")
    'responses'
    >>> BrainSet("mine", None, ("face", "hand"), {"IT": r})
    Traceback (most recent call last):
    ...
    tertium.errors.BadInput: region 'IT': got trials of stimulus 'house', which is not in the list,
    expected names out of the 2 stimuli. Use the same names for the trials and the stimuli.
    """

    name: str
    images: npt.NDArray[np.uint8] | None
    stimuli: tuple[str, ...]
    regions: dict[str, xr.DataArray] = field(default_factory=dict)
    cite: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "stimuli", tuple(str(s) for s in self.stimuli))
        if len(set(self.stimuli)) < len(self.stimuli):
            twice = next(s for s in self.stimuli if self.stimuli.count(s) > 1)
            raise BadInput("stimuli", got=f"'{twice}' twice", expected="each name once", repair="Rename them.")
        if self.images is not None:
            _check_images(self.images, len(self.stimuli))
        if not self.regions:
            raise BadInput(f"brain set '{self.name}'", got="no regions", expected="at least one region")
        for region, answers in self.regions.items():
            _check_region(region, answers, self.stimuli)

    def kind(self, region: str) -> str:
        """Return ``responses`` or ``dissimilarities``, whichever the region holds.

        Raises
        ------
        BadInput
            If there is no such region.
        """
        if region not in self.regions:
            close = nearest(region, self.regions)
            raise BadInput(
                "region",
                got=f"'{region}'",
                expected=f"one of {', '.join(self.regions)}",
                repair=f"Did you mean '{close[0]}'?" if close else "",
            )
        return "responses" if self.regions[region].dims == RESPONSES else "dissimilarities"


def brain_set(name_or_path: str | Path, *, images: str | Path | None = None) -> BrainSet:
    """Load stimuli and brain answers, from the catalogue or from a file of your own.

    Parameters
    ----------
    name_or_path : str or Path
        A set of the catalogue that shows images to brains (``kriegeskorte92``); or a ``.npz`` with images and
        responses or dissimilarities (`tertium.data.own_files.brain_answers.from_npz` says which names are
        understood); or saved responses (``.zarr``, ``.nwb``) whose trials carry a label ``stimulus``.
    images : str or Path, optional
        The stimuli, where the file does not hold them: a ``.npy`` or ``.npz`` of pixels, or a folder of pictures,
        taken in the order of their names.

    Returns
    -------
    BrainSet

    Raises
    ------
    MissingData
        If there is no such file, or the catalogue's set cannot be had.
    UnknownName
        If the name is neither a file nor in the catalogue.
    BadInput, BadFile
        If the file's arrays cannot be told apart or do not fit each other.
    """
    from tertium.data.own_files import brain_answers
    from tertium.data.own_files.pictures import read_images

    named = str(name_or_path)
    if named in FROM_CATALOGUE:
        return FROM_CATALOGUE[named]()
    path = Path(name_or_path).expanduser()
    shown = read_images(Path(images).expanduser()) if images is not None else None
    if path.suffix == ".npz":
        return brain_answers.from_npz(path, shown)
    if path.suffix in (".zarr", ".nwb"):
        return brain_answers.from_responses(path, shown)
    if path.exists() or path.suffix or len(path.parts) > 1:
        _must_exist(path)
        raise BadInput(
            f"{path}",
            got=f"a file of type '{path.suffix}'",
            expected=".npz, .zarr or .nwb",
            repair="Save the images and the responses in one file: numpy.savez(file, images=..., responses=...).",
        )
    raise _not_a_brain_set(named)


def _kriegeskorte92() -> BrainSet:
    from tertium.data.catalogue import load_set
    from tertium.data.sets.neurons.kriegeskorte92 import Kriegeskorte92

    data: Kriegeskorte92 = load_set("kriegeskorte92")
    monkey = data.monkey.expand_dims(subject=np.array(["mean of 2"], dtype=object))
    return BrainSet(
        name="kriegeskorte92",
        images=data.images,
        stimuli=data.labels,
        regions={"human IT": data.human.mean("session", keep_attrs=True), "monkey IT": monkey},
        cite=data.cite,
    )


#: The sets of the catalogue in which images were shown to brains.
FROM_CATALOGUE: dict[str, Callable[[], BrainSet]] = {"kriegeskorte92": _kriegeskorte92}


def _not_a_brain_set(name: str) -> Exception:
    from tertium.data.catalogue import describe

    found = describe(name)  # says "did you mean" when there is no such set at all
    return BadInput(
        f"data set '{name}'",
        got=found.what,
        expected="images shown to brains",
        repair=f"Sets that can be compared with a network on images: {', '.join(FROM_CATALOGUE)}.",
    )


def _must_exist(path: Path) -> None:
    if not path.exists():
        raise MissingData(f"{path}", got="no such file or folder", repair="Check the path.")


def _check_images(images: npt.NDArray[np.uint8], n: int) -> None:
    if images.ndim != 4 or images.shape[-1] != 3 or images.dtype != np.uint8:
        raise BadInput(
            "images",
            got=f"{images.dtype} of shape {images.shape}",
            expected="uint8 (stimulus, height, width, 3)",
            repair="Multiply pixels in 0..1 by 255 and convert them to uint8.",
        )
    if len(images) != n:
        raise BadInput("images", got=f"{len(images)} images", expected=f"{n}, one for each stimulus")


def _check_region(region: str, answers: xr.DataArray, stimuli: tuple[str, ...]) -> None:
    if answers.dims == RESPONSES:
        validate(answers, needs=["stimulus"])
        shown = {str(s) for s in answers["stimulus"].values}
        if strange := sorted(shown - set(stimuli)):
            raise BadInput(
                f"region '{region}'",
                got=f"trials of stimulus '{strange[0]}', which is not in the list",
                expected=f"names out of the {len(stimuli)} stimuli",
                repair="Use the same names for the trials and the stimuli.",
            )
        if unseen := [s for s in stimuli if s not in shown]:
            raise BadInput(
                f"region '{region}'",
                got=f"no trial of stimulus '{unseen[0]}' ({len(unseen)} of {len(stimuli)} stimuli have none)",
                expected="at least one trial of each stimulus",
                repair="Leave out the stimuli that were not shown.",
            )
    elif answers.dims == DISSIMILARITIES:
        _check_dissimilarities(region, answers, stimuli)
    else:
        raise BadInput(
            f"region '{region}'",
            got=f"dims ({', '.join(map(str, answers.dims))})",
            expected=f"({', '.join(RESPONSES)}) or ({', '.join(DISSIMILARITIES)})",
        )


def _check_dissimilarities(region: str, answers: xr.DataArray, stimuli: tuple[str, ...]) -> None:
    what = f"region '{region}'"
    for dim in ("stimulus", "stimulus_2"):
        if tuple(str(s) for s in answers[dim].values) != stimuli:
            raise BadInput(what, got=f"other names along '{dim}'", expected="the stimuli, in the same order")
    values = np.asarray(answers.values, dtype=np.float64)
    if not np.isfinite(values).all():
        subject, i, j = (int(k) for k in np.argwhere(~np.isfinite(values))[0])
        raise BadInput(
            what,
            got=f"{values[subject, i, j]} for subject {subject}, pair '{stimuli[i]}', '{stimuli[j]}'",
            expected="finite dissimilarities",
            repair="Leave out the stimuli that were not measured.",
        )
    gap = float(np.abs(values - values.swapaxes(1, 2)).max())
    if gap > 1e-6 * max(1e-300, float(np.abs(values).max())):
        raise BadInput(what, got=f"matrices that differ from their transposes by {gap:.3g}", expected="symmetric ones")
