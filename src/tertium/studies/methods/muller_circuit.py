"""The electrosensory lobe of a mormyrid fish: granule cells after a command, broad spikes, anti-Hebbian plasticity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: Bins of 1 ms between two commands.
BINS = 150


def granule_responses(cells: int, rng: np.random.Generator) -> Floats:
    """Return responses of granule cells after a command, (cell, bin), from 0 to 1.

    Latencies lie denser early than late and responses last the longer the later they are; a tenth of the cells pause
    instead (after the recordings of Kennedy et al. 2014).
    """
    time = np.arange(BINS) + 0.5
    latency = np.exp(rng.uniform(np.log(2), np.log(BINS - 5), cells))[:, None]
    response = np.exp(-0.5 * ((time - latency) / (1 + 0.15 * latency)) ** 2)
    pauses = rng.random(cells) < 0.1
    response[pauses] = 1 - response[pauses]
    return response


def filtered(response: Floats, tau: float = 10.0, window: int = 50) -> Floats:
    """Return responses as postsynaptic potentials: an exponential of ``tau`` ms that ends after ``window`` ms.

    Commands follow one another, so that what is left at the end is there at the next beginning. The same window says
    which inputs a broad spike depresses, as stability asks for (Roberts & Bell 2000).
    """
    fade = np.exp(-np.arange(window) / tau)
    fade /= fade.sum()
    spectrum = np.fft.rfft(np.pad(fade, (0, response.shape[-1] - window)))
    return np.asarray(np.fft.irfft(np.fft.rfft(response, axis=-1) * spectrum, n=response.shape[-1], axis=-1))


def self_signals() -> Floats:
    """Return two courses of what the fish's own discharge does to its receptors, (2, bin), whose largest value is 1."""

    def rise(delay: float, tau: float) -> Floats:
        late = np.maximum(np.arange(BINS) - delay, 0.0) / tau
        return np.asarray(late * np.exp(1 - late))

    courses = np.stack([rise(5, 6) - 0.8 * rise(15, 15) + 0.3 * rise(40, 20), 0.7 * rise(3, 10) - 0.6 * rise(30, 12)])
    courses[1] -= courses[0] * (courses[0] @ courses[1]) / (courses[0] @ courses[0])
    return np.asarray(courses / np.abs(courses).max(axis=1, keepdims=True))


def prey(latency: float, size: float = 0.4, width: float = 4.0) -> Floats:
    """Return what something outside does to the receptors, (bin,): a bump at a time after the command, ms."""
    return np.asarray(size * np.exp(-0.5 * ((np.arange(BINS) - latency) / width) ** 2))


@dataclass(frozen=True)
class BroadSpikes:
    """Broad spikes of cells whose baseline is held by plasticity.

    Attributes
    ----------
    baseline : float
        Broad spikes in a bin where the dendrite is at rest.
    rng : numpy.random.Generator
    """

    baseline: float
    rng: np.random.Generator

    def fire(self, potential: Floats) -> Floats:
        """Return broad spikes, 0 or 1, of dendritic potentials in units at which their rate doubles."""
        expected = np.clip(self.baseline * (1 + potential), 0.0, 1.0)
        return (self.rng.random(potential.shape) < expected).astype(float)

    def elsewhere(self, spikes: Floats) -> Floats:
        """Return as many spikes of each cell at random times."""
        return np.asarray(self.rng.permuted(spikes, axis=-1))


class PlasticInputs:
    """Synapses of a population whose every input potentiates, and is depressed where a broad spike follows it.

    For each input of a course the change is ``step (baseline - spikes)`` summed over the bins that it is felt in: a
    constant gain for each input spike, a loss for each broad spike within the window (Bell et al. 1997).

    Parameters
    ----------
    felt : array, shape (input, bin)
        Inputs as the cells feel them, see `filtered`.
    cells : int
        Cells that learn, each by itself.
    rate : float
        Learning rate; 1 takes away the most frequent course at once, on average.
    spikes : BroadSpikes
    """

    def __init__(self, felt: Floats, cells: int, rate: float, spikes: BroadSpikes) -> None:
        self.weights = np.zeros((cells, len(felt)))
        self.spikes, self.rate = spikes, rate
        self.feel(felt)

    def feel(self, felt: Floats) -> None:
        """Take other courses of the same inputs, and the step that fits them."""
        self.felt = felt
        self.step = self.rate / (self.spikes.baseline * np.linalg.eigvalsh(felt.T @ felt)[-1])

    def image(self) -> Floats:
        """Return what the inputs do to the potentials, (cell, bin)."""
        return self.weights @ self.felt

    def learn(self, spikes: Floats) -> None:
        """Change the weights by one command's broad spikes, (cell, bin)."""
        self.weights += self.step * (self.spikes.baseline - spikes) @ self.felt.T


def pairing(
    inputs: PlasticInputs,
    commands: int,
    sensory: Callable[[], Floats],
    *,
    shuffled: bool = False,
) -> tuple[Floats, Floats]:
    """Let cells learn through many commands.

    Parameters
    ----------
    inputs : PlasticInputs
    commands : int
    sensory : callable
        Returns what the receptors say after a command, (bin,).
    shuffled : bool
        Whether cells learn from as many broad spikes at random times instead: the negative control.

    Returns
    -------
    images : array, shape (command, bin)
        What the inputs did, mean over cells, before each command was learned from.
    heard : array, shape (command, bin)
        What the receptors said.
    """
    images, heard = np.empty((commands, BINS)), np.empty((commands, BINS))
    for n in range(commands):
        image, heard[n] = inputs.image(), sensory()
        spikes = inputs.spikes.fire(image + heard[n])
        inputs.learn(inputs.spikes.elsewhere(spikes) if shuffled else spikes)
        images[n] = image.mean(axis=0)
    return images, heard


def signal_to_noise(output: Floats, outside: Floats) -> tuple[float, float]:
    """Return by how much what comes from outside exceeds all else in an output, dB, and the gain with which it passes.

    Parameters
    ----------
    output, outside : array, shape (command, bin)

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> outside = rng.normal(size=(100, 150))
    >>> [round(v, 1) for v in signal_to_noise(0.5 * outside + 0.05 * rng.normal(size=(100, 150)), outside)]
    [20.0, 0.5]
    """
    power = float((outside**2).sum())
    gain = float((output * outside).sum()) / power
    rest = float(((output - gain * outside) ** 2).sum())
    return float(10 * np.log10(gain**2 * power / rest)), gain
