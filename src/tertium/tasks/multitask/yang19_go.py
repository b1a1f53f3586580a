"""The six go tasks of Yang et al. 2019: respond to, or away from, one stimulus; now, on a signal, or after a delay."""

from __future__ import annotations

from typing import Literal

from tertium.tasks.multitask.shared import choice, on_drawn_modality, one_stimulus, uniform
from tertium.tasks.multitask.yang19_parts import SUITE
from tertium.tasks.spec import Epoch, TaskSpec

Start = Literal["fd", "react", "delay"]

_WHEN = {
    "fd": "when the fixation point goes off, the stimulus still on",
    "react": "as soon as the stimulus appears",
    "delay": "when the fixation point goes off, after a delay without the stimulus",
}


def fdgo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Go: respond in the direction of a stimulus when the fixation point goes off (Yang et al. 2019).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms.
    shared_timing : bool
        Whether all trials of a batch have one timing, as in the original.
    """
    return _go("fd", False, dt, noise, shared_timing)


def reactgo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Reaction-time go: respond in the direction of a stimulus as soon as it appears. Options as in `fdgo`."""
    return _go("react", False, dt, noise, shared_timing)


def delaygo(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed go: respond in the direction of a stimulus after a delay. Options as in `fdgo`."""
    return _go("delay", False, dt, noise, shared_timing)


def fdanti(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Anti: respond away from a stimulus when the fixation point goes off. Options as in `fdgo`."""
    return _go("fd", True, dt, noise, shared_timing)


def reactanti(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Reaction-time anti: respond away from a stimulus as soon as it appears. Options as in `fdgo`."""
    return _go("react", True, dt, noise, shared_timing)


def delayanti(*, dt: float = 0.02, noise: float = 0.01, shared_timing: bool = False) -> TaskSpec:
    """Delayed anti: respond away from a stimulus after a delay. Options as in `fdgo`."""
    return _go("delay", True, dt, noise, shared_timing)


def _go(start: Start, anti: bool, dt: float, noise: float, shared_timing: bool) -> TaskSpec:
    before = {
        "fd": (
            Epoch("fixation", uniform(300, 700, dt)),
            Epoch("stimulus", uniform(500, 1500, dt)),
        ),
        "react": (Epoch("fixation", uniform(500, 2500, dt)),),
        "delay": (
            Epoch("fixation", choice(300, 500, 700)),
            Epoch("stimulus", choice(200, 400, 600)),
            Epoch("delay", choice(200, 400, 800, 1600)),
        ),
    }[start]
    seen = {"fd": ("stimulus", "response"), "react": ("response",), "delay": ("stimulus",)}[start]
    return SUITE.task(
        f"{start}{'anti' if anti else 'go'}",
        f"Respond {'opposite to' if anti else 'in'} the direction of a stimulus {_WHEN[start]}.",
        (*before, Epoch("response", 0.5)),
        one_stimulus(anti=anti),
        on_drawn_modality("location", seen),
        dt=dt,
        noise=noise,
        shared_timing=shared_timing,
        facets=("modality",),
        fixation_goes_off=start != "react",
    )
