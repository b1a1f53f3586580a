"""Leaky firing-rate units, stepped by Euler's method."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.errors import BadInput
from tertium.models.kernels import (
    Nonlinearity,
    network_unroll,
    nonlinearity,
    states_and_rates,
    step_noise,
)
from tertium.models.recurrent.cell import Cell
from tertium.models.recurrent.initial_weights import InitialWeights, named_scheme
from tertium.rng import Seeds


class RateCell(Cell):
    """A population of leaky rate units with recurrent connections.

    With ``alpha = dt / tau``, input drive ``u = W_in x + b + noise`` and nonlinearity f, one Euler step is

    - form "membrane" (Song, Yang & Wang 2016, eq. 6; Mante et al. 2013): the state is the potential h,
      ``h' = (1 - alpha) h + alpha (W f(h) + u)``, and the activity is ``f(h)``;
    - form "rate" (Yang et al. 2019, eq. 2): the state is the rate r itself,
      ``r' = (1 - alpha) r + alpha f(W r + u)``.

    The noise of a step is ``noise * sqrt(2 / alpha)`` times a standard normal number, so that the potential of an
    unconnected unit fluctuates with standard deviation ``noise`` whatever ``dt``, as long as it is short against
    ``tau``.

    Parameters
    ----------
    n_inputs, n_units : int
        Input channels; units.
    dt : float
        Time step in seconds.
    tau : float or array, shape (unit,)
        Time constants in seconds. ``tau = dt`` is the discrete ("vanilla") network.
    nonlinearity : str or Nonlinearity
        "tanh", "relu", "softplus", "power" (supralinear), "sigmoid", "identity".
    form : {"membrane", "rate"}
        What leaks, see above.
    noise : float
        Standard deviation of the private noise of each unit, in units of the state.
    bias : bool
        Whether units have a learned bias.
    learn_initial : bool
        Whether the state before the first step is learned; it is zero otherwise.
    learn_tau : bool
        Whether time constants are learned.
    init : str or InitialWeights
        How recurrent weights start.
    rank : int, optional
        Recurrent weights ``left right' / n_units`` with factors of so many columns (Mastrogiuseppe & Ostojic 2018); the
        square matrix is never formed.
    random_gain : float
        With ``rank``: spread of a fixed random matrix that is added to the low-rank part; 0 for none.
    checkpoint : bool
        Whether training keeps less in memory and computes it again: for long runs. It saves most in a network of one
        layer, where about sqrt(time) states are kept (`run_with_readout`).
    seeds : Seeds or int
        Seeds of the weights.

    Raises
    ------
    BadInput
        If ``dt`` or ``tau`` is not positive, ``dt > tau``, ``tau`` has another length than units, the noise is
        negative, the rank is impossible, or ``random_gain`` is given without one.

    Examples
    --------
    >>> cell = RateCell(2, 5, dt=0.02, tau=0.1, nonlinearity="relu")
    >>> activity, states = cell(torch.zeros(7, 3, 2))
    >>> tuple(activity.shape), tuple(states.shape)
    ((7, 3, 5), (7, 3, 5))
    """

    alpha: torch.Tensor

    def __init__(
        self,
        n_inputs: int,
        n_units: int,
        *,
        dt: float = 0.02,
        tau: float | npt.ArrayLike = 0.1,
        nonlinearity: str | Nonlinearity = "relu",
        form: Literal["membrane", "rate"] = "membrane",
        noise: float = 0.0,
        bias: bool = True,
        learn_initial: bool = False,
        learn_tau: bool = False,
        init: str | InitialWeights = "gaussian",
        rank: int | None = None,
        random_gain: float = 0.0,
        checkpoint: bool = False,
        seeds: Seeds | int = 0,
    ) -> None:
        super().__init__(n_inputs, n_units)
        seeds = Seeds(seeds) if isinstance(seeds, int) else seeds
        if form not in ("membrane", "rate"):
            raise BadInput(
                "form", got=repr(form), expected="'membrane' or 'rate'", repair="See RateCell for what leaks."
            )
        if not 0 <= noise < math.inf:
            raise BadInput("noise of the units", got=repr(noise), expected="a standard deviation >= 0")
        if random_gain and rank is None:
            raise BadInput(
                "random_gain",
                got=f"{random_gain:g} without rank",
                expected="a rank, to which random weights are added",
                repair="Pass rank=2, or init=Gaussian(gain).",
            )
        self.dt, self.form, self.noise_std, self.rank, self.checkpoint = dt, form, float(noise), rank, checkpoint
        self.nonlinearity = _nonlinearity(nonlinearity)
        self._set_tau(tau, learn_tau)
        weights = torch.randn(n_units, n_inputs, generator=seeds.torch("input_weight")) / math.sqrt(n_inputs)
        self.input_weight = nn.Parameter(weights)
        self.bias = nn.Parameter(torch.zeros(n_units)) if bias else None
        self.initial = nn.Parameter(torch.zeros(n_units)) if learn_initial else None
        if rank is None:
            self.recurrent_weight = nn.Parameter(named_scheme(init).draw(n_units, seeds.torch("recurrent_weight")))
        else:
            self._set_factors(rank, random_gain, seeds)

    def _set_tau(self, tau: float | npt.ArrayLike, learn: bool) -> None:
        taus = np.asarray(tau, dtype=np.float64)
        if taus.shape not in ((), (self.n_units,)):
            raise BadInput(
                "tau",
                got=f"shape {taus.shape}",
                expected=f"one number or one for each of the {self.n_units} units",
                repair="Pass tau=0.1, in seconds.",
            )
        if not self.dt > 0 or not (taus >= self.dt * (1 - 1e-9)).all():
            raise BadInput(
                "dt and tau",
                got=f"dt = {self.dt:g} s, shortest tau = {taus.min():g} s",
                expected="0 < dt <= tau (a longer step overshoots)",
                repair="Give both in seconds: dt=0.02, tau=0.1.",
            )
        # learned through its logarithm, so that no step of an optimiser can make a time constant negative
        log_tau = torch.log(torch.as_tensor(taus, dtype=torch.float32))
        if learn:
            self.log_tau = nn.Parameter(log_tau)
        else:
            self.register_buffer("alpha", torch.as_tensor(self.dt / taus, dtype=torch.float32))

    def _set_factors(self, rank: int, random_gain: float, seeds: Seeds) -> None:
        if isinstance(rank, bool) or not isinstance(rank, int | np.integer) or not 1 <= rank <= self.n_units:
            raise BadInput(
                "rank", got=str(rank), expected=f"1 to {self.n_units} (units)", repair="Leave it out for full rank."
            )
        self.left = nn.Parameter(torch.randn(self.n_units, rank, generator=seeds.torch("left")))
        self.right = nn.Parameter(torch.randn(self.n_units, rank, generator=seeds.torch("right")))
        random = None
        if random_gain:
            drawn = torch.randn(self.n_units, self.n_units, generator=seeds.torch("random"))
            random = drawn * (random_gain / math.sqrt(self.n_units))
        self.register_buffer("recurrent_weight", random)

    def leak(self) -> torch.Tensor:
        """Return alpha = dt / tau, a scalar or one number for each unit."""
        if hasattr(self, "log_tau"):
            return torch.clamp(self.dt * torch.exp(-self.log_tau), max=1.0)
        return self.alpha

    def tau(self) -> torch.Tensor:
        """Return the time constants in seconds."""
        return self.dt / self.leak()

    def init(self, batch: int) -> torch.Tensor:
        """Return the state before the first step, shape (batch, unit)."""
        if self.initial is None:
            return self.input_weight.new_zeros(batch, self.n_units)
        return self.initial.expand(batch, self.n_units)

    def activity(self, state: torch.Tensor) -> torch.Tensor:
        """Return the firing rates in a state, shape (..., unit)."""
        return self.nonlinearity(state) if self.form == "membrane" else state

    def noise_of_step(self) -> torch.Tensor:
        """Return the standard deviation of what is added to the drive of each unit at each step, shape (unit,)."""
        scale = self.noise_std * torch.sqrt(2 / self.leak().detach())
        return scale.to(self.input_weight.dtype).expand(self.n_units)

    def noise(self, steps: int, batch: int, generator: torch.Generator | None = None) -> torch.Tensor | None:
        """Draw noise for a run, shape (time, batch, unit), or None."""
        return None if self.noise_std == 0 else step_noise(steps, batch, self.noise_of_step(), generator)

    def factors(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return the factors (m, n) of the recurrent weights, shape (unit, rank) each, or None at full rank."""
        return None if self.rank is None else (self.left, self.right)

    def recurrent(self, rates: torch.Tensor) -> torch.Tensor:
        """Return what the units receive from each other, shape (batch, unit)."""
        if self.rank is None:
            return rates @ self.recurrent_weight.T
        current = (rates @ self.right) @ self.left.T / self.n_units
        return current if self.recurrent_weight is None else current + rates @ self.recurrent_weight.T

    def drive(self, xs: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return ``W_in x + b + noise``, shape (..., unit), for any number of steps at once."""
        current = nn.functional.linear(xs, self.input_weight, self.bias)
        return current if noise is None else current + noise

    def step(
        self, state: torch.Tensor, x: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next state and the rates, both (batch, unit)."""
        alpha, drive = self.leak(), self.drive(x, noise)
        if self.form == "membrane":
            state = (1 - alpha) * state + alpha * (self.recurrent(self.nonlinearity(state)) + drive)
        else:
            state = (1 - alpha) * state + alpha * self.nonlinearity(self.recurrent(state) + drive)
        return state, self.activity(state)

    def unroll(self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None) -> torch.Tensor:
        """Return the states at all steps, shape (time, batch, unit), by a hand-written loop (`models.kernels`)."""
        return self.run(xs, state, noise)[1]

    def run(
        self, xs: torch.Tensor, state: torch.Tensor, noise: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return rates and states at all steps, both (time, batch, unit), by the same loop."""
        states, rates = states_and_rates(
            self.drive(xs, noise),
            state,
            self.leak(),
            weight=self.recurrent_weight,
            factors=self.factors(),
            nonlinearity=self.nonlinearity,
            form=self.form,
            checkpoint=self.checkpoint,
        )
        return rates, states

    def run_with_readout(
        self,
        xs: torch.Tensor,
        state: torch.Tensor,
        readout: nn.Linear,
        *,
        generator: torch.Generator | None = None,
        all_states: bool = True,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the cell and a linear read-out of its rates in one loop, which is faster than one after the other.

        Parameters
        ----------
        xs : torch.Tensor, shape (time, batch, n_inputs)
        state : torch.Tensor, shape (batch, unit)
        readout : torch.nn.Linear
        generator : torch.Generator, optional
            Source of the noise.
        all_states : bool
            Whether to return all states or the last one only.

        Returns
        -------
        outputs : torch.Tensor, shape (time, batch, output)
        states : torch.Tensor, shape (time or 1, batch, unit)
        """
        return network_unroll(
            xs,
            state,
            self.input_weight,
            readout.weight,
            self.leak(),
            weight=self.recurrent_weight,
            factors=self.factors(),
            bias=self.bias,
            output_bias=readout.bias,
            nonlinearity=self.nonlinearity,
            form=self.form,
            noise_std=self.noise_of_step() if self.noise_std else 0.0,
            generator=generator,
            checkpoint=self.checkpoint,
            all_states=all_states,
        )


def _nonlinearity(given: str | Nonlinearity) -> Nonlinearity:
    return nonlinearity(given) if isinstance(given, str) else given
