"""The 15 tasks of Driscoll et al. 2024, one function each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tertium.tasks.distributions import Uniform
from tertium.tasks.multitask.driscoll24_parts import SUITE
from tertium.tasks.multitask.shared import (
    ANYWHERE,
    Modalities,
    on_drawn_modality,
    one_stimulus,
    same_half,
    same_place,
    stronger_of_two,
    two_stimuli,
    uniform,
    what_of_two,
)
from tertium.tasks.spec import Conditions, Epoch, TaskSpec

#: The benchmark's, see `driscoll24`. The authors draw from U(0.005, 0.8).
COHERENCES = (0.08, 0.16, 0.32)

#: Limits of the fraction by which a stimulus differs between the modalities where both count.
SPLIT = (0.005, 0.8)


def delaypro(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond in the direction of a stimulus that stays on, when fixation goes off (Driscoll et al. 2024).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms: 0.32 at
        20 ms, the benchmark's level; see `driscoll24`.
    """
    return _one("delay", False, dt, noise)


def memorypro(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond in the direction of a stimulus that is gone, when fixation goes off. Options as in `delaypro`."""
    return _one("memory", False, dt, noise)


def reactpro(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond in the direction of a stimulus as soon as it appears. Options as in `delaypro`."""
    return _one("react", False, dt, noise)


def delayanti(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond away from a stimulus that stays on, when fixation goes off. Options as in `delaypro`."""
    return _one("delay", True, dt, noise)


def memoryanti(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond away from a stimulus that is gone, when fixation goes off. Options as in `delaypro`."""
    return _one("memory", True, dt, noise)


def reactanti(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond away from a stimulus as soon as it appears. Options as in `delaypro`."""
    return _one("react", True, dt, noise)


def intmod1(*, dt: float = 0.02, noise: float = 0.1, coherences: Sequence[float] = COHERENCES) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 1, shown one after the other (Driscoll et al. 2024).

    Parameters
    ----------
    dt : float
        Time step in seconds.
    noise : float
        Input noise sigma_x: each sample has standard deviation ``noise * sqrt(2 tau / dt)``, tau = 100 ms: 0.32 at
        20 ms, the benchmark's level; see `driscoll24`.
    coherences : sequence of float
        Half the difference between the strengths of the stimuli; the sign is drawn. The benchmark's, see `driscoll24`.
    """
    return _integration("intmod1", "one", 1, dt, noise, coherences)


def intmod2(*, dt: float = 0.02, noise: float = 0.1, coherences: Sequence[float] = COHERENCES) -> TaskSpec:
    """Respond to the stronger of two stimuli of modality 2. Options as in `intmod1`."""
    return _integration("intmod2", "one", 2, dt, noise, coherences)


def contextintmod1(*, dt: float = 0.02, noise: float = 0.1, coherences: Sequence[float] = COHERENCES) -> TaskSpec:
    """Respond to the stimulus that is stronger in modality 1, whatever modality 2 says. Options as in `intmod1`."""
    return _integration("contextintmod1", "context", 1, dt, noise, coherences)


def contextintmod2(*, dt: float = 0.02, noise: float = 0.1, coherences: Sequence[float] = COHERENCES) -> TaskSpec:
    """Respond to the stimulus that is stronger in modality 2, whatever modality 1 says. Options as in `intmod1`."""
    return _integration("contextintmod2", "context", 2, dt, noise, coherences)


def contextintmultimodal(*, dt: float = 0.02, noise: float = 0.1, coherences: Sequence[float] = COHERENCES) -> TaskSpec:
    """Respond to the stimulus that is stronger in both modalities taken together. Options as in `intmod1`."""
    return _integration("contextintmultimodal", "both", 0, dt, noise, coherences)


def match2sample(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond to the second stimulus if it is where the first was. Options as in `delaypro`."""
    what = "Respond to the second stimulus if it is where the first was, else fixate."
    return _match("match2sample", what, same_place(go_if=True), dt, noise)


def nonmatch2sample(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond to the second stimulus if it is elsewhere than the first. Options as in `delaypro`."""
    what = "Respond to the second stimulus if it is not where the first was, else fixate."
    return _match("nonmatch2sample", what, same_place(go_if=False), dt, noise)


def matchcatpro(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond to the second stimulus if it is in the half circle of the first. Options as in `delaypro`."""
    what = "Respond to the second stimulus if it is in the half circle of the first, else fixate."
    return _match("matchcatpro", what, same_half(Uniform(*ANYWHERE), go_if=True), dt, noise)


def matchcatanti(*, dt: float = 0.02, noise: float = 0.1) -> TaskSpec:
    """Respond to the second stimulus if it is in the other half circle. Options as in `delaypro`."""
    what = "Respond to the second stimulus if it is not in the half circle of the first, else fixate."
    return _match("matchcatanti", what, same_half(Uniform(*ANYWHERE), go_if=False), dt, noise)


_WHEN = {
    "delay": "when the fixation point goes off, the stimulus still on",
    "memory": "when the fixation point goes off, after a delay without the stimulus",
    "react": "as soon as the stimulus appears",
}


def _one(start: Literal["delay", "memory", "react"], anti: bool, dt: float, noise: float) -> TaskSpec:
    context, response = Epoch("context", uniform(300, 700, dt)), Epoch("response", uniform(300, 700, dt))
    epochs: tuple[Epoch, ...]
    during: tuple[str, ...]
    if start == "react":
        epochs = (Epoch("context", uniform(500, 2500, dt)), Epoch("response", uniform(300, 1700, dt)))
        during = ("response",)
    elif start == "delay":
        epochs = (context, Epoch("stimulus", uniform(200, 1500, dt)), response)
        during = ("stimulus", "response")
    else:
        longest = uniform(200, 1600, dt)
        epochs = (context, Epoch("stimulus", longest), Epoch("memory", longest), response)
        during = ("stimulus",)
    return SUITE.task(
        f"{start}{'anti' if anti else 'pro'}",
        f"Respond {'opposite to' if anti else 'in'} the direction of a stimulus {_WHEN[start]}.",
        epochs,
        one_stimulus(anti=anti),
        on_drawn_modality("location", during),
        dt=dt,
        noise=noise,
        facets=("modality",),
        fixation_goes_off=start != "react",
    )


def _integration(
    name: str, modalities: Modalities, attended: int, dt: float, noise: float, coherences: Sequence[float]
) -> TaskSpec:
    longest = uniform(200, 1600, dt)
    return SUITE.task(
        name,
        what_of_two(modalities, attended, together=False),
        (
            Epoch("context", uniform(200, 600, dt)),
            Epoch("stimulus1", longest),
            Epoch("memory1", longest),
            Epoch("stimulus2", longest),
            Epoch("memory2", uniform(100, 300, dt)),
            Epoch("response", uniform(300, 700, dt)),
        ),
        stronger_of_two(modalities, attended, coherences, SPLIT),
        two_stimuli(modalities, attended, "stimulus1", "stimulus2"),
        dt=dt,
        noise=noise,
        facets=("stronger",),
    )


def _match(name: str, what: str, conditions: Conditions, dt: float, noise: float) -> TaskSpec:
    longest = uniform(200, 1600, dt)
    return SUITE.task(
        name,
        what,
        (
            Epoch("context", uniform(200, 600, dt)),
            Epoch("stimulus1", longest),
            Epoch("memory1", longest),
            Epoch("response", uniform(300, 700, dt)),
        ),
        conditions,
        (*on_drawn_modality("location_1", "stimulus1"), *on_drawn_modality("location_2", "response")),
        dt=dt,
        noise=noise,
        facets=("match",),
        fixation_goes_off=False,
    )
