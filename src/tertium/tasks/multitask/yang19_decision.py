"""The ten decision tasks of Yang et al. 2019: respond to the stronger of two stimuli, shown together or one by one."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.tasks.distributions import Choice, Columns, Given, Uniform
from tertium.tasks.multitask import yang19_parts as parts
from tertium.tasks.spec import Epoch, Stimulus, TaskSpec

TOGETHER = (0.01, 0.02, 0.04, 0.08)
ONE_BY_ONE = (0.08, 0.16, 0.32)

#: How the two modalities take part: one is shown; both are, one counts; both are and both count.
Modalities = Literal["one", "context", "both"]


def dm1(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 1, shown together (Yang et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x, as after a leaky unit of 100 ms up to a factor sqrt(2).
    shared_timing : bool
        Whether all trials of a batch have one timing, as in the original.
    """
    return _decision("dm1", "one", 1, False, dt, noise, shared_timing)


def dm2(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 2, shown together. Options as in `dm1`."""
    return _decision("dm2", "one", 2, False, dt, noise, shared_timing)


def contextdm1(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stimulus that is stronger in modality 1, whatever modality 2 says. Options as in `dm1`."""
    return _decision("contextdm1", "context", 1, False, dt, noise, shared_timing)


def contextdm2(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stimulus that is stronger in modality 2, whatever modality 1 says. Options as in `dm1`."""
    return _decision("contextdm2", "context", 2, False, dt, noise, shared_timing)


def multidm(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stimulus that is stronger in both modalities taken together. Options as in `dm1`."""
    return _decision("multidm", "both", 0, False, dt, noise, shared_timing)


def delaydm1(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 1, shown one after the other. Options as in `dm1`."""
    return _decision("delaydm1", "one", 1, True, dt, noise, shared_timing)


def delaydm2(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 2, shown one after the other. Options as in `dm1`."""
    return _decision("delaydm2", "one", 2, True, dt, noise, shared_timing)


def contextdelaydm1(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """As `contextdm1`, the stimuli one after the other."""
    return _decision("contextdelaydm1", "context", 1, True, dt, noise, shared_timing)


def contextdelaydm2(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """As `contextdm2`, the stimuli one after the other."""
    return _decision("contextdelaydm2", "context", 2, True, dt, noise, shared_timing)


def multidelaydm(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """As `multidm`, the stimuli one after the other."""
    return _decision("multidelaydm", "both", 0, True, dt, noise, shared_timing)


def _decision(
    name: str, modalities: Modalities, attended: int, delayed: bool, dt: float, noise: float, shared_timing: bool
) -> TaskSpec:
    coherences = ONE_BY_ONE if delayed else TOGETHER
    order = "shown one after the other" if delayed else "shown together"
    where = {
        "one": f"of modality {attended}, ",
        "context": f"in modality {attended}, whatever the other modality says, ",
        "both": "in both modalities together, ",
    }[modalities]
    during = ("stimulus1", "stimulus2") if delayed else ("stimulus", "stimulus")
    rings = [attended] if modalities == "one" else [1, 2]
    return parts.spec(
        name,
        f"Respond in the direction of the stronger of two stimuli {where}{order}.",
        _epochs(delayed, dt),
        _conditions(modalities, attended, coherences),
        tuple(
            Stimulus(f"modality{m}", f"location_{i}", during[i - 1], strength=f"strength_{i}_modality{m}")
            for m in rings
            for i in (1, 2)
        ),
        dt=dt,
        noise=noise,
        shared_timing=shared_timing,
        facets=("stronger",),
    )


def _epochs(delayed: bool, dt: float) -> tuple[Epoch, ...]:
    response = Epoch("response", 0.5)
    if not delayed:
        return (
            Epoch("fixation", parts.uniform(100, 400, dt)),
            Epoch("stimulus", parts.choice(400, 800, 1600)),
            response,
        )
    return (
        Epoch("fixation", parts.choice(200, 400, 600)),
        Epoch("stimulus1", parts.choice(200, 400, 600)),
        Epoch("delay1", parts.choice(200, 400, 800, 1600)),
        Epoch("stimulus2", parts.choice(200, 400, 600)),
        Epoch("delay2", parts.uniform(100, 300, dt)),
        response,
    )


def _conditions(modalities: Modalities, attended: int, coherences: tuple[float, ...]) -> parts.Conditions:
    """Return the conditions: where the two stimuli are, how strong each is in each modality, and which is stronger."""
    signed = tuple(sorted(s * c for c in coherences for s in (-1, 1)))
    conditions: dict[Any, Any] = {
        # both signs of the separation are in this interval: 2 pi minus it is the same interval
        "separation": Uniform(0.5 * np.pi, 1.5 * np.pi),
        "location_1": Uniform(*parts.ANYWHERE),
        "location_2": lambda c: (c["location_1"] + c["separation"]) % (2 * np.pi),
    }
    if modalities == "both":
        conditions |= {"mean": Uniform(0.8, 1.2), "coherence": Choice(signed)}
        for i, sign in ((1, 1), (2, -1)):
            conditions[f"split_{i}"] = Given(_signed_split)
            for m, side in ((1, 1), (2, -1)):
                conditions[f"strength_{i}_modality{m}"] = _shared_out(i, sign, side)
        counts = "coherence"
    else:
        for m in [attended] if modalities == "one" else [1, 2]:
            conditions |= {f"mean_modality{m}": Uniform(0.8, 1.2), f"coherence_modality{m}": Choice(signed)}
            for i, sign in ((1, 1), (2, -1)):
                conditions[f"strength_{i}_modality{m}"] = _strength(m, sign)
        counts = f"coherence_modality{attended}"
    conditions["stronger"] = lambda c: np.where(c[counts] > 0, 1, 2)
    conditions["answer"] = lambda c: np.where(c[counts] > 0, c["location_1"], c["location_2"])
    return conditions


def _signed_split(rng: np.random.Generator, drawn: Columns, n: int) -> npt.NDArray[Any]:
    """Return by what fraction of its strength a stimulus differs between the modalities, and in whose favour."""
    return rng.uniform(0.2, 0.8, n) * rng.choice((-1, 1), n)


def _strength(modality: int, sign: int) -> Any:
    return lambda c: c[f"mean_modality{modality}"] + sign * c[f"coherence_modality{modality}"]


def _shared_out(stimulus: int, sign: int, side: int) -> Any:
    return lambda c: (c["mean"] + sign * c["coherence"]) * (1 + side * c[f"split_{stimulus}"] / 2)
