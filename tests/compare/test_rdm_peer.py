"""The same draws through rsatoolbox 0.3.2, in its own environment; skipped with the reason where there is none."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tertium.compare import RDM, join_partial_rdms, noise_covariance, rdm
from tertium.compare.distances.crossnobis import crossnobis, crossnobis_across
from tertium.rng import Seeds

pytestmark = pytest.mark.peer

SCRIPT = """
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import cov_from_residuals
from rsatoolbox.rdm import RDMs, calc_rdm, calc_rdm_unbalanced
from rsatoolbox.rdm.combine import rescale

def data(values, part):
    return Dataset(given[values], obs_descriptors={"c": given["condition" + part], "run": given["run" + part]})

balanced, unbalanced, holes = data("balanced", ""), data("unbalanced", "_u"), data("holes", "_u")
for method in ("euclidean", "correlation", "poisson"):
    found[method] = calc_rdm(balanced, method, "c").dissimilarities[0]
found["mahalanobis"] = calc_rdm(balanced, "mahalanobis", "c", noise=given["precision"]).dissimilarities[0]
options = {"descriptor": "c", "cv_descriptor": "run"}
found["crossnobis"] = calc_rdm(balanced, "crossnobis", **options).dissimilarities[0]
found["crossnobis_full"] = calc_rdm(balanced, "crossnobis", noise=given["precision"], **options).dissimilarities[0]
found["crossnobis_runs"] = calc_rdm(
    balanced, "crossnobis", noise=list(given["precisions"]), **options
).dissimilarities[0]
found["unbalanced"] = calc_rdm_unbalanced(unbalanced, "crossnobis", **options).dissimilarities[0]
found["unbalanced_full"] = calc_rdm_unbalanced(
    unbalanced, "crossnobis", noise=given["precision"], **options
).dissimilarities[0]
found["holes"] = calc_rdm_unbalanced(holes, "crossnobis", **options).dissimilarities[0]
found["ledoit_wolf"] = cov_from_residuals(given["residuals"].copy(), method="shrinkage_eye")
for method in ("evidence", "setsize", "simple"):
    found[method] = rescale(RDMs(given["partials"]), method, threshold=1e-26).dissimilarities
"""

N, P, R = 7, 12, 4


def _bench_peers():
    path = Path(__file__).resolve().parents[2] / "bench" / "peers.py"
    spec = importlib.util.spec_from_file_location("peers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def given():
    random = Seeds(0).numpy("peer")
    condition, run = (k.ravel() for k in np.meshgrid(np.arange(N), np.arange(R)))
    counts = random.integers(1, 4, size=(R, N))
    run_u, condition_u = (np.repeat(k.ravel(), counts.ravel()) for k in np.indices(counts.shape))
    unbalanced = random.normal(2.0, 1.0, size=(len(run_u), P))
    halves = random.normal(size=(R, P, 3 * P))
    precisions = np.linalg.inv(halves @ halves.transpose(0, 2, 1) / (3 * P))
    residuals = random.normal(size=(30, P)) * np.linspace(0.5, 3.0, P)
    partials = random.random((3, N * (N - 1) // 2)) + 0.3
    partials[0, 4:9] = partials[1, 12:] = partials[2, :3] = np.nan
    return {
        "balanced": random.gamma(2.0, 2.0, size=(N * R, P)),
        "condition": condition,
        "run": run,
        "unbalanced": unbalanced,
        "condition_u": condition_u,
        "run_u": run_u,
        "holes": np.where(random.random(unbalanced.shape) < 0.15, np.nan, unbalanced),
        "precision": precisions[0],
        "precisions": precisions,
        "residuals": residuals - residuals.mean(axis=0),
        "partials": partials,
    }


@pytest.fixture(scope="module")
def peer(given):
    peers = _bench_peers()
    python, reason = peers.peer_python("rsatoolbox")
    if not python:
        pytest.skip(reason)
    return peers.run_peer(python, SCRIPT, **given)


@pytest.mark.parametrize("metric", ["euclidean", "correlation", "poisson_kl"])
def test_averaged_metrics(given, peer, metric):
    found = rdm(given["balanced"], metric, labels=given["condition"]).vector
    np.testing.assert_allclose(found, peer[metric.removesuffix("_kl")], rtol=1e-10)


def test_mahalanobis(given, peer):
    found = rdm(given["balanced"], "mahalanobis", labels=given["condition"], noise=given["precision"]).vector
    np.testing.assert_allclose(found, peer["mahalanobis"], rtol=1e-10)


def test_crossnobis(given, peer):
    trials = given["balanced"], given["condition"], given["run"]
    for found, name in (
        (crossnobis(*trials), "crossnobis"),
        (crossnobis(*trials, precision=given["precision"]), "crossnobis_full"),
        (crossnobis(*trials, precision=dict(enumerate(given["precisions"]))), "crossnobis_runs"),
    ):
        np.testing.assert_allclose(found, peer[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_crossnobis_across_runs_is_the_peers_unbalanced_estimator(given, peer):
    labels = given["condition_u"], given["run_u"]
    for found, name in (
        (crossnobis_across(given["unbalanced"], *labels), "unbalanced"),
        (crossnobis_across(given["unbalanced"], *labels, precision=given["precision"]), "unbalanced_full"),
        (crossnobis_across(given["holes"], *labels), "holes"),
    ):
        np.testing.assert_allclose(found, peer[name], rtol=1e-10, atol=1e-12, err_msg=name)


def test_ledoit_wolf(given, peer):
    np.testing.assert_allclose(noise_covariance(given["residuals"]), peer["ledoit_wolf"], rtol=1e-10)


@pytest.mark.parametrize("method", ["evidence", "setsize", "simple"])
def test_joining_of_partial_rdms(given, peer, method):
    partials = [RDM(vector, tuple(map(str, range(N)))) for vector in given["partials"]]
    joined = join_partial_rdms(partials, method, tolerance=1e-26)
    found = np.array([part.vector for part in joined.parts])
    # both iterate, and stop at a squared change of 1e-26
    np.testing.assert_allclose(found, peer[method], rtol=1e-10)
