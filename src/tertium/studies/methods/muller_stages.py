"""Output cells while the own signal changes: they learn from granule cells, or from copies of negative images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tertium.studies.methods.muller_circuit import (
    BINS,
    BroadSpikes,
    PlasticInputs,
    prey,
    self_signals,
    signal_to_noise,
)

Floats = NDArray[np.float64]

#: Size of the own signal in ganglion and output cells, in potentials at which broad spikes double.
SIZE = 0.6


def changing_states(
    felt: Floats,
    state: Callable[[], Floats],
    rng: np.random.Generator,
    *,
    cells: int,
    outputs: int,
    baseline: float,
    slow: float,
    rates: Sequence[float],
    second: float,
    warm: int,
    blocks: int,
    length: int,
    skipped: int,
    receptors: float,
) -> dict[str, Any]:
    """Compare output cells that learn from granule cells with those that learn from ganglion cells' negative images.

    Parameters
    ----------
    felt : array, shape (granule, bin)
        Granule responses as cells feel them.
    state : callable
        Draws the sizes of the two courses of the own signal.
    rng : numpy.random.Generator
    cells, outputs : int
        Ganglion cells, output cells of each circuit.
    baseline : float
        Broad spikes in a bin at rest.
    slow : float
        Learning rate of ganglion cells.
    rates, second : float
        Learning rates of one-stage circuits, of the second stage.
    warm : int
        Commands in which ganglion cells learn alone.
    blocks, length : int
        States that are measured (after as many that are not), and commands in each.
    skipped : int
        Commands of a state that are not measured.
    receptors : float
        Standard deviation of the noise of each output cell's receptors.

    Returns
    -------
    dict
        ``snr_one`` (rate,) and ``snr_two`` in dB; ``adaptation``, mean squares of what is left of the own signal by
        the command of a state, "one" at the best rate and "two".
    """
    spikes, courses = BroadSpikes(baseline, rng), self_signals()
    angle = rng.uniform(0, 2 * np.pi, cells)
    mixing = SIZE * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ganglion = PlasticInputs(felt, cells, slow, spikes)
    sizes = state()
    for n in range(warm):
        if n % length == 0:
            sizes = state()
        image = ganglion.image()
        ganglion.learn(spikes.fire(image + (mixing * sizes) @ courses + _prey(rng)))
    circuits = [PlasticInputs(felt, outputs, rate, spikes) for rate in rates]
    circuits.append(PlasticInputs(ganglion.image(), outputs, second, spikes))
    shown: list[Floats] = []
    outside: list[Floats] = []
    for block in range(2 * blocks):
        sizes = state()
        for _ in range(length):
            image, bump = ganglion.image(), _prey(rng)
            own = 0.7 * SIZE * sizes @ courses
            circuits[-1].felt = image
            output = [circuit.image() + own + bump for circuit in circuits]
            for circuit, potential in zip(circuits, output, strict=True):
                circuit.learn(spikes.fire(potential + receptors * rng.standard_normal(potential.shape)))
            ganglion.learn(spikes.fire(image + (mixing * sizes) @ courses + bump))
            if block >= blocks:
                shown.append(np.array([one.mean(axis=0) for one in output]))
                outside.append(bump)
    means = np.array(shown) + receptors / np.sqrt(outputs) * rng.standard_normal((len(shown), 1, BINS))
    bumps, late = np.array(outside), np.tile(np.arange(length) >= skipped, blocks)
    snr = np.array([signal_to_noise(means[late, k], bumps[late])[0] for k in range(len(circuits))])
    left = ((means - bumps[:, None]) ** 2).mean(axis=-1).reshape(blocks, length, -1).mean(axis=0)
    return {
        "snr_one": snr[:-1],
        "snr_two": float(snr[-1]),
        "adaptation": {"one": left[:, int(snr[:-1].argmax())], "two": left[:, -1]},
    }


def _prey(rng: np.random.Generator) -> Floats:
    return prey(rng.uniform(10, BINS - 10))
