"""A spiking network whose units hear a few factors of their own spikes: the plant of full-FORCE for spikes."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from tertium.errors import BadInput

Floats = NDArray[np.float64]


@dataclass
class FactoredSpikes:
    """Leaky integrate-and-fire units that hear their own spikes through factors, in float64.

    A share of the units is listened to. Their spikes, filtered by slow and fast synapses, s, make the factors ``J s``,
    and every unit receives them through fixed weights: ``tau_m V' = -V + U J s - I + W x`` plus fast inhibition that
    all units share, with I the mean of what the factors would give, which is taken off. A unit spikes where V is over 0
    and is set back to ``-depth`` (DePasquale, Churchland & Abbott 2016). The units' own connections are thus ``U J``,
    of the rank of the factors.

    Attributes
    ----------
    spread : numpy.ndarray, shape (unit, factor)
        U.
    inputs : numpy.ndarray, shape (unit, input)
        W.
    heard : numpy.ndarray of int, shape (heard unit,)
        Whose spikes make factors and outputs.
    mean : numpy.ndarray, shape (unit,)
        I.
    factors, readout : numpy.ndarray, shape (factor, 2 x heard unit), (output, 2 x heard unit)
        Learned: J and the weights of the outputs, slow synapses first.
    inhibition : float
        What all units receive from the spike of one, at its height.
    depth : float
        How far below threshold a spike leaves its unit.
    dt, tau, tau_slow, tau_fast : float
        Time step and time constants of membrane and synapses, seconds.
    random_slow, random_fast : numpy.ndarray, shape (unit, unit), optional
        Weights of random synapses, target x source: what a spike gives at its height.
    """

    spread: Floats
    inputs: Floats
    heard: NDArray[np.int64]
    mean: Floats
    factors: Floats
    readout: Floats
    inhibition: float
    depth: float = 10.0
    dt: float = 1e-3
    tau: float = 1e-2
    tau_slow: float = 0.1
    tau_fast: float = 5e-3
    random_slow: Floats | None = None
    random_fast: Floats | None = None
    voltage: Floats = field(default_factory=lambda: np.zeros(0))
    traces: Floats = field(default_factory=lambda: np.zeros(0))
    inhibited: float = 0.0
    received_slow: Floats = field(default_factory=lambda: np.zeros(0))
    received_fast: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not self.voltage.size:
            self.rest()

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.spread)

    def rest(self, voltage: Floats | None = None) -> None:
        """Begin anew, without spikes and at the given voltages, or at threshold."""
        self.voltage = np.zeros(self.n_units) if voltage is None else voltage.copy()
        self.traces, self.inhibited = np.zeros(2 * len(self.heard)), 0.0
        self.received_slow, self.received_fast = np.zeros(self.n_units), np.zeros(self.n_units)

    def step(self, factors: Floats, given: Floats) -> NDArray[np.bool_]:
        """Go on by dt and return who spiked, shape (unit,).

        Parameters
        ----------
        factors : numpy.ndarray, shape (factor,)
            What the units hear: ``self.factors @ self.traces``, or what is to take its place.
        given : numpy.ndarray, shape (input,)
        """
        pull = self.spread @ factors + self.inputs @ given - self.mean + self.inhibited
        pull += self.received_slow + self.received_fast
        self.voltage = pull + (self.voltage - pull) * np.exp(-self.dt / self.tau)
        spikes = self.voltage >= 0
        self.voltage[spikes] = -self.depth
        self.inhibited = self.inhibited * np.exp(-self.dt / self.tau_fast) + self.inhibition * int(spikes.sum())
        self.received_slow *= np.exp(-self.dt / self.tau_slow)
        self.received_fast *= np.exp(-self.dt / self.tau_fast)
        if self.random_slow is not None:
            self.received_slow += self.random_slow[:, spikes].sum(1)
        if self.random_fast is not None:
            self.received_fast += self.random_fast[:, spikes].sum(1)
        n, own = len(self.heard), spikes[self.heard]
        self.traces[:n] = self.traces[:n] * np.exp(-self.dt / self.tau_slow) + own
        self.traces[n:] = self.traces[n:] * np.exp(-self.dt / self.tau_fast) + own
        return spikes

    def run(self, given: npt.ArrayLike) -> tuple[Floats, NDArray[np.bool_]]:
        """Run on by itself.

        Parameters
        ----------
        given : array, shape (time, input)

        Returns
        -------
        outputs : numpy.ndarray, shape (time, output)
        spikes : numpy.ndarray of bool, shape (time, unit)

        Raises
        ------
        BadInput
            If the inputs have another shape.
        """
        x = np.asarray(given, dtype=np.float64)
        if x.ndim != 2 or x.shape[1] != self.inputs.shape[1]:
            raise BadInput("inputs", got=f"shape {x.shape}", expected=f"(time, {self.inputs.shape[1]})")
        outputs, raster = np.empty((len(x), len(self.readout))), np.empty((len(x), self.n_units), dtype=bool)
        for t, now in enumerate(x):
            raster[t] = self.step(self.factors @ self.traces, now)
            outputs[t] = self.readout @ self.traces
        return outputs, raster
