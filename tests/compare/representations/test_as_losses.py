"""Each measure as a loss: a small network is brought towards a target representation, and comes near."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

import tertium.compare as compare
from tertium.rng import Seeds

#: Sign with which a measure is minimised, the measure, and what it has to reach (from where it is at random).
LOSSES: dict[str, tuple[int, Callable[..., torch.Tensor], float]] = {
    "cka": (-1, compare.cka, 0.98),
    "cka, rbf": (-1, lambda x, y: compare.cka(x, y, kernel="rbf"), 0.95),
    "minibatch_cka": (-1, lambda x, y: compare.minibatch_cka([(x[:30], y[:30]), (x[30:], y[30:])]), 0.98),
    "cca": (-1, compare.cca, 0.97),
    "svcca": (-1, lambda x, y: compare.svcca(x, y, components=3), 0.97),
    "pwcca": (-1, compare.pwcca, 0.97),
    "procrustes": (1, compare.procrustes, 0.2),
    "procrustes, 0.5": (1, lambda x, y: compare.procrustes(x, y, 0.5), 0.25),
    "procrustes, 0": (1, lambda x, y: compare.procrustes(x, y, 0), 0.3),
    "bures": (1, compare.bures, 0.2),
    "permutation_match": (1, compare.permutation_match, 0.25),
    "soft_match": (1, compare.soft_match, 0.25),
    "matched_correlation": (-1, compare.matched_correlation, 0.95),
    "rdm_similarity": (-1, compare.rdm_similarity, 0.97),
    "mutual_predictivity": (-1, lambda x, y: compare.mutual_predictivity(x, y, penalties=[1e-3]), 0.9),
}


def network(seeds: Seeds, units: int) -> torch.nn.Sequential:
    made = torch.nn.Sequential(torch.nn.Linear(4, 24), torch.nn.Tanh(), torch.nn.Linear(24, units))
    generator = seeds.torch("weights")
    with torch.no_grad():
        for weight in made.parameters():
            weight.copy_(0.6 * torch.randn(weight.shape, generator=generator))
    return made


@pytest.mark.parametrize("name", LOSSES)
def test_a_network_comes_near_its_target(name: str) -> None:
    sign, measure, asked = LOSSES[name]
    seeds = Seeds(0)
    stimuli = torch.randn(60, 4, generator=seeds.torch("stimuli"))
    with torch.no_grad():
        target = network(seeds.child("target"), 5)(stimuli)
    student = network(seeds.child("student"), 5)
    adam = torch.optim.Adam(student.parameters(), lr=0.02)
    before = float(measure(student(stimuli), target).detach())
    for _ in range(400):
        adam.zero_grad()
        (sign * measure(student(stimuli), target)).backward()
        adam.step()
    after = float(measure(student(stimuli), target).detach())
    assert sign * before > sign * asked, "it was not near before"
    assert sign * after < sign * asked


def test_a_network_comes_near_the_noise_of_its_target() -> None:
    seeds = Seeds(0)
    stimuli = torch.randn(8, 4, generator=seeds.torch("stimuli"))
    repeats = torch.randn(8, 10, 4, generator=seeds.torch("noise"))
    noisy = stimuli[:, None] + 0.5 * repeats
    with torch.no_grad():
        target = network(seeds.child("target"), 3)(noisy)
    student = network(seeds.child("student"), 3)
    adam = torch.optim.Adam(student.parameters(), lr=0.02)
    found = []
    for _ in range(150):
        adam.zero_grad()
        distance = compare.stochastic_shape(student(noisy), target, starts=0)
        distance.backward()
        adam.step()
        found.append(float(distance.detach()))
    assert found[0] > 0.5
    assert np.mean(found[-5:]) < 0.3
