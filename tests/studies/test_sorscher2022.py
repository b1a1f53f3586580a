"""THY04: formulas agree with the instrument, planted manifolds are as asked for, claims read the results."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from tertium.geometry import few_shot_snr
from tertium.rng import Seeds
from tertium.studies.methods.sorscher import FORMULAS, correlations, gaussian_clouds, gaussians, of_layers, predicted
from tertium.studies.sorscher2022 import SYSTEMS, Sorscher2022


@pytest.fixture(scope="module")
def small():
    """Return a configuration of small Gaussian manifolds."""
    return Sorscher2022.Config(units=60, concepts=3, samples=150, sizes=(0.5,), shots=(1, 5, 20), draws=300)


def test_formulas_are_those_of_the_instrument(small):
    clouds = gaussian_clouds(0.5, small, Seeds(0))
    samples, labels = np.concatenate(clouds), np.repeat(np.arange(3), 150)
    for m in (1, 5):
        for formula, terms in (("all terms", "all"), ("neither", "leading")):
            found = few_shot_snr(samples, labels, m, terms=terms)
            said = predicted(found, m, formula)
            np.fill_diagonal(said, np.nan)  # of a concept with itself: nothing to tell apart
            assert np.allclose(said, found.error, equal_nan=True, rtol=1e-10)
    between = [predicted(few_shot_snr(samples, labels, 1), 1, formula)[0, 1] for formula in FORMULAS]
    assert between[3] < min(between[1:3])
    assert max(between[1:3]) < between[0] < 0.5, "each source of noise adds errors"


def test_manifolds_have_the_size_and_shape_asked_for(small):
    clouds = gaussian_clouds(2.0, small, Seeds(1))
    radii = [np.sqrt(one.var(0, ddof=1).sum()) for one in clouds]
    assert radii == pytest.approx([0.9, 1.0, 1.1], rel=0.05)
    assert [np.linalg.norm(one.mean(0)) for one in clouds] == pytest.approx([2.0] * 3, rel=0.3)


def test_theory_holds_on_gaussians_and_equation_one_does_not(small):
    found = gaussians(small, Seeds(2))
    gaps = np.abs(found["gauss_predicted"] - found["gauss_measured"]).max((2, 3))
    assert gaps.shape == (4, 3)
    assert gaps[0, 0] < 0.045
    assert gaps[3, 0] > 0.06
    assert found["gauss_dimension"].min() > 20
    again = gaussians(small, Seeds(2))
    assert np.array_equal(found["gauss_measured"], again["gauss_measured"])


def test_layers_predictions_for_other_concepts_are_wrong():
    random = Seeds(3).numpy("layers")
    labels = np.repeat(np.arange(5), 40)
    values = 3 * random.normal(size=(5, 30))[labels] * np.linspace(0.1, 1, 5)[labels][:, None]
    layers = {"a": values + 2 * random.normal(size=(200, 30))}
    found = of_layers(layers, labels, (1, 5), 100, Seeds(4))
    assert found["measured"].shape == (2, 1, 20)
    assert correlations(found["predicted"], found["measured"]).min() > 0.9
    assert correlations(found["exchanged"], found["measured"]).max() < 0.6
    assert sorted(found["exchanged"][0, 0]) == pytest.approx(sorted(found["predicted"][0, 0])), "the same, elsewhere"


def test_claims_read_the_planted_results():
    measured = np.full((3, 2, 6), 0.2)
    by_formula = np.stack([measured + gap for gap in (0.01, 0.03, -0.05, -0.09)])
    by_formula[3, 2] = 0.25
    x = np.linspace(0.1, 0.4, 6)
    layer = np.array([[x, x, x], [x, x, x / 2]])
    one = Sorscher2022.Results(
        shots=[1, 5, 20], gauss_measured=measured, gauss_predicted=by_formula, gauss_dimension=np.ones((2, 3)),
        accuracy=0.7, layers={name: ["pixels", "conv1", "pooled"] for name in SYSTEMS},
        measured=dict.fromkeys(SYSTEMS, layer), predicted=dict.fromkeys(SYSTEMS, layer),
        exchanged=dict.fromkeys(SYSTEMS, layer[..., ::-1]), dimension=dict.fromkeys(SYSTEMS, np.ones((3, 3))),
    )  # fmt: skip
    claims = {c.id: c for c in Sorscher2022().claims(one)}
    assert claims["gaussian_one"].value == pytest.approx(0.01)
    assert claims["gaussian_one"].control.value == pytest.approx(0.09)
    assert claims["terms_matter"].control.value == pytest.approx(0.05)
    assert claims["second_order"].value == pytest.approx(0.05)
    assert claims["small_five"].value == pytest.approx(1)
    assert claims["small_five"].control.value == pytest.approx(-1)
    assert claims["learnt_geometry"].value == pytest.approx(0.5)
    assert {p.id for p in Sorscher2022().figures([_with_layer(one)])} >= {"gaussians", "formulas", "agreement"}


def _with_layer(one):
    """Return results whose second layer bears the name that is drawn."""
    names = {name: ["pixels", "fire9", "pooled"] for name in SYSTEMS}
    return Sorscher2022.Results(**(SimpleNamespace(**vars(one)).__dict__ | {"layers": names}))
