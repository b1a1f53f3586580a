"""Layers of excitatory units with soma and dendrite: forward through somata, downwards to dendrites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from torch.nn.functional import linear

from tertium.errors import BadInput
from tertium.models.feedforward.dendritic.gains import PAPER, Gains, gains_of_layers
from tertium.models.feedforward.dendritic.layer import DendriticLayer, LayerState
from tertium.rng import Seeds

#: The state of every layer, from the input upwards.
Settled = tuple[LayerState, ...]

#: Projections by which a layer hears the one below.
FROM_BELOW = ("from_below", "below_to_somatic")


class DendriticNetwork(nn.Module):
    """Rate units with soma and dendrite, under Dale's principle, after Galloni, Peddada, Chennawar & Milstein (2025).

    Excitatory units of a layer drive the somata above and, downwards, the dendrites below. Somatic interneurons inhibit
    somata; dendritic interneurons, which hear the excitatory units of their layer, inhibit dendrites. A dendrite
    compares what the layer above does with what the interneurons make of it; the soma does not hear it unless a
    learning rule says so (``dendritic_targets``). All units are rectified, without bias; potentials relax to what
    drives them in ``steps`` sweeps through the layers, each moving them by ``leak`` of the way. Excitatory weights are
    >= 0 and inhibitory ones <= 0 whatever the optimiser does.

    Each time step of the input is a run of its own, from silence. Recording sites, each as it is when the network has
    settled: ``layers.0.soma`` (rates), ``layers.0.dendrite`` (what arrives at dendrites), ``layers.0.somatic`` and
    ``layers.0.dendritic`` (rates of interneurons), and so on; units are labelled with cell type and compartment.

    Parameters
    ----------
    n_inputs : int
        Channels of the input; rates, >= 0.
    n_units : int or sequence of int
        Excitatory units of each hidden layer.
    n_outputs : int
        Output units, excitatory too.
    interneurons : int or sequence of int, optional
        Interneurons of each kind in each layer, the output last; a tenth of the excitatory units of a hidden layer by
        default, and as many as outputs in the output layer.
    top_down : {"symmetric", "random"}
        Weights from a layer to the dendrites below: those upwards times the gain, or fixed random ones.
    gains : sequence of Gains
        First strengths of the synapses: of the first hidden layer, of those above it, and of the output; or of each.
    somatic_learns : bool
        Whether synapses of somatic interneurons are plastic; in the paper's main network they are not.
    steps : int
        Sweeps of settling.
    leak : float
        How far potentials move in a sweep, above 0 to 1: the step over the time constant.
    dt : float
        Time step in seconds, which labels recordings.
    seed : int
        Seed of the weights.

    Raises
    ------
    BadInput
        If a size, the steps, the leak or an option is out of its range, or there is no hidden layer.

    Examples
    --------
    >>> network = DendriticNetwork(6, (8, 5), 3)
    >>> outputs, states = network(torch.ones(1, 4, 6))
    >>> tuple(outputs.shape), [tuple(s.shape) for s in states]
    ((1, 4, 3), [(1, 4, 8), (1, 4, 5), (1, 4, 3)])
    >>> network.site_names[:4]
    ('layers.0.soma', 'layers.0.dendrite', 'layers.0.somatic', 'layers.0.dendritic')
    """

    layout = "time_batch"

    def __init__(
        self,
        n_inputs: int,
        n_units: int | Sequence[int],
        n_outputs: int,
        *,
        interneurons: int | Sequence[int] | None = None,
        top_down: Literal["symmetric", "random"] = "symmetric",
        gains: Sequence[Gains] = PAPER,
        somatic_learns: bool = False,
        steps: int = 15,
        leak: float = 1 / 3,
        dt: float = 0.1,
        seed: int = 0,
    ) -> None:
        super().__init__()
        hidden = [n_units] if isinstance(n_units, int | np.integer) else list(n_units)
        cells = _interneurons(interneurons, hidden, n_outputs)
        for size in (n_inputs, *hidden, n_outputs, *cells):
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
                raise BadInput("sizes of a DendriticNetwork", got=repr(size), expected="integers >= 1")
        if not hidden or steps < 1 or not 0 < leak <= 1 or top_down not in ("symmetric", "random"):
            raise BadInput(
                "DendriticNetwork",
                got=f"{len(hidden)} hidden layers, steps={steps!r}, leak={leak!r}, top_down={top_down!r}",
                expected="a hidden layer, a step, a leak above 0 and at most 1, and 'symmetric' or 'random'",
            )
        seeds, sizes = Seeds(seed).child("DendriticNetwork"), [n_inputs, *hidden, n_outputs, 0]
        self.layers = nn.ModuleList(
            DendriticLayer(
                *(int(n) for n in (sizes[i], sizes[i + 1], cells[i], sizes[i + 2])),
                gains=strengths,
                own_top_down=top_down == "random",
                somatic_learns=somatic_learns,
                seeds=seeds.child(f"layer {i}"),
            )
            for i, strengths in enumerate(gains_of_layers(gains, len(hidden) + 1))
        )
        self.n_inputs, self.n_units, self.n_outputs = int(n_inputs), int(hidden[-1]), int(n_outputs)
        self.steps, self.leak, self.dt = steps, leak, dt

    @property
    def site_names(self) -> tuple[str, ...]:
        """The compartments and populations that ``record(..., sites="*")`` records."""
        found = []
        for i, layer in enumerate(self.stack()):
            names = ("soma", "dendrite", "somatic", "dendritic") if layer.has_dendrites else ("soma", "somatic")
            found += [f"layers.{i}.{name}" for name in names]
        return tuple(found)

    def stack(self) -> list[DendriticLayer]:
        """Return the layers, from the input upwards, the output last."""
        return [layer for layer in self.layers if isinstance(layer, DendriticLayer)]

    def forward(
        self, x: torch.Tensor, state: Any = None, *, generator: torch.Generator | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        """Settle.

        Parameters
        ----------
        x : torch.Tensor, shape (time, batch, n_inputs)
            Inputs, held while the network settles.
        state : None
            Every run begins in silence; what is given is not looked at.
        generator : torch.Generator, optional
            Not used: the units have no noise.

        Returns
        -------
        outputs : torch.Tensor, shape (time, batch, n_outputs)
        states : tuple of torch.Tensor, shape (time, batch, unit)
            Rates of the excitatory units of each layer, the output last.

        Raises
        ------
        BadInput
            If the inputs have another number of channels or dimensions.
        """
        if not torch.is_tensor(x) or x.ndim != 3 or x.shape[-1] != self.n_inputs:
            raise BadInput(
                "inputs of the network",
                got=f"shape {tuple(x.shape)}" if torch.is_tensor(x) else f"a {type(x).__name__}",
                expected=f"a tensor (time, batch, {self.n_inputs})",
            )
        settled = self.settle(x)
        rates = []
        for i, (layer, one) in enumerate(zip(self.stack(), settled, strict=True)):
            rates.append(layer.soma(one.rate))
            layer.somatic(one.somatic)
            if layer.has_dendrites:
                layer.dendrite(self.at_dendrites(i, one, settled[i + 1].rate))
                layer.dendritic(one.dendritic)
        return rates[-1], tuple(rates)

    def rates(self, states: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Return the rates of the last layer below the output."""
        return states[-2]

    def settle(self, x: torch.Tensor) -> Settled:
        """Return the state of each layer after all sweeps, for inputs (..., n_inputs)."""
        layers = self.stack()
        weights = [layer.weights() for layer in layers]
        from_input = [linear(x, weights[0][name]) for name in FROM_BELOW]
        states = [layer.silence(x) for layer in layers]
        for _ in range(self.steps):
            for i, (layer, w) in enumerate(zip(layers, weights, strict=True)):
                # within a sweep a layer hears what the one below has just done
                shown = [linear(states[i - 1].rate, w[name]) for name in FROM_BELOW] if i else from_input
                states[i] = layer.step(states[i], shown[0], shown[1], w, self.leak)
        return tuple(states)

    def top_down(self, i: int) -> torch.Tensor:
        """Return the weights from the layer above to the dendrites of layer ``i``, shape (unit, unit above)."""
        layer, above = self.stack()[i : i + 2]
        if layer.from_above is not None:
            return layer.from_above.weight
        return layer.top_down_gain * above.from_below.weight.T

    def at_dendrites(self, i: int, state: LayerState, above: torch.Tensor) -> torch.Tensor:
        """Return excitation from above minus inhibition at the dendrites of layer ``i``, shape (..., unit).

        Parameters
        ----------
        i : int
            A hidden layer, counted from the input.
        state : LayerState
            Of this layer.
        above : torch.Tensor, shape (..., unit above)
            Rates of the layer above.
        """
        inhibition = self.stack()[i].dendritic_to_dendrite.weight
        return linear(above, self.top_down(i)) + linear(state.dendritic_before, inhibition)


def _interneurons(given: int | Sequence[int] | None, hidden: Sequence[int], n_outputs: int) -> list[int]:
    """Return the interneurons of each kind in each layer."""
    if given is None:
        return [*(max(1, n // 10) for n in hidden), n_outputs]
    if isinstance(given, int | np.integer):
        return [int(given)] * (len(hidden) + 1)
    if len(given) != len(hidden) + 1:
        raise BadInput(
            "interneurons",
            got=f"{len(given)} for {len(hidden) + 1} layers",
            expected="a number, or one for each layer, the output last",
        )
    return list(given)
