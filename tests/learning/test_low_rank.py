"""Low-rank networks are found again from their activity: rank, trajectories, connections, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tertium.data import make_responses
from tertium.errors import BadInput
from tertium.learning import explained_variance, fit_low_rank
from tertium.learning.low_rank.recordings import Recorded
from tertium.learning.low_rank.regression import INVERSES, Drives, both_sides
from tertium.learning.low_rank.student import Student
from tertium.models import RateCell, RateRNN
from tertium.rng import Seeds

DT, UNITS = 0.02, 60


def cell_of(network: RateRNN) -> RateCell:
    assert isinstance(network.cell, RateCell)
    return network.cell


def planted(nonlinearity: str = "tanh") -> RateRNN:
    """Return a network whose two latent variables integrate one input each and push each other."""
    network = RateRNN(2, UNITS, 1, dt=DT, nonlinearity=nonlinearity, rank=2, bias=False, readout_bias=False, seed=3)
    rng = Seeds(0).numpy("loadings")
    m, inputs = rng.normal(size=(UNITS, 2)), rng.normal(size=(UNITS, 2))
    n = m @ np.array([[1.4, -0.8], [0.8, 1.4]]) + 1.5 * inputs
    with torch.no_grad():
        cell_of(network).left.copy_(torch.from_numpy(m))
        cell_of(network).right.copy_(torch.from_numpy(n))
        cell_of(network).input_weight.copy_(torch.from_numpy(inputs))
    return network


def shown(network: RateRNN, trials: int = 80, steps: int = 40, seed: int = 1) -> tuple[Any, Any]:
    """Return inputs and rates, (trial, time, ...)."""
    rng = Seeds(seed).numpy("inputs")
    inputs = rng.normal(scale=0.5, size=(trials, 1, 2)) + rng.normal(scale=0.2, size=(trials, steps, 2))
    inputs = inputs.astype(np.float32)
    with torch.no_grad():
        _, states = network(torch.from_numpy(inputs.swapaxes(0, 1).copy()))
        assert isinstance(states, torch.Tensor)
        rates = cell_of(network).activity(states)
    return inputs, rates.numpy().swapaxes(0, 1)


@pytest.fixture(scope="module")
def found() -> Any:
    inputs, rates = shown(planted())
    return fit_low_rank(rates, inputs, rank=(0, 1, 2, 3), dt=DT, steps=80, progress=False)


def test_planted_rank_and_trajectories_are_recovered(found: Any) -> None:
    assert found.knee() == 2
    assert found.explained[2] > 0.99
    assert found.explained[1] < 0.95
    assert found.explained[0] < found.explained[1]


def test_planted_connections_are_recovered(found: Any) -> None:
    true, fitted = (cell_of(network).left.detach().numpy() for network in (planted(), found.network(2)))
    # N is told only along the directions in which rates vary; the plane into which M sends is told wholly
    planes = (np.linalg.qr(one)[0] for one in (true, fitted))
    cosines = np.linalg.svd(np.matmul(*(p.T if i == 0 else p for i, p in enumerate(planes))), compute_uv=False)
    assert cosines.min() > 0.9


def test_trials_it_never_saw(found: Any) -> None:
    inputs, rates = shown(planted(), trials=30, seed=7)
    assert explained_variance(rates, found.predict(2, inputs)) > 0.99
    network = found.network(2, readout=np.ones((1, UNITS)))
    outputs, _ = network(torch.from_numpy(inputs.swapaxes(0, 1).copy()))
    np.testing.assert_allclose(
        outputs.detach().numpy()[:, :, 0].T, found.predict(2, inputs).sum(2), rtol=1e-4, atol=1e-4
    )


def test_other_inputs_explain_nothing() -> None:
    inputs, rates = shown(planted())
    dealt = inputs[Seeds(0).numpy("other").permutation(len(inputs))]
    wrong = fit_low_rank(rates, dealt, rank=2, dt=DT, steps=40, progress=False)
    assert wrong.explained[0] < 0.2


def test_regression_alone_is_exact_without_noise() -> None:
    """The drives of a noiseless network are linear in rates and inputs: its own weights solve the regression."""
    inputs, rates = shown(planted(), trials=200)
    recorded = Recorded(inputs.swapaxes(0, 1), rates.swapaxes(0, 1), DT)
    drives = Drives.of(recorded, DT / 0.1, nonlinearity="tanh", observed="rate", bias=False)
    student = Student(2, UNITS, 2, dt=DT, tau=0.1, seeds=Seeds(0))
    drives.write(student)
    assert explained_variance(recorded.activity, student.show(recorded.inputs)) > 0.9
    before = Student(2, UNITS, 2, dt=DT, tau=0.1, seeds=Seeds(0))
    assert explained_variance(recorded.activity, before.show(recorded.inputs)) < 0.5


def test_random_start_learns() -> None:
    inputs, rates = shown(planted())
    options: dict[str, Any] = {"rank": 2, "dt": DT, "start": "random", "learning_rate": 3e-2, "progress": False}
    early, late = (fit_low_rank(rates, inputs, steps=steps, **options).explained[0] for steps in (5, 150))
    assert late > 0.8
    assert early < 0.5


def test_potentials_of_relu_units_with_bias_and_first_state() -> None:
    network = planted("relu")
    with torch.no_grad():
        cell_of(network).right.mul_(0.3)  # without a bound on rates the planted network would grow for ever
    inputs, _ = shown(network)
    with torch.no_grad():
        _, states = network(torch.from_numpy(inputs.swapaxes(0, 1).copy()), torch.full((80, UNITS), 0.3))
    assert isinstance(states, torch.Tensor)
    found = fit_low_rank(
        states.numpy().swapaxes(0, 1),
        inputs,
        rank=(1, 2),
        dt=DT,
        nonlinearity="relu",
        observed="potential",
        bias=True,
        learn_initial=True,
        steps=150,
        progress=False,
    )
    assert found.explained[1] > 0.97


@pytest.mark.parametrize("name", sorted(INVERSES))
def test_inverses(name: str) -> None:
    from tertium.models.kernels import nonlinearity

    potentials = np.linspace(-3, 3, 13)
    rates = nonlinearity(name)(torch.from_numpy(potentials)).numpy()
    np.testing.assert_allclose(both_sides(rates, name, "rate")[0], potentials, atol=1e-9)


def test_knee_counts_all_later_gains() -> None:
    inputs, rates = shown(planted(), trials=20)
    found = fit_low_rank(rates, inputs, rank=(0, 1, 2, 3), dt=DT, steps=1, progress=False)
    gains = np.diff(found.explained)
    # a rank that adds little before one that adds much is no knee
    assert found.knee(gain=float(gains.max())) == 0
    assert found.knee(gain=float(gains.max()) - 1e-9) == int(gains.argmax()) + 1


def test_explained_variance_by_hand() -> None:
    observed = np.array([[0.0, 1.0], [2.0, 5.0]])
    predicted = np.array([[1.0, 1.0], [1.0, 5.0]])
    # unit 0: all of 2 missed; unit 1: nothing of 8 missed
    assert explained_variance(observed, predicted).item() == pytest.approx(0.8)
    np.testing.assert_allclose(explained_variance(observed, predicted, by_unit=True), [0.0, 1.0])
    assert np.isnan(explained_variance([[1.0, 0.0], [1.0, 1.0]], [[1.0, 0.0], [1.0, 1.0]], by_unit=True)[0])


def test_weights_of_the_loss_make_it_the_unexplained_share() -> None:
    inputs, rates = shown(planted(), trials=30)
    recorded = Recorded(inputs.swapaxes(0, 1), rates.swapaxes(0, 1), DT, settle=10)
    batch = recorded.batch(30, 0)
    drawn = batch.columns["trial"]
    guess = np.broadcast_to(rates[:, 10:].mean((0, 1)), (40, 30, UNITS))
    loss = (batch.mask * (guess - batch.targets) ** 2).mean()
    expected = ((rates[drawn, 10:] - rates[:, 10:].mean((0, 1))) ** 2).mean() / rates[:, 10:].var((0, 1)).mean()
    assert loss == pytest.approx(expected, rel=1e-4)


def test_same_seed_same_fit_and_another_split() -> None:
    inputs, rates = shown(planted(), trials=20)
    options: dict[str, Any] = {"rank": (1,), "dt": DT, "steps": 5, "progress": False}
    first, again, other = (fit_low_rank(rates, inputs, seed=seed, **options) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.by_rank[1].weights["left"], again.by_rank[1].weights["left"])
    assert (first.held_out == again.held_out).all()
    assert (first.held_out != other.held_out).any()
    marked = np.arange(20) < 5
    assert (fit_low_rank(rates, inputs, held_out=marked, **options).held_out == marked).all()


def test_killed_fit_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    inputs, rates = shown(planted(), trials=20)

    class Killed(Exception):
        pass

    def until(step: int) -> Any:
        from tertium.learning.training.keeping import FolderKeeper

        inner = FolderKeeper(tmp_path)

        def keep(name: str, total: int, **options: Any) -> Any:
            for k in inner(name, total, **{**options, "every": 5}):
                if k == step:
                    raise Killed
                yield k

        return keep

    options: dict[str, Any] = {"rank": (1,), "dt": DT, "steps": 20, "progress": False}
    with pytest.raises(Killed):
        fit_low_rank(rates, inputs, keeper=until(12), **options)
    resumed = fit_low_rank(rates, inputs, keeper=until(99), **options)
    whole = fit_low_rank(rates, inputs, **options)
    np.testing.assert_array_equal(resumed.by_rank[1].weights["left"], whole.by_rank[1].weights["left"])
    # and a checkpoint of other trials is refused
    with pytest.raises(BadInput, match="lessons"):
        fit_low_rank(0.5 * rates, inputs, keeper=until(99), **options)


def test_responses_know_their_time_step() -> None:
    inputs, rates = shown(planted(), trials=20)
    responses = make_responses(rates, dt=DT, source="a network")
    found = fit_low_rank(responses, inputs, rank=1, steps=2, progress=False)
    assert found.dt == DT
    with pytest.raises(BadInput, match="Leave it out"):
        fit_low_rank(responses, inputs, rank=1, dt=0.01)


def test_table_figure_and_repr(found: Any) -> None:
    table = found.table()
    assert list(table["rank"]) == [0, 1, 2, 3]
    assert table["gain"].iloc[2] == pytest.approx(found.explained[2] - found.explained[1])
    assert [trace.name for trace in found.figure().data if trace.showlegend is not False] == [
        "median unit, quartiles",
        "held-out trials",
        "fitted trials",
    ]
    assert "2: 0.99" in repr(found) or "2: 1.0" in repr(found)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"rank": ()}, "rank"),
        ({"rank": (1, 1)}, "rank"),
        ({"rank": 61}, "0 to 60"),
        ({"rank": True}, "rank"),
        ({"dt": None}, "time step"),
        ({"dt": -1.0}, "time step"),
        ({"held_out": 0.0}, "held_out"),
        ({"held_out": np.ones(10, bool)}, "held_out"),
        ({"held_out": np.ones(3, bool)}, "a share"),
        ({"start": "guess"}, "start"),
        ({"nonlinearity": "relu"}, "observed="),
        ({"nonlinearity": "power", "observed": "spikes"}, "observed"),
        ({"settle": 99.0}, "settle"),
        ({"settle": -0.1}, "settle"),
    ],
)
def test_wrong_options(change: dict[str, Any], match: str) -> None:
    inputs, rates = shown(planted(), trials=10, steps=10)
    with pytest.raises(BadInput, match=match):
        fit_low_rank(rates, inputs, **{"dt": DT, "rank": 1, "steps": 1, "progress": False, **change})


def test_wrong_arrays() -> None:
    inputs, rates = shown(planted(), trials=10, steps=10)
    options: dict[str, Any] = {"dt": DT, "rank": 1, "steps": 1, "progress": False}
    for activity, given, match in (
        (rates[0], inputs, "trial, time, unit"),
        (rates, inputs[:5], "same trials"),
        (rates * np.nan, inputs, "not finite"),
        (rates, inputs * np.inf, "not finite"),
        (np.zeros_like(rates), inputs, "never change"),
        (3 * rates, inputs, "Scale them"),
    ):
        with pytest.raises(BadInput, match=match):
            fit_low_rank(activity, given, **options)
    with pytest.raises(BadInput, match="random"):
        fit_low_rank(np.abs(rates), inputs, nonlinearity="relu", **options)


def test_wrong_questions(found: Any) -> None:
    for ask, match in (
        (lambda: found.network(5), "one of 0, 1, 2, 3"),
        (lambda: found.network(0), "rank 1"),
        (lambda: found.network(1, readout=np.ones((1, 3))), "readout"),
        (lambda: found.predict(1, np.zeros((2, 5, 3))), "inputs"),
        (lambda: explained_variance([1.0], [1.0]), "one shape"),
    ):
        with pytest.raises(BadInput, match=match):
            ask()
    inputs, rates = shown(planted(), trials=10)
    gap = fit_low_rank(rates, inputs, rank=(1, 3), dt=DT, steps=1, progress=False)
    with pytest.raises(BadInput, match="in a row"):
        gap.knee()
