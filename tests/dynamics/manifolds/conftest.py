"""Shapes whose loops are known, and the plainest way to count loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest


@pytest.fixture
def shape():
    """Return a function that draws points of a named shape, and the angles they were drawn with."""

    def draw(name, n=200, noise=0.0, seed=0):
        rng = np.random.default_rng(seed)
        angles = rng.uniform(0, 2 * np.pi, (2, n))
        circle = [np.stack([np.cos(a), np.sin(a)], axis=1) for a in angles]
        if name == "ring":
            points = circle[0]
        elif name == "torus":
            points = np.concatenate(circle, axis=1)
        elif name == "sphere":
            points = rng.normal(size=(n, 3))
            points /= np.linalg.norm(points, axis=1, keepdims=True)
        elif name == "line":
            points = np.stack([angles[0], np.sin(angles[0])], axis=1)
        elif name == "blob":
            points = rng.normal(size=(n, 3))
        elif name == "figure eight":
            side = np.where(np.arange(n) % 2, 1, -1)
            points = circle[0] + np.stack([side, 0 * side], axis=1)
        else:
            raise ValueError(name)
        return points + noise * rng.normal(size=points.shape), angles

    return draw


@pytest.fixture
def compass():
    """Return a function that simulates head-direction cells: rates or counts, (time, unit), and the angle, (time,)."""

    def make(n=3000, units=40, seed=0, gain=None, drift=0.25):
        rng = np.random.default_rng(seed)
        angle = np.cumsum(drift * rng.normal(size=n)) % (2 * np.pi)
        preferred = np.linspace(0, 2 * np.pi, units, endpoint=False)
        rates = np.exp(2 * (np.cos(angle[:, None] - preferred) - 1))
        return (rates if gain is None else rng.poisson(gain * rates).astype(float)), angle

    return make


@pytest.fixture
def plainly():
    """Return the standard algorithm (Zomorodian & Carlsson 2005): one matrix of all simplices, column by column.

    It gives births and deaths of dimension 0 and 1 with a length above zero, (bar, 3) with the dimension first, sorted.
    """

    def bars(distances, prime):
        n = len(distances)
        simplices = [s for size in (1, 2, 3) for s in itertools.combinations(range(n), size)]
        appears = {s: max((distances[a, b] for a, b in itertools.combinations(s, 2)), default=0.0) for s in simplices}
        simplices.sort(key=lambda s: (appears[s], len(s), s))
        place = {s: i for i, s in enumerate(simplices)}
        lowest, paired, found = {}, set(), []
        for i, s in enumerate(simplices):
            faces = [s[:k] + s[k + 1 :] for k in range(len(s))] if len(s) > 1 else []
            column = {place[face]: (-1) ** k % prime for k, face in enumerate(faces)}
            while column and max(column) in lowest:
                low = max(column)
                other = lowest[low]
                factor = -column[low] * pow(other[low], -1, prime)
                for row, value in other.items():
                    column[row] = (column.get(row, 0) + factor * value) % prime
                column = {row: value for row, value in column.items() if value}
            if column:
                low = max(column)
                lowest[low] = column
                paired |= {low, i}
                found.append((len(simplices[low]) - 1, appears[simplices[low]], appears[s]))
        found += [(len(s) - 1, appears[s], np.inf) for i, s in enumerate(simplices) if i not in paired and len(s) < 3]
        return np.array(sorted(bar for bar in found if bar[0] < 2 and bar[1] < bar[2]))

    return bars
