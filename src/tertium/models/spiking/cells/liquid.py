"""Spiking units with liquid time constants: gates say how fast voltage and threshold change (Yin et al. 2023)."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import torch
from torch import nn

from tertium.errors import BadInput, unknown_name
from tertium.models.build import blank
from tertium.models.kernels.spiking import LiquidUnits, liquid_unroll
from tertium.models.spiking.cells.wired import WiredCell
from tertium.models.spiking.surrogates import MultiGaussian, Surrogate
from tertium.rng import Seeds

Read = Literal["spikes", "voltage"]


class LiquidLIF(WiredCell):
    """Integrate-and-fire units whose time constants follow what arrives and where they are (Yin et al. 2023).

    With d = W_in x + W z + b what arrives, s the logistic function and [ , ] both side by side,

    - ``alpha = s(M [d, u])``, the inverse membrane time constant in steps, and ``rho = s(A [d, h])``, what is left of
      the adaptation after one step;
    - ``h' = rho h + (1 - rho) z``, and the threshold is ``theta = threshold + strength h'``;
    - ``u' = u + alpha (d - u)`` from a voltage that a spike has set to 0, and the unit spikes where ``u' >= theta``.

    Both gates look at all units of the layer. The threshold of 0.1 and the strength of 1.8 are from the published code,
    which has runs with others too; the paper's text was not at hand to settle which.

    Parameters
    ----------
    n_inputs, n_units : int
        Input channels; units.
    threshold : float
        Threshold of a unit that has not spiked.
    strength : float
        How far the threshold rises when the unit spikes in every step; 0 for none.
    tau, tau_adaptation : float
        Time constants in seconds at which gates that are given nothing start, by their biases.
    dt : float
        Time step in seconds.
    recurrent : bool
        Whether units are connected to each other; they are in the paper.
    read : {"spikes", "voltage"}
        What whoever stands outside of the layer hears of its units: spikes, or voltages after their reset, as the
        read-out of the published adding task does. Units of the layer hear each other's spikes either way.
    surrogate : str or Surrogate
        By default a multi-Gaussian of height 0.44 and width 0.5 in units of the voltage, the published code's.
    **options
        Those of `WiredCell`, but ``tau_synapse``.

    Attributes
    ----------
    variables : tuple of str
        "voltage" u and "adaptation" h.

    Raises
    ------
    BadInput
        If the threshold is not above 0, the strength below 0, or a time constant not longer than ``dt``.

    Examples
    --------
    >>> cell = LiquidLIF(3, 10)
    >>> spikes, states = cell(torch.ones(7, 4, 3))
    >>> cell.variables, tuple(states.shape)
    (('voltage', 'adaptation'), (7, 4, 2, 10))
    """

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        threshold: float = 0.1,
        strength: float = 1.8,
        tau: float = 0.005,
        tau_adaptation: float = 0.05,
        dt: float = 0.001,
        recurrent: bool = True,
        read: Read = "spikes",
        surrogate: str | Surrogate | None = None,
        seeds: Seeds | int = 0,
        **options: Any,
    ) -> None:
        if not (0 < threshold < math.inf and 0 <= strength < math.inf):
            raise BadInput(
                "threshold and strength", got=f"{threshold:g} and {strength:g}", expected="above 0, and at least 0"
            )
        for name, seconds in (("tau", tau), ("tau_adaptation", tau_adaptation)):
            if not dt < seconds < math.inf:
                raise BadInput(name, got=f"{seconds:g} s", expected=f"longer than dt = {dt:g} s")
        if "tau_synapse" in options:
            raise BadInput("tau_synapse", got=repr(options["tau_synapse"]), expected="nothing: the gates filter")
        if read not in get_args(Read):
            raise unknown_name("what is read of liquid units", read, get_args(Read))
        seeds = Seeds(seeds) if isinstance(seeds, int) else seeds
        if surrogate is None:
            # height and width in units of the voltage, which a surrogate has in those of the threshold
            surrogate = MultiGaussian(height=0.44 * threshold, width=0.5 / threshold)
        options = {"scale": threshold, "bias": True} | options
        super().__init__(n_inputs, n_units, dt=dt, recurrent=recurrent, surrogate=surrogate, seeds=seeds, **options)
        self.threshold, self.strength, self.read = float(threshold), float(strength), read
        self.membrane_gate = self._gate(seeds.child("membrane_gate"), dt / tau)
        self.adaptation_gate = self._gate(seeds.child("adaptation_gate"), 1 - dt / tau_adaptation)
        self._name_variables("voltage", "adaptation")

    def _gate(self, seeds: Seeds, at_rest: float) -> nn.Linear:
        """Return a gate with Xavier weights that is ``at_rest`` when given nothing."""
        gate = blank(lambda: nn.Linear(2 * self.n_units, self.n_units))
        with torch.no_grad():
            nn.init.xavier_uniform_(gate.weight, generator=seeds.torch("weight"))
            gate.bias.fill_(math.log(at_rest / (1 - at_rest)))
        return gate

    def excess(self, states: torch.Tensor) -> torch.Tensor:
        """Return x = (u - theta) / threshold, shape (..., unit)."""
        return (states.select(-2, 0) - self.thresholds(states)) / self.threshold

    def thresholds(self, states: torch.Tensor) -> torch.Tensor:
        """Return the momentary thresholds in states, shape (..., unit)."""
        return self.threshold + self.strength * states.select(-2, 1)

    def spikes_of(self, states: torch.Tensor) -> torch.Tensor:
        """Return the spikes in states, 0 or 1, shape (..., unit)."""
        return self.surrogate.spike(self.excess(states))

    def activity(self, state: torch.Tensor) -> torch.Tensor:
        """Return what is read of the units: spikes, or voltages after their reset, shape (..., unit)."""
        spikes = self.spikes_of(state)
        return spikes if self.read == "spikes" else state.select(-2, 0) * (1 - self.own(spikes))

    def step(
        self, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state (batch, variable, unit) and its spikes (batch, unit)."""
        now, spikes = self.unpack(state), self.spikes_of(state)
        arriving = self.arriving(x, spikes)
        voltage = now["voltage"] * (1 - self.own(spikes))
        moved = torch.sigmoid(self.membrane_gate(torch.cat([arriving, voltage], dim=-1)))
        left = torch.sigmoid(self.adaptation_gate(torch.cat([arriving, now["adaptation"]], dim=-1)))
        state = self.pack(
            voltage=voltage + moved * (arriving - voltage),
            adaptation=left * now["adaptation"] + (1 - left) * spikes,
        )
        return state, self.activity(state)

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps, (time, batch, variable, unit); the loop over ``step`` of a subclass."""
        if type(self).step.__module__ != __name__:
            return super().unroll(xs, state, noise)
        return liquid_unroll(
            nn.functional.linear(xs, self.input_weight, self.bias),
            state,
            LiquidUnits(self.threshold, self.strength, self.surrogate, self.detach_reset),
            weight=self.recurrent_weight,
            membrane_gate=(self.membrane_gate.weight, self.membrane_gate.bias),
            adaptation_gate=(self.adaptation_gate.weight, self.adaptation_gate.bias),
        )
