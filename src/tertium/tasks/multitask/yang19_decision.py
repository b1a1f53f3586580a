"""The ten decision tasks of Yang et al. 2019: respond to the stronger of two stimuli, shown together or one by one."""

from __future__ import annotations

from tertium.tasks.multitask.shared import Modalities, choice, stronger_of_two, two_stimuli, uniform, what_of_two
from tertium.tasks.multitask.yang19_parts import SUITE
from tertium.tasks.spec import Epoch, TaskSpec

TOGETHER = (0.01, 0.02, 0.04, 0.08)
ONE_BY_ONE = (0.08, 0.16, 0.32)

#: Limits of the fraction by which a stimulus differs between the modalities where both count.
SPLIT = (0.2, 0.8)


def dm1(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 1, shown together (Yang et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
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
    first, second = ("stimulus1", "stimulus2") if delayed else ("stimulus", "stimulus")
    return SUITE.task(
        name,
        what_of_two(modalities, attended, together=not delayed),
        _epochs(delayed, dt),
        stronger_of_two(modalities, attended, coherences, SPLIT),
        two_stimuli(modalities, attended, first, second),
        dt=dt,
        noise=noise,
        shared_timing=shared_timing,
        facets=("stronger",),
    )


def _epochs(delayed: bool, dt: float) -> tuple[Epoch, ...]:
    response = Epoch("response", 0.5)
    if not delayed:
        return (
            Epoch("fixation", uniform(100, 400, dt)),
            Epoch("stimulus", choice(400, 800, 1600)),
            response,
        )
    return (
        Epoch("fixation", choice(200, 400, 600)),
        Epoch("stimulus1", choice(200, 400, 600)),
        Epoch("delay1", choice(200, 400, 800, 1600)),
        Epoch("stimulus2", choice(200, 400, 600)),
        Epoch("delay2", uniform(100, 300, dt)),
        response,
    )
