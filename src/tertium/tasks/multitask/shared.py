"""What both sets of tasks share: timings in whole steps, drawn modalities, and the conditions of two stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.tasks.distributions import Choice, Columns, Distribution, Given, Uniform, UniformSteps
from tertium.tasks.spec import Conditions, Stimulus

MODALITIES = ("modality1", "modality2")
ANYWHERE = (0.0, 2 * np.pi)

#: How the two modalities take part: one is shown; both are, one counts; both are and both count.
Modalities = Literal["one", "context", "both"]


def uniform(low: int, high: int, dt: float) -> UniformSteps:
    """Return a duration drawn evenly between two limits in ms, in whole steps as in the original."""
    return UniformSteps(low / 1000, high / 1000, dt)


def choice(*durations: int) -> Choice:
    """Return a duration that is one of a few, in ms."""
    return Choice(tuple(d / 1000 for d in durations))


def shown(modality: int, location: str) -> Callable[[Columns], npt.NDArray[Any]]:
    """Return the direction shown in one modality: that of the trial where this one was drawn for it, else none."""
    which = "modality" if location == "location" else f"modality_{location[-1]}"
    return lambda c: np.where(c[which] == modality, c[location], np.nan)


def on_drawn_modality(location: str, during: str | Sequence[str]) -> tuple[Stimulus, ...]:
    """Return a stimulus that appears in whichever modality was drawn for it."""
    return tuple(Stimulus(block, shown(i, location), during) for i, block in enumerate(MODALITIES, start=1))


def one_stimulus(*, anti: bool) -> Conditions:
    """Return the conditions of a stimulus to respond to, or away from: ``modality``, ``location``, ``answer``."""
    turn = np.pi if anti else 0.0
    return {
        "modality": Choice((1, 2)),
        "location": Uniform(*ANYWHERE),
        "answer": lambda c: (c["location"] + turn) % (2 * np.pi),
    }


def same_place(*, go_if: bool) -> Conditions:
    """Return the conditions of two stimuli, half of them in one place; the answer is the second, or none."""
    return {
        "modality_1": Choice((1, 2)),
        "modality_2": Choice((1, 2)),
        "match": Choice((0, 1)),
        # both signs of the distance are in this interval: 2 pi minus it is the same interval
        "distance": Uniform(np.pi / 9, 17 * np.pi / 9),
        "location_1": Uniform(*ANYWHERE),
        "location_2": lambda c: (c["location_1"] + c["distance"] * (1 - c["match"])) % (2 * np.pi),
        "answer": lambda c: np.where(c["match"] == go_if, c["location_2"], np.nan),
    }


def same_half(location: Distribution, *, go_if: bool) -> Conditions:
    """Return the conditions of two stimuli in the same or different halves of the circle (below pi is one)."""
    return {
        "modality_1": Choice((1, 2)),
        "modality_2": Choice((1, 2)),
        "location_1": location,
        "location_2": location,
        "match": lambda c: ((c["location_1"] < np.pi) == (c["location_2"] < np.pi)).astype(np.int64),
        "answer": lambda c: np.where(c["match"] == go_if, c["location_2"], np.nan),
    }


def stronger_of_two(
    modalities: Modalities, attended: int, coherences: Sequence[float], split: tuple[float, float]
) -> Conditions:
    """Return the conditions of two stimuli: where they are, how strong each is in each modality, which is stronger.

    Parameters
    ----------
    modalities : {"one", "context", "both"}
        How the two modalities take part.
    attended : int
        The modality that counts, 1 or 2; of no meaning for "both".
    coherences : sequence of float
        Half the difference between the strengths; the sign is drawn.
    split : tuple of float
        For "both": limits of the fraction by which a stimulus differs between the modalities.
    """
    signed = tuple(sorted(s * c for c in coherences for s in (-1, 1)))
    conditions: dict[Any, Any] = {
        # both signs of the separation are in this interval: 2 pi minus it is the same interval
        "separation": Uniform(0.5 * np.pi, 1.5 * np.pi),
        "location_1": Uniform(*ANYWHERE),
        "location_2": lambda c: (c["location_1"] + c["separation"]) % (2 * np.pi),
    }
    if modalities == "both":
        conditions |= {"mean": Uniform(0.8, 1.2), "coherence": Choice(signed)}
        for i, sign in ((1, 1), (2, -1)):
            conditions[f"split_{i}"] = Given(lambda rng, c, n: rng.uniform(*split, n) * rng.choice((-1, 1), n))
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


def what_of_two(modalities: Modalities, attended: int, *, together: bool) -> str:
    """Return what the subject has to do with the two stimuli of `stronger_of_two`, in one sentence."""
    where = {
        "one": f"of modality {attended}",
        "context": f"in modality {attended}, whatever the other modality says",
        "both": "in both modalities together",
    }[modalities]
    order = "shown together" if together else "shown one after the other"
    return f"Respond in the direction of the stronger of two stimuli {where}, {order}."


def two_stimuli(modalities: Modalities, attended: int, first: str, second: str) -> tuple[Stimulus, ...]:
    """Return the two stimuli of `stronger_of_two`, shown in the epochs ``first`` and ``second``."""
    return tuple(
        Stimulus(f"modality{m}", f"location_{i}", during, strength=f"strength_{i}_modality{m}")
        for m in ([attended] if modalities == "one" else [1, 2])
        for i, during in ((1, first), (2, second))
    )


def _strength(modality: int, sign: int) -> Callable[[Columns], npt.NDArray[Any]]:
    return lambda c: c[f"mean_modality{modality}"] + sign * c[f"coherence_modality{modality}"]


def _shared_out(stimulus: int, sign: int, side: int) -> Callable[[Columns], npt.NDArray[Any]]:
    return lambda c: (c["mean"] + sign * c["coherence"]) * (1 + side * c[f"split_{stimulus}"] / 2)
