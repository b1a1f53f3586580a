"""DYN03 and flipflop_any: counts, edges and reproducibility on systems whose points are known; readers' own files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tertium.config import apply
from tertium.dynamics import connections, fixed_points
from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.studies.flipflop_any import FlipFlopAny
from tertium.studies.lab import MemoryLab
from tertium.studies.methods import flipflop as flip
from tertium.studies.methods import own_network as own
from tertium.studies.methods.flipflop_networks import FlipFlopConfig, blank_network, drive, flip_flop

FILE = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, bits=3):
        super().__init__()
        self.rnn = nn.RNN(bits, bits)
        self.out = nn.Linear(bits, bits)
        nn.init.eye_(self.out.weight)
        nn.init.zeros_(self.out.bias)

def build():
    return Net()

def held():
    made = Net().requires_grad_(False)
    nn.init.eye_(made.rnn.weight_hh_l0).mul_(2)
    nn.init.eye_(made.rnn.weight_ih_l0).mul_(3)
    nn.init.zeros_(made.rnn.bias_ih_l0)
    nn.init.zeros_(made.rnn.bias_hh_l0)
    return made

def function():
    return lambda h, x: torch.tanh(2 * h + 3 * x)

def two():
    made = Net()
    made.more = nn.GRU(3, 4)
    return made

def narrow():
    return nn.GRU(2, 5)

def number():
    return 3

def broken():
    raise RuntimeError("no such disk")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("own")
    (where / "net.py").write_text(FILE)
    (where / "bad.py").write_text("import no_such_package_at_all\n")
    return where


def hopfield(h: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Three units that excite themselves: 27 points, a cube."""
    return torch.tanh(2 * h + x)


@pytest.fixture(scope="module")
def states() -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (40, 20, 3))


def test_anatomy_of_independent_units_is_that_of_a_cube(states: np.ndarray) -> None:
    taken = flip.anatomy(hopfield, states, np.zeros(3), 800, Seeds(0), lambda points: points)
    assert flip.points_off(taken["index"], 3) == 0
    assert taken["certified"].all()
    assert taken["starts_certified"] < 0.1
    assert flip.edges(taken) == 1
    assert flip.edges(taken, Seeds(1)) < 0.8
    assert flip.distance_to_cube(taken["neighbours"], 3) < 1e-12
    assert flip.one_edge_less(taken["neighbours"], 3) > 0.01
    assert flip.explained(taken["points"][taken["index"] == 0], 3) == pytest.approx(1)
    assert flip.few_unstable(taken["index"]) == 1
    assert flip.few_unstable(taken["index"], most=1) == pytest.approx(12 / 19)


def test_ends_are_where_the_system_goes(states: np.ndarray) -> None:
    found = fixed_points(hopfield, flip.sample_states(states, 400, mixtures=True))
    taken = flip.anatomy(hopfield, states, np.zeros(3), 400, Seeds(0), lambda points: points)
    graph = connections(hopfield, found)
    assert len(taken["saddles"]) == len(graph.starts)
    # a run that leaves an edge ends at one of the two corners of that edge
    of_one = taken["index"][taken["saddles"]] == 1
    saddles, ends = taken["points"][taken["saddles"][of_one]], taken["points"][taken["ends"][of_one]]
    assert (np.sum(np.sign(np.round(saddles, 6)) != np.sign(ends), axis=1) == 1).all()


def test_another_search_finds_the_same_and_another_system_does_not(states: np.ndarray) -> None:
    assert flip.same_again(hopfield, states, np.zeros(3), 400, Seeds(2), 3) < 1e-9
    first, other = (
        fixed_points(lambda h, x, g=g: torch.tanh(g * h + x), flip.sample_states(states, 400, mixtures=True))
        for g in (2.0, 2.05)
    )
    assert 1e-3 < flip.difference(first, other) < 0.2
    assert flip.difference(first, first.take([0, 1])) == np.inf


def test_nothing_found_is_told_by_nan() -> None:
    assert np.isnan(flip.explained(np.zeros((1, 3)), 3))
    assert np.isnan(flip.few_unstable(np.zeros(2, dtype=int)))
    assert np.isnan(flip.distance_to_cube(np.zeros((0, 0), dtype=bool), 3))
    assert flip.points_off(np.zeros(0, dtype=int), 3) == 27


@pytest.mark.parametrize("kind", ["tanh", "gru"])
def test_networks_are_driven_through_whole_trials(kind: str) -> None:
    config = apply(FlipFlopConfig, {"units": 12})
    driven = drive(blank_network(config, kind, 2, 0), flip_flop(config, 2), 8, Seeds(0))
    assert driven["states"].shape == (8, 100, 12)
    assert driven["right"].shape == (8,)
    assert abs(driven["right"].mean() - 0.5) < 0.35


def run_any(**overrides: object) -> FlipFlopAny.Results:
    study = FlipFlopAny()
    return study.run(study.configure({"trials": 16, "starts": 300, **overrides}), MemoryLab(0))


def test_a_readers_module_is_opened_and_its_copy_is_undone(folder: Path) -> None:
    results = run_any(module=f"{folder / 'net.py'}:held")
    assert np.bincount(results.found["index"]).tolist() == [8, 12, 6, 1]
    assert results.right > 0.9
    held = {claim.id: claim.threshold.holds(claim.value) for claim in FlipFlopAny().claims(results)}
    assert held == {"points": True, "certified": True, "graph": True}
    assert flip.points_off(results.untrained, 3) > 0


def test_weights_are_put_into_what_the_factory_returns(folder: Path) -> None:
    factory = own.load_factory(f"{folder / 'net.py'}:held")
    torch.save(factory().state_dict(), folder / "held.pt")
    results = run_any(module=f"{folder / 'net.py'}:build", weights=str(folder / "held.pt"))
    assert flip.points_off(results.found["index"], 3) == 0
    assert results.has_untrained


def test_a_function_is_opened_but_has_no_control(folder: Path) -> None:
    results = run_any(module=f"{folder / 'net.py'}:function", units=3)
    assert flip.points_off(results.found["index"], 3) == 0
    points = next(iter(FlipFlopAny().claims(results)))
    assert np.isnan(points.control.value)


def test_own_inputs_drive_it(folder: Path) -> None:
    np.save(folder / "inputs.npy", np.random.default_rng(0).normal(size=(30, 10, 3)))
    results = run_any(module=f"{folder / 'net.py'}:held", inputs=str(folder / "inputs.npy"))
    assert np.isnan(results.right)
    assert flip.points_off(results.found["index"], 3) == 0


def test_another_file_is_another_run(folder: Path) -> None:
    one = FlipFlopAny.configure({"module": f"{folder / 'net.py'}:held"})
    (folder / "other.py").write_text(FILE + "\n")
    other = FlipFlopAny.configure({"module": f"{folder / 'other.py'}:held"})
    assert one.model_dump()["digest"] != other.model_dump()["digest"]
    assert FlipFlopAny.configure().model_dump()["digest"] == ""


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"module": "no/such.py:build"}, "no file"),
        ({"module": "net.py"}, "path/to/file.py:factory"),
        ({"module": "{folder}/net.py:nope"}, "no function 'nope'.*Net, broken, build"),
        ({"module": "{folder}/bad.py:build"}, "ModuleNotFoundError"),
        ({"module": "{folder}/net.py:broken"}, "no such disk"),
        ({"module": "{folder}/net.py:number"}, "returned a int"),
        ({"module": "{folder}/net.py:two"}, "2 recurrent layers"),
        ({"module": "{folder}/net.py:narrow"}, "2 inputs"),
        ({"module": "{folder}/net.py:function"}, "units"),
        ({"module": "{folder}/net.py:build", "weights": "nowhere.pt"}, "weights: got no file"),
        ({"module": "{folder}/net.py:build", "weights": "{folder}/net.py"}, "weights: got"),
        ({"module": "{folder}/net.py:build", "inputs": "{folder}/net.py"}, "inputs: got"),
        ({"module": "{folder}/net.py:build", "inputs": "nowhere.npy"}, "inputs: got no file"),
        ({"bits": 2}, "the default network holds 3 bits"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(folder: Path, overrides: dict[str, object], message: str) -> None:
    given = {k: v.replace("{folder}", str(folder)) if isinstance(v, str) else v for k, v in overrides.items()}
    with pytest.raises(BadInput, match=message) as problem:
        run_any(**given)
    assert "\n" not in str(problem.value)
