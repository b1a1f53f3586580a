"""SEN05: planted cells are what they should be, models find what they can say, claims read the results."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tertium.compare import FactorisedReadout, KFold, encode
from tertium.rng import Seeds
from tertium.studies.cadena2019 import SCRAMBLED, Cadena2019, split_of
from tertium.studies.methods.cadena import (
    MODELS,
    UNTRAINED,
    Shown,
    Work,
    as_grey,
    as_patterns,
    correlations,
    explained,
    gabor_energies,
    mean_correlations,
    predictions,
    scrambled,
)
from tertium.studies.methods.cadena_cells import KINDS, SIDE, as_input, energies, placed, plant
from tertium.studies.methods.v1_networks import Core, Readout, Training, core_features, fit_readout, standardised


@pytest.fixture(scope="module")
def images():
    """Return 400 images with structure of several sizes, as numbers about 0."""
    random = Seeds(0).numpy("images")
    coarse = random.normal(size=(400, 8, 8)).repeat(4, 1).repeat(4, 2)
    fine = random.normal(size=(400, 16, 16)).repeat(2, 1).repeat(2, 2)
    grey = np.clip(128 + 40 * coarse + 30 * fine, 0, 255).astype(np.uint8)
    return Shown(as_input(grey), grey)


def test_images_are_about_zero_and_of_unit_spread(images):
    assert np.allclose(images.pixels.mean((1, 2, 3)), 0, atol=1e-5)
    assert images.pixels.std() == pytest.approx(1, abs=1e-5)
    assert as_grey(np.full((1, 2, 2, 3), 100, np.uint8)).tolist() == [[[100, 100], [100, 100]]]
    pattern = np.full((1, 2 * SIDE, 2 * SIDE), 255, np.uint8)
    pattern[0, :2, :1] = 0  # half of the first four pixels is bright
    assert as_patterns(pattern)[0, 0, :2].tolist() == [128, 0]


def test_a_placed_filter_sees_its_place_only():
    rows = placed(np.ones((1, 5, 5)), (4.0, 30.0)).reshape(SIDE, SIDE)
    assert rows[2:7, 28:].all()
    assert rows.sum() == 5 * 4, "one column lies outside the image"


def test_energy_does_not_know_the_phase_and_a_linear_cell_does(images):
    numbers = {"v1": 3, "undivided": 2, "linear": 2, "shuffled": 1}
    args = (numbers, 4.0, 0.0, 0.3, Seeds(1))
    both = np.concatenate([images.pixels, -images.pixels])
    cells = plant(both, *args)
    assert cells.kind.tolist() == [kind for kind in KINDS for _ in range(numbers[kind])]
    assert np.allclose(cells.rates.mean(0), 4)
    light, dark = cells.rates[:400], cells.rates[400:]
    blind = np.isin(cells.kind, ("v1", "undivided"))
    assert np.allclose(light[:, blind], dark[:, blind], rtol=1e-4)
    linear = cells.kind == "linear"
    assert (light[:, linear] * dark[:, linear] == 0).all(), "half-rectified: one of the two is silent"


def test_division_takes_contrast_away_and_leaves_undivided_cells_alone(images):
    numbers = {"v1": 2, "undivided": 2, "linear": 1, "shuffled": 1}
    both = np.concatenate([images.pixels, 3 * images.pixels])
    rates = plant(both, numbers, 4.0, 0.0, 0.05, Seeds(1)).rates[:, :4]
    ratio = rates[400:] / rates[:400]
    assert np.allclose(ratio[:, :2], 1, atol=0.15)
    assert np.allclose(ratio[:, 2:], 3, rtol=1e-3)


def test_a_readout_finds_what_the_instrument_finds():
    """The factorised readout of tertium.compare, squared error, on features of a planted mask and planted weights."""
    random = Seeds(2).numpy("features")
    X = random.normal(size=(500, 6, 4, 4)).astype(np.float32)
    mask, what = np.zeros((4, 4)), random.normal(size=6)
    mask[1:3, 1:3] = 1
    drive = np.einsum("ncij,ij,c->n", X, mask, what)
    y = 5 + drive / drive.std() + 0.5 * random.normal(size=500)
    score = encode(
        X.reshape(500, -1), y[:, None], FactorisedReadout((6, 4, 4), penalties=(100.0,)), cv=KFold(5), n_bootstrap=0
    )
    split = split_of(random.permutation(500), 340, 60)
    training = Training(epochs=30, rate=3e-2, sparse=1e-4, smooth=1e-3, batch=32)
    said = fit_readout(X, y[:, None].astype(np.float32), split, training, Seeds(3), counts=False)
    found = correlations(said.predicted, y[split.tested, None])[0]
    assert found == pytest.approx(float(score.value[0]), abs=0.05)
    assert score.value[0] > 0.8
    again = fit_readout(X, y[:, None].astype(np.float32), split, training, Seeds(3), counts=False)
    assert np.array_equal(said.predicted, again.predicted)


def test_tested_responses_are_not_looked_at(images):
    features = gabor_energies(images.pixels)
    y = Seeds(4).numpy("y").poisson(3.0, size=(400, 2)).astype(np.float32)
    split = split_of(np.arange(400), 300, 50)
    training = Training(epochs=2, rate=1e-2, sparse=0.0, smooth=0.0)
    first = fit_readout(features, y, split, training, Seeds(5)).predicted
    changed = y.copy()
    changed[350:] = 99
    assert np.array_equal(first, fit_readout(features, changed, split, training, Seeds(5)).predicted)


@pytest.mark.parametrize("output", ["exp", "softplus"])
def test_a_readout_begins_at_the_mean_and_its_penalty_is_scaled_right(output):
    y = np.array([[2.0, 6.0], [4.0, 8.0]], np.float32)
    readout = Readout((3, 2, 2), y, True, output, Seeds(0))
    assert torch.allclose(readout(torch.zeros(1, 3, 4)), torch.tensor([[3.0, 7.0]]), atol=0.02)
    with torch.no_grad():
        before = readout.penalty(0.1, 0.2)
        readout.mask.mul_(4)
        readout.what.div_(4)
    assert torch.allclose(readout.penalty(0.1, 0.2), before), "the size may be in mask or weights"


def test_a_bank_explains_energy_and_a_linear_filter_a_linear_cell(images):
    cells = plant(images.pixels, {"v1": 1, "undivided": 3, "linear": 3, "shuffled": 1}, 20.0, 0.0, 0.3, Seeds(6))
    split = split_of(np.arange(400), 300, 40)
    trials = Seeds(7).numpy("trials").poisson(cells.rates[340:], size=(20, 60, 8))
    counts = Seeds(8).numpy("counts").poisson(cells.rates).astype(np.float32)
    found = {
        name: explained(
            predictions(name, Work(images, counts, split, (4, 4, 4), epochs, counts=True), Seeds(9)), trials
        )
        for name, epochs in (("lnp", 80), ("gabor", 15))
    }
    energy, linear = cells.kind == "undivided", cells.kind == "linear"
    assert found["gabor"][energy].mean() > found["lnp"][energy].mean() + 0.2
    assert found["lnp"][linear].mean() > found["gabor"][linear].mean() + 0.1


def test_the_true_means_explain_all():
    rates = Seeds(10).numpy("rates").gamma(2.0, 2.0, size=(300, 3))
    trials = Seeds(10).numpy("trials").poisson(rates, size=(10, 300, 3))
    assert np.allclose(explained(rates, trials), 1, atol=0.05)


def test_a_core_standardises_and_scrambling_keeps_pixels(images):
    core = Core((4, 6), (13, 3), 2, Seeds(0))
    assert core.filters.shape == (4, 13, 13)
    said = core_features(core, images.pixels)
    assert said.shape == (400, 6, 8, 8)
    assert np.allclose(said.mean((0, 2, 3)), 0, atol=1e-4)
    assert np.allclose(standardised(said), said, atol=1e-3)
    mixed = scrambled(images, Seeds(1))
    assert np.array_equal(np.sort(mixed.pixels.reshape(400, -1)), np.sort(images.pixels.reshape(400, -1)))
    pair = np.stack([placed(np.eye(5)[None], (9.0, 9.0))] * 2)
    assert not np.allclose(energies(mixed.pixels, pair), energies(images.pixels, pair))


def test_correlations_of_models_and_their_draws():
    random = Seeds(11).numpy("models")
    truth = random.normal(size=(200, 3))
    said = np.stack([truth, truth + random.normal(size=truth.shape), np.zeros_like(truth)])
    means, draws = mean_correlations(said, truth, 50, 0)
    assert means[0] == pytest.approx(1)
    assert means[1] == pytest.approx(np.mean([np.corrcoef(said[1, :, u], truth[:, u])[0, 1] for u in range(3)]))
    assert means[2] == 0
    assert draws.shape == (50, 3)
    assert draws[:, 1].std() > 0.01


def test_claims_read_the_results():
    names = (*MODELS, *UNTRAINED)
    kind = ["v1", "v1", "undivided", "linear", "shuffled"]
    level = dict(zip(names, (0.1, 0.5, 0.8, 0.6, 0.2, 0.3), strict=True))
    correlation = {**dict(zip(names, (0.3, 0.6, 0.7, 0.65, 0.4, 0.5), strict=True)), SCRAMBLED: 0.2}
    results = Cadena2019.Results(
        kind=kind,
        feve={name: np.array([level[name]] * 2 + [0.9, 0.1, 0.0]) for name in names},
        correlation=correlation,
        correlation_draws={name: np.array([value - 0.01, value + 0.01]) for name, value in correlation.items()},
        neurons={name: np.full(4, value) for name, value in correlation.items()},
        shuffled=dict.fromkeys(correlation, 0.0),
    )
    claims = {one.id: one for one in Cadena2019().claims(results)}
    assert claims["gabor_over_linear"].value == pytest.approx(0.4)
    assert claims["network_over_gabor"].value == pytest.approx(0.3)
    assert claims["network_over_gabor"].control.value == pytest.approx(0)
    assert claims["task_over_gabor"].control.value == pytest.approx(-0.2)
    assert claims["real_cnn_over_gabor"].value == pytest.approx(0.1)
    assert claims["real_cnn_over_gabor"].interval == pytest.approx((0.1, 0.1))
    assert claims["real_gabor_over_lnp"].control.value == pytest.approx(-0.1)
    assert {one.kind for name, one in claims.items() if name.startswith("real")} == {"real"}
    assert [one.id for one in Cadena2019().figures([results])] == ["planted", "recorded"]
