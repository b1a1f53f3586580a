"""Mean-field theory of low-rank networks, held against adaptive quadrature and against simulated networks."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erf

from tertium.errors import BadInput
from tertium.rng import Seeds
from tertium.theory import bistability_overlap, chaotic_variance, gaussian_average, kappa_flow, rank_one_states

FUNCTIONS = {
    "mean": np.tanh,
    "slope": lambda x: 1 / np.cosh(x) ** 2,
    "square": lambda x: np.tanh(x) ** 2,
    "squared_slope": lambda x: 1 / np.cosh(x) ** 4,
    "integral": lambda x: np.log(np.cosh(x)),
    "squared_integral": lambda x: np.log(np.cosh(x)) ** 2,
}


@pytest.mark.parametrize("what", list(FUNCTIONS))
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 0.5), (0.7, 3.0), (-1.0, 40.0)])
def test_averages_agree_with_adaptive_quadrature(what, mean, variance):
    def weighted(z):
        return FUNCTIONS[what](mean + np.sqrt(variance) * z) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    expected = quad(weighted, -9, 9, limit=400, epsabs=1e-12)[0]
    assert float(gaussian_average(what, mean, variance)) == pytest.approx(expected, abs=1e-8)


def test_the_closed_forms_of_erf_agree_with_its_quadrature():
    def weighted(z):
        return erf(np.sqrt(np.pi) / 2 * (0.4 + 1.3 * z)) * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)

    assert float(gaussian_average("mean", 0.4, 1.69, "erf")) == pytest.approx(quad(weighted, -9, 9)[0], abs=1e-9)
    step = 1e-5
    up, down = (float(gaussian_average("mean", 0.4 + s, 1.69, "erf")) for s in (step, -step))
    assert float(gaussian_average("slope", 0.4, 1.69, "erf")) == pytest.approx((up - down) / (2 * step), abs=1e-8)


def test_the_flow_is_that_of_a_large_network_of_two_populations_of_rank_two():
    rng = Seeds(0).numpy("network")
    sources = rng.normal(size=(2, 5, 5)) * 0.6
    covariances, means = sources @ sources.transpose(0, 2, 1), rng.normal(size=(2, 5)) * 0.4
    weights, units = np.array([0.3, 0.7]), 400_000
    loadings = np.concatenate(
        [rng.multivariate_normal(m, c, round(w * units)) for w, m, c in zip(weights, means, covariances, strict=True)]
    )
    m, n, i = loadings[:, :2], loadings[:, 2:4], loadings[:, 4]
    for kappa, v in ((np.array([0.5, -1.0]), 0.8), (np.array([2.0, 0.3]), -1.0)):
        rates = np.tanh(m @ kappa + i * v)
        simulated = -kappa + n.T @ rates / units
        flow = kappa_flow([kappa], [v], weights=weights, means=means, covariances=covariances)
        np.testing.assert_allclose(flow.velocity[0], simulated, atol=0.01)
        means_part = (weights[:, None] * means[:, 2:4] * gaussian_average("mean", means[:, [0, 1, 4]] @ [*kappa, v],
                      flow.variance[0])[:, None]).sum(0)  # fmt: skip
        effective = flow.recurrent[0].sum(0) @ kappa + flow.feedforward[0].sum(0) @ [v] + means_part - kappa
        np.testing.assert_allclose(flow.velocity[0], effective, atol=1e-12)


def test_stationary_states_are_zeros_of_the_flow():
    covariance = [[[1.0, 1.8], [1.8, 4.0]]]
    for state in rank_one_states(1.8, random_gain=0.7):
        flow = kappa_flow(
            [[state.kappa]], [], weights=[1], means=np.zeros((1, 2)), covariances=covariance, random_gain=0.7
        )
        np.testing.assert_allclose(flow.velocity, 0, atol=1e-6)
        assert flow.variance[0, 0] == pytest.approx(state.variance, abs=1e-6)


@pytest.mark.parametrize(("gain", "variance"), [(0.0, 0.0), (0.5, 1.0)])
def test_two_states_begin_at_the_predicted_overlap(gain, variance):
    at = bistability_overlap(random_gain=gain, input_variance=variance)
    below, over = (rank_one_states(at * s, random_gain=gain, input_variance=variance) for s in (0.99, 1.01))
    assert [s.stable for s in below] == [True]
    assert [s.stable for s in over] == [False, True, True]


def test_the_chaotic_variance_is_that_of_a_simulated_network():
    rng = Seeds(4).numpy("chaos")
    n, gain, dt = 800, 2.0, 0.1
    w = (gain / np.sqrt(n) * rng.normal(size=(n, n))).astype(np.float32)
    x = rng.normal(size=(4, n)).astype(np.float32)
    squares = []
    for step in range(1000):
        x = x + np.float32(dt) * (np.tanh(x) @ w.T - x)
        if step >= 300:
            squares.append(float((x**2).mean()))
    assert np.mean(squares) == pytest.approx(chaotic_variance(gain), rel=0.05)


def test_bad_input_is_named():
    with pytest.raises(BadInput, match="average: got 'median'"):
        gaussian_average("median")
    with pytest.raises(BadInput, match="transfer: got 'relu'"):
        gaussian_average("mean", transfer="relu")
    with pytest.raises(BadInput, match="input: got a negative variance"):
        gaussian_average("mean", 0, -1)
    with pytest.raises(BadInput, match=r"random_gain: got .*, expected above 1"):
        chaotic_variance(0.9)
    with pytest.raises(BadInput, match=r"kappa: got shape \(1,\)"):
        kappa_flow([1.0], [], weights=[1], means=np.zeros((1, 2)), covariances=np.zeros((1, 2, 2)))
    with pytest.raises(BadInput, match="populations: got weights"):
        kappa_flow([[1.0]], [], weights=[1], means=np.zeros((1, 3)), covariances=np.zeros((1, 2, 2)))
    with pytest.raises(BadInput, match="weights: got"):
        kappa_flow([[1.0]], [], weights=[0.5], means=np.zeros((1, 2)), covariances=np.zeros((1, 2, 2)))
    with pytest.raises(BadInput, match="network: got var"):
        rank_one_states(1.0, m_variance=0)
