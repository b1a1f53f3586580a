"""Populations whose axes are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tertium.data import make_responses


@dataclass(frozen=True)
class Planted:
    """Responses, the axes that were mixed in (unit, variable), and the courses of the variables (variable, time)."""

    responses: object
    axes: np.ndarray
    courses: np.ndarray


@pytest.fixture
def plant():
    """Return a function that mixes choice, motion and colour, each along its own axis, with noise."""

    def make(trials=600, units=40, noise=1.0, seed=0, axes=None, strength=(1.5, 1.2, 1.0), correlated=0.0):
        rng = np.random.default_rng(seed)
        times = np.arange(20) * 0.05
        motion, colour = rng.choice([-0.5, -0.25, 0.25, 0.5], (2, trials))
        evidence = correlated * motion / 0.5 + (1 - correlated) * rng.normal(size=trials)
        choice = np.where(evidence > 0, 1, -1)
        if axes is None:
            axes = np.linalg.qr(rng.normal(size=(units, 3)))[0]
        courses = np.stack([np.exp(-((times - peak) ** 2) / 0.02) for peak in (0.8, 0.3, 0.5)])
        variables = np.stack([choice, motion / 0.5, colour / 0.5]) * np.array(strength)[:, None]
        mixed = np.einsum("vn,vt,uv->ntu", variables, courses, axes * np.sqrt(units))
        values = 10 + mixed + noise * rng.normal(size=(trials, len(times), units))
        labels = {"choice": choice, "motion": motion, "colour": colour}
        return Planted(make_responses(values, dt=0.05, trial=labels, quantity="rate"), axes, courses)

    return make
