"""Open your own flip-flop: its memories and saddles, counted and certified (our own, beside DYN03)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import model_validator

from tertium.config import apply
from tertium.errors import BadInput
from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_most, exactly
from tertium.studies.kept import kept_or_raise
from tertium.studies.methods.flipflop import (
    anatomy,
    distance_to_cube,
    expected_counts,
    one_edge_less,
    points_off,
    search,
)
from tertium.studies.methods.flipflop_networks import KEPT, MAIN_BITS, FlipFlopConfig, blank_network, load
from tertium.studies.methods.own_network import OwnNetwork, digest, drive_steps, open_network, split, system_of
from tertium.studies.pictures import flipflop as draw
from tertium.tasks import make
from tertium.tasks.task import Task

if TYPE_CHECKING:
    from tertium.studies.lab import Lab

Floats = NDArray[np.float64]

#: The network that is opened where no other is named: a trained one that is kept.
DEFAULT_SEED = 10


class FlipFlopAny(Study):
    """Take any network that holds bits apart: are its memories the corners of a cube? (after Sussillo & Barak 2013)."""

    row, kind = "DYN03", "simulation"
    cite = (
        Reference(
            "Sussillo2013",
            "Sussillo, D. & Barak, O.",
            2013,
            "Opening the black box: low-dimensional dynamics in high-dimensional recurrent neural networks",
            "Neural Computation 25:626-649",
            "10.1162/NECO_a_00409",
        ),
    )
    test_seeds = (10, 11, 12)
    smoke = {"trials": 32, "starts": 256}

    class Config(StudyConfig):
        """The network and its trials."""

        module: str = Field("", description="path/to/file.py:factory of your network; ours by default")
        weights: str = Field("", description="file with its state_dict, put into what the factory returns")
        units: int = Field(0, ge=0, description="length of its state; 0 asks the module")
        bits: int = Field(MAIN_BITS, ge=1, le=6, description="bits that it holds, its inputs")
        inputs: str = Field("", description=".npy file (time, trial, input) to drive it with; flip-flop trials if none")
        dt: float = Field(0.01, gt=0, description="time step of flip-flop trials, seconds")
        duration: float = Field(1.0, gt=0, description="seconds of a trial")
        rate: float = Field(5.0, gt=0, description="pulses a second on each channel, of either sign")
        noise: float = Field(0.15, ge=0, description="standard deviation of the noise on the inputs")
        trials: int = Field(256, ge=2, description="trials that states are taken from")
        starts: int = Field(1024, ge=8, description="states that the search begins from")
        digest: str = Field("", description="of the files, filled in: another network is another run")

        @model_validator(mode="before")
        @classmethod
        def _of_the_files(cls, given: Any) -> Any:
            if not isinstance(given, dict) or not given.get("module"):
                return given
            path = str(given["module"]).rpartition(":")[0]
            return {**given, "digest": digest(path, str(given.get("weights", "")), str(given.get("inputs", "")))}

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        bits: int
        found: dict[str, Any]  # `anatomy`
        untrained: NDArray[np.int64]  # indices of the fixed points of the untrained copy
        has_untrained: bool
        right: float  # fraction of steps with the sign of the last pulse, NaN without a read-out

    def run(self, config: Config, lab: Lab) -> Results:
        """Open the network, drive it, find and certify its fixed points, and let it run from its saddles."""
        own = open_ours(config) if not config.module else opened(config, lab)
        system = system_of(own.step, own.units, config.bits)
        inputs, targets = trials_of(config, lab)
        still = np.zeros(config.bits)

        def work() -> dict[str, Any]:
            states = drive_steps(system, inputs)
            found = anatomy(system, states, still, config.starts, lab.seeds, lambda points: read(own, points))
            index = np.zeros(0, dtype=np.int64)
            if own.untrained is not None:
                blank = system_of(own.untrained, own.units, config.bits)
                visited = drive_steps(blank, inputs)
                index = search(blank, visited, still, config.starts, lab.seed, slow=None).index
            right = float("nan")
            if targets is not None and own.readout is not None:
                outputs = read(own, states.reshape(-1, own.units)).reshape(*states.shape[:2], config.bits)
                right = float((np.sign(outputs) == np.sign(targets.transpose(1, 0, 2))).mean())
            return {"found": found, "untrained": index, "right": right}

        if own.readout is None:
            lab.note(f"No linear layer with {config.bits} outputs was found: outputs are not judged.")
        if own.untrained is None:
            lab.note("A plain function has no untrained copy: without its control the count cannot hold.")
        return self.Results(bits=config.bits, has_untrained=own.untrained is not None, **lab.stage("anatomy", work))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield the points by index, the certificates and the graph."""
        found, bits = results.found, results.bits
        yield Claim(
            "points",
            f"Its fixed points by index are those of {bits} independent bistable systems: none missing, none too many.",
            points_off(found["index"], bits),
            exactly(0),
            "closed form: C(n, k) 2^(n-k) points with k unstable modes",
            Control(
                "an untrained copy of the network",
                points_off(results.untrained, bits) if results.has_untrained else float("nan"),
            ),
            judge="each",
            unit="points missing or too many",
        )
        yield Claim(
            "certified",
            "Every fixed point is certified by the theorem of Newton and Kantorovich.",
            float(np.mean(found["certified"])) if len(found["certified"]) else float("nan"),
            exactly(1),
            "ours",
            Control("the states that the search begins from", found["starts_certified"]),
            judge="each",
            unit="fraction of points",
        )
        yield Claim(
            "graph",
            "The graph of memories that share a saddle is that of a cube's corners.",
            distance_to_cube(found["neighbours"], bits),
            at_most(1e-9),
            "ours: distance of the spectra of their Laplacians",
            Control("the same graph with one edge cut", one_edge_less(found["neighbours"], bits)),
            judge="each",
            unit="distance of spectra",
        )

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw the points with their connections, their number by index, and their eigenvalues."""
        first, n = results[0], len(results)
        expected = " / ".join(map(str, expected_counts(first.bits)))
        yield Picture(
            "points",
            draw.cube(first.found),
            f"{len(first.found['points'])} fixed points on the first three principal components of the memories, by "
            "the number of unstable modes; lines join saddles of index 1 with the memories that the network comes to "
            "from either side of them; first seed.",
        )
        yield Picture(
            "counts",
            draw.counts_of_one([one.found for one in results], first.bits),
            f"Certified fixed points by number of unstable modes; a dot a seed of trials and starts, {n}. Bars: "
            f"{expected}, those of {first.bits} independent bistable systems.",
        )
        yield Picture(
            "eigenvalues",
            draw.spectrum(first.found),
            "Eigenvalues of the Jacobian of one step at all fixed points, by number of unstable modes; dashed the unit "
            "circle; first seed.",
        )


def open_ours(config: FlipFlopAny.Config) -> OwnNetwork:
    """Return the trained network of tanh units that is kept.

    Raises
    ------
    BadInput
        If another number of bits is asked for, or weights without a module.
    """
    if config.bits != MAIN_BITS or config.weights or config.units:
        raise BadInput(
            "module",
            got="none, with bits, weights or units of another network",
            expected=f"module=path/to/file.py:factory; the default network holds {MAIN_BITS} bits",
        )
    made = apply(FlipFlopConfig, {})
    arrays = kept_or_raise(KEPT, f"tanh-{MAIN_BITS}-{DEFAULT_SEED}")
    network = load(blank_network(made, "tanh", MAIN_BITS, DEFAULT_SEED), arrays)
    blank = blank_network(made, "tanh", MAIN_BITS, DEFAULT_SEED)
    return OwnNetwork(network.cell, network.n_units, network.readout, blank.cell)


def opened(config: FlipFlopAny.Config, lab: Lab) -> OwnNetwork:
    """Return the network of the configuration's file."""
    split(config.module)
    return open_network(config.module, config.weights, config.bits, config.units, lab.seeds)


def trials_of(config: FlipFlopAny.Config, lab: Lab) -> tuple[Floats, Floats | None]:
    """Return inputs (time, trial, channel), and targets where they are flip-flop trials.

    Raises
    ------
    BadInput
        If the file of inputs is missing or no array of three axes.
    """
    if not config.inputs:
        task = make(
            "flip_flop", bits=config.bits, dt=config.dt, duration=config.duration, rate=config.rate, noise=config.noise
        )
        assert isinstance(task, Task)
        batch = task.batch(config.trials, lab.seeds.child("trials"))
        return batch.inputs.astype(np.float64), batch.targets.astype(np.float64)
    file = Path(config.inputs).expanduser()
    expected = f".npy file of numbers, (time, trial, {config.bits})"
    if not file.is_file():
        raise BadInput("inputs", got=f"no file {file}", expected=expected)
    try:
        given = np.load(file, allow_pickle=False)
    except (OSError, ValueError) as problem:
        raise BadInput("inputs", got=f"{file}: {problem}", expected=expected) from None
    if given.ndim != 3 or given.shape[2] != config.bits or not np.isfinite(given.astype(np.float64)).all():
        raise BadInput("inputs", got=f"{file}: shape {given.shape}", expected=expected)
    return given.astype(np.float64), None


def read(own: OwnNetwork, points: Floats) -> Floats:
    """Return the outputs at states, (point, bit); NaN where there is no read-out."""
    if own.readout is None:
        return np.full((len(points), 1), np.nan)
    with torch.no_grad():
        state = torch.as_tensor(points[:, : own.readout.in_features], dtype=own.readout.weight.dtype)
        outputs: Floats = own.readout(state).double().numpy()
    return outputs
