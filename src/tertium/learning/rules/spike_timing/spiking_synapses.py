"""What a synapse between spiking units can know: spikes that arrive, spikes and voltage of its unit, its own weight."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from tertium.errors import BadInput
from tertium.learning.rule import Trials
from tertium.learning.rules.stepped import cells_of, draw_noise, run_stretch, stepped_network
from tertium.models.spiking import LIF, SpikingNetwork, exponential_filter
from tertium.rng import Seeds


@dataclass(frozen=True)
class SpikingSynapses:
    """All synapses of one weight matrix, over all trials of a batch. What happens in the padding counts for nothing.

    Attributes
    ----------
    name : str
        Name of the weight in the network.
    pre : torch.Tensor, shape (time, trial, channel)
        What arrives in each step: spikes, after their delay, or inputs.
    post : torch.Tensor, shape (time, trial, unit)
        Spikes of the units, 0 or 1.
    voltage : torch.Tensor, shape (time, trial, unit)
        Before the reset, in units of the threshold.
    weight : torch.Tensor, shape (unit, channel)
        As the network uses it, constraints included.
    dt : float
        Time step in seconds.
    seconds : float
        Mean time of a trial, without padding.
    """

    name: str
    pre: torch.Tensor
    post: torch.Tensor
    voltage: torch.Tensor
    weight: torch.Tensor
    dt: float
    seconds: float


def spike_timing_network(model: nn.Module, rule: str) -> SpikingNetwork:
    """Return the network, if it is a spiking one of LIF or ALIF units.

    Raises
    ------
    BadInput
        If it is another network.
    """
    network = stepped_network(model, rule) if isinstance(model, SpikingNetwork) else None
    # weights that places share have no synapses of their own
    if network is None or not all(isinstance(cell, LIF) and cell.input_weight.ndim == 2 for cell in network.cells):
        raise BadInput(
            f"network for rule '{rule}'",
            got=f"a {type(model).__name__}",
            expected="a SpikingNetwork of LIF or ALIF units that share no weights: the rule looks at times of spikes",
            repair="Use tertium.models.spiking.LSNN; rules 'hebb', 'oja' and 'bcm' are for rates.",
        )
    assert isinstance(network, SpikingNetwork)
    return network


def run_spiking_synapses(
    network: SpikingNetwork, trials: Trials, seeds: Seeds
) -> tuple[torch.Tensor, list[SpikingSynapses]]:
    """Run a network; return its outputs (time, trial, output) and what the synapses of each weight saw.

    The read-out is not among them: its units do not spike.
    """
    steps = torch.from_numpy(trials.batch.valid).to(trials.inputs.device, trials.inputs.dtype)[..., None]
    found, seconds = [], float(trials.batch.lengths.mean()) * network.dt
    with torch.no_grad():
        noises = draw_noise(network, trials, seeds)
        outputs, _, trajectories = run_stretch(network, trials.inputs, None, noises)
        below = trials.inputs
        for i, (cell, states) in enumerate(zip(cells_of(network), trajectories, strict=False)):
            assert isinstance(cell, LIF)
            spikes = cell.activity(states)
            voltage = cell.variable(states, "voltage") / cell.threshold
            arriving = {"input_weight": below}
            if cell.recurrent_weight is not None:
                late = torch.cat([torch.zeros_like(spikes[: cell.delay_steps]), spikes[: -cell.delay_steps]])
                arriving["recurrent_weight"] = late
            for name, pre in arriving.items():
                weight = getattr(cell, name).detach()
                seen = (pre * steps, spikes * steps, voltage * steps)
                found.append(SpikingSynapses(f"cells.{i}.{name}", *seen, weight, cell.dt, seconds))
            below = spikes
    return outputs, found


def trace(spikes: torch.Tensor, tau: float, dt: float) -> torch.Tensor:
    """Return what is left of earlier spikes in each step, without those of the step itself, shape of ``spikes``.

    ``x_t = sum over s < t of exp(-(t - s) dt / tau) z_s``.

    Examples
    --------
    >>> trace(torch.tensor([[1.0], [0.0], [1.0], [0.0]]), tau=0.01, dt=0.01).flatten()
    tensor([0.0000, 0.3679, 0.1353, 0.4177])
    """
    leak = float(torch.exp(torch.tensor(-dt / tau, dtype=torch.float64)))
    filtered = exponential_filter(spikes, torch.zeros_like(spikes[0]), leak)
    return torch.cat([torch.zeros_like(spikes[:1]), leak * filtered[:-1]])


def paired(post: torch.Tensor, pre: torch.Tensor) -> torch.Tensor:
    """Return the sum over time of ``post pre'``, a mean over trials, shape (unit, channel)."""
    return post.flatten(0, 1).T @ pre.flatten(0, 1) / post.shape[1]
