"""The leaderboard: what answered wins, layers are judged on other images, missing data are said."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from tertium.compare import encode, rdm
from tertium.data import make_responses
from tertium.errors import BadInput, MissingData, UnknownName
from tertium.models import make, wrap
from tertium.report import write_score_page
from tertium.studies import score
from tertium.studies.leaderboard import benchmarks as where
from tertium.studies.leaderboard import board as boards
from tertium.studies.leaderboard.benchmarks import Benchmark
from tertium.studies.leaderboard.by_dissimilarity import BestLayer, as_layers
from tertium.studies.leaderboard.by_encoding import chosen

N = 40


def network(seed=0):
    """Return a network whose second layer is what the made-up brains answer by."""
    random = torch.Generator().manual_seed(seed)
    layers = nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 49, 24), nn.ReLU())
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.normal_(0, 0.2, generator=random)
    return wrap(layers, {"size": 16, "resize": 16}, name=f"net{seed}")


def made(name):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (N, 16, 16, 3), dtype=np.uint8)
    labels = tuple(f"i{k:02d}" for k in range(N))
    net = network()
    with torch.no_grad():
        rates = net(net.preprocess(images)).numpy().astype(np.float64)
    rates /= rates.std()
    if name == "units":
        noisy = rates[:, :6] + 0.3 * rng.normal(size=(N, 6))
        responses = make_responses(noisy, trial={"stimulus": list(labels)})
        return Benchmark(name, "made up", "made", images, labels, {}, responses, "correlation", "nobody")
    rdms = {s: rdm(rates + 0.3 * rng.normal(size=rates.shape), labels=labels) for s in ("s1", "s2", "s3")}
    return Benchmark(name, "made up", "made", images, labels, rdms, None, "similarity", "nobody")


@pytest.fixture
def two_benchmarks(monkeypatch):
    def absent():
        raise MissingData("data", got="no file", expected="a file")

    known = {"matrices": lambda: made("matrices"), "units": lambda: made("units"), "absent": absent}
    for module in (where, boards):
        monkeypatch.setattr(module, "BENCHMARKS", known)


def test_the_network_that_answered_wins_and_what_is_absent_is_said(two_benchmarks):
    board = score(network(), references=["pixels", "gabor_energy"], n_draws=20)
    assert board.benchmarks == ("matrices", "units")
    assert list(board.missing) == ["absent"]
    table = board.table().set_index(["benchmark", "model"])
    for name in board.benchmarks:
        assert table.loc[name].index[0] == "net0"
        pixels = table.loc[(name, "pixels")]
        assert pixels.difference_low <= pixels.difference <= pixels.difference_high
        assert pixels.difference_low > 0
        assert table.loc[(name, "net0")].low < table.loc[(name, "net0")].score <= 1
    assert table.loc[("matrices", "net0")].layer == "4"
    assert np.isfinite(table.loc[("matrices", "net0")].ceiling)
    assert np.isnan(table.loc[("units", "net0")].ceiling)


def test_the_page_shows_every_benchmark(two_benchmarks, tmp_path):
    board = score(network(1), ["matrices"], references=["pixels"], n_draws=20)
    page = write_score_page(board, tmp_path / "page.html", command="tertium score net.py:make").read_text()
    assert "net1 on real data" in page
    assert "Scores" in page
    assert "lower noise ceiling" in page
    drawn = board.figure("matrices")
    assert json.loads(drawn.to_json())["layout"]["xaxis"]["title"]["text"] == "similarity"


def test_a_layer_is_judged_on_images_by_which_it_was_not_chosen():
    """Of many layers of noise the best on all images scores high, the one chosen on others scores nothing."""
    rng = np.random.default_rng(0)
    labels = tuple(f"i{k:02d}" for k in range(16))
    noise = as_layers("noise", [rdm(rng.normal(size=(16, 3)), labels=labels) for _ in range(300)], labels)
    judge = BestLayer()
    found, best = [], []
    for _ in range(20):
        brain = as_layers("brain", [rdm(rng.normal(size=(16, 30)), labels=labels)], labels)
        found.append(judge.between(judge.prepare(noise), judge.prepare(brain)))
        from tertium.compare.similarity import similarity

        first, second = np.triu_indices(16, 1)
        best.append(similarity(noise.matrices[:, first, second], brain.matrices[:, first, second]).max())
    assert np.mean(best) > 0.2
    assert abs(np.mean(found)) < 0.1


def test_the_layer_of_a_fold_is_chosen_on_the_others():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5))
    Y = X @ rng.normal(size=(5, 3)) + 0.5 * rng.normal(size=(80, 3))
    scores = {"noise": encode(rng.normal(size=(80, 5)), Y), "right": encode(X, Y)}
    value, layer = chosen(scores)
    assert layer == "right"
    assert value == pytest.approx(scores["right"].mean, abs=1e-12)


def test_halves_of_the_images_never_change():
    labels = tuple(f"i{k:02d}" for k in range(20))
    first = as_layers("a", [rdm(np.random.default_rng(0).normal(size=(20, 4)), labels=labels)], labels)
    turned = as_layers("a", [rdm(np.random.default_rng(0).normal(size=(20, 4)), labels=labels)], labels[::-1])
    assert first.half.sum() == 10
    assert (first.half == turned.half[::-1]).all()


def test_bad_input_is_refused(two_benchmarks):
    with pytest.raises(UnknownName, match="Did you mean 'units'"):
        score(network(), ["unit"])
    with pytest.raises(UnknownName, match="Did you mean 'pixels'"):
        score(network(), references=["pixel"])
    with pytest.raises(BadInput, match=r"torch\.nn\.Module"):
        score(3)
    with pytest.raises(MissingData, match="no file"):
        score(network(), ["absent"])


@pytest.mark.slow
def test_a_network_that_learned_objects_beats_pixels_in_monkey_it(needs_data):
    needs_data("squeezenet11", "kriegeskorte92")
    board = score(make("squeezenet11"), ["monkey_it"], references=["pixels"], sites=["fire4", "fire8"], n_draws=40)
    table = board.table().set_index("model")
    assert table.loc["squeezenet11"].score > 0.35
    assert table.loc["pixels"].difference_low > 0
