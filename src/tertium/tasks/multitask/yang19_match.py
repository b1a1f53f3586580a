"""The four matching tasks of Yang et al. 2019: respond to the second stimulus if it (does not) match the first."""

from __future__ import annotations

import numpy as np

from tertium.tasks.distributions import Choice
from tertium.tasks.multitask.shared import choice, on_drawn_modality, same_half, same_place
from tertium.tasks.multitask.yang19_parts import SUITE
from tertium.tasks.spec import Conditions, Epoch, Stimulus, TaskSpec

#: The ten directions of the category tasks; those below pi are one category.
CATEGORY_LOCATIONS = tuple(float(x) for x in np.arange(0.1, 2.0, 0.2) * np.pi)


def dmsgo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed match to sample: respond to the second stimulus if it is where the first was (Yang et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
    shared_timing : bool
        Whether all trials of a batch have one timing, as in the original.
    """
    return _same_place("dmsgo", True, dt, noise, shared_timing)


def dmsnogo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed non-match to sample: respond to the second stimulus if it is elsewhere. Options as in `dmsgo`."""
    return _same_place("dmsnogo", False, dt, noise, shared_timing)


def dmcgo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed match to category: respond to the second stimulus if it is in the half of the first. As `dmsgo`."""
    return _same_half("dmcgo", True, dt, noise, shared_timing)


def dmcnogo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed non-match to category: respond to the second stimulus if it is in the other half. As `dmsgo`."""
    return _same_half("dmcnogo", False, dt, noise, shared_timing)


def _same_place(name: str, go_if: bool, dt: float, noise: float, shared_timing: bool) -> TaskSpec:
    what = f"Respond to the second stimulus if it is {'where' if go_if else 'not where'} the first was, else fixate."
    conditions, response = same_place(go_if=go_if), Epoch("response", 0.5)
    return _matching(name, what, conditions, response, dt, noise, shared_timing)


def _same_half(name: str, go_if: bool, dt: float, noise: float, shared_timing: bool) -> TaskSpec:
    what = (
        f"Respond to the second stimulus if it is {'' if go_if else 'not '}in the category of the first, else fixate."
    )
    conditions = same_half(Choice(CATEGORY_LOCATIONS), go_if=go_if)
    return _matching(name, what, conditions, Epoch("response", choice(200, 400, 600)), dt, noise, shared_timing)


def _matching(
    name: str, what: str, conditions: Conditions, response: Epoch, dt: float, noise: float, shared_timing: bool
) -> TaskSpec:
    stimuli: tuple[Stimulus, ...] = (
        *on_drawn_modality("location_1", "stimulus1"),
        *on_drawn_modality("location_2", "response"),
    )
    return SUITE.task(
        name,
        what,
        (
            Epoch("fixation", choice(200, 400, 600)),
            Epoch("stimulus1", choice(200, 400, 600)),
            Epoch("delay", choice(200, 400, 800, 1600)),
            response,
        ),
        conditions,
        stimuli,
        dt=dt,
        noise=noise,
        shared_timing=shared_timing,
        facets=("match",),
        fixation_goes_off=False,
    )
