"""Lyapunov spectra: closed forms and known numbers, sums, errors, refusals."""

import numpy as np
import pytest

from tertium.dynamics import as_dynamics, lyapunov
from tertium.errors import BadInput

LORENZ = {"time": "continuous", "dt": 0.01}


def lorenz(h, x):
    a, b, c = np.asarray(h).T
    return np.stack([10 * (b - a), a * (28 - c) - b, a * b - 8 / 3 * c], axis=1)


def lorenz_jacobian(h, x):
    jacobian = np.zeros((len(h), 3, 3))
    jacobian[:, 0, 0], jacobian[:, 0, 1] = -10, 10
    jacobian[:, 1] = np.stack([28 - h[:, 2], np.full(len(h), -1.0), -h[:, 0]], axis=1)
    jacobian[:, 2] = np.stack([h[:, 1], h[:, 0], np.full(len(h), -8 / 3)], axis=1)
    return jacobian


def henon(h, x):
    h = np.asarray(h)
    return np.stack([1 - 1.4 * h[:, 0] ** 2 + h[:, 1], 0.3 * h[:, 0]], axis=1)


def hopf(h, x):
    h = np.asarray(h)
    return 0.5 * h + 2 * np.stack([-h[:, 1], h[:, 0]], axis=1) - (h**2).sum(1, keepdims=True) * h


def starts(n, units, scale=1.0, seed=0):
    return scale * np.random.default_rng(seed).normal(size=(n, units))


@pytest.mark.parametrize("time", ["discrete", "continuous"])
def test_exponents_of_a_linear_system_are_those_of_its_eigenvalues(time):
    rng = np.random.default_rng(1)
    basis = rng.normal(size=(4, 4))
    values = np.array([0.9, 0.5, 0.3, 0.1])
    matrix = basis @ np.diag(values) @ np.linalg.inv(basis)
    if time == "continuous":
        velocity = matrix - np.eye(4)
        found = lyapunov(lambda h, x: np.asarray(h) @ velocity.T, starts(2, 4), time=time, dt=0.05, steps=2000)
        expected = values - 1
    else:
        found = lyapunov(lambda h, x: np.asarray(h) @ matrix.T, starts(2, 4), steps=2000)
        expected = np.log(values)
    np.testing.assert_allclose(found.exponents, expected, atol=2e-4)  # vectors turn into place meanwhile
    assert found.sum == pytest.approx(found.divergence, abs=1e-6)
    assert found.kaplan_yorke == 0


def test_the_logistic_map_has_log_two():
    rng = np.random.default_rng(0)
    found = lyapunov(lambda h, x: 4 * np.asarray(h) * (1 - h), rng.uniform(size=(30, 1)), steps=3000)
    assert found.exponents[0] == pytest.approx(np.log(2), abs=5e-3)
    assert found.interval[0, 0] < np.log(2) < found.interval[0, 1]


def test_henon_has_its_exponents_and_dimension():
    found = lyapunov(henon, starts(20, 2, 0.1), steps=5000)
    np.testing.assert_allclose(found.exponents, [0.419, -1.623], atol=0.004)
    assert found.sum == pytest.approx(np.log(0.3), abs=1e-12)
    assert found.kaplan_yorke == pytest.approx(1.258, abs=0.004)
    assert found.entropy == found.exponents[0]


def test_lorenz_has_its_exponents_and_loses_volume_at_the_known_rate():
    common = {"jacobian": lorenz_jacobian, "transient": 5000, **LORENZ}  # starts near the middle of a wing stay long
    found = lyapunov(lorenz, starts(40, 3, 5), steps=5000, **common)
    assert found.exponents[0] == pytest.approx(0.9056, abs=0.03)
    assert found.exponents[1] == pytest.approx(0, abs=0.02)
    assert found.exponents[2] == pytest.approx(-14.572, abs=0.03)
    assert found.divergence == pytest.approx(-41 / 3, abs=1e-9)
    assert found.sum == pytest.approx(-41 / 3, abs=3e-4)  # the integration's own error, of order dt^4
    finer = lyapunov(lorenz, starts(2, 3, 5), time="continuous", dt=0.005, steps=2000, jacobian=lorenz_jacobian)
    coarse = lyapunov(lorenz, starts(2, 3, 5), steps=1000, jacobian=lorenz_jacobian, **LORENZ)
    assert abs(coarse.sum - coarse.divergence) > 8 * abs(finer.sum - finer.divergence)
    assert found.interval[0, 0] < 0.9056 < found.interval[0, 1]
    assert found.kaplan_yorke == pytest.approx(2.062, abs=0.005)


def test_the_cycle_of_hopf_has_zero_and_minus_two_mu():
    found = lyapunov(hopf, starts(2, 2), time="continuous", dt=0.02, steps=5000)
    np.testing.assert_allclose(found.exponents, [0, -1], atol=1e-3)


def test_few_exponents_of_many_units_are_the_first_of_all():
    rng = np.random.default_rng(4)
    weights = 2.5 * rng.normal(size=(24, 24)) / np.sqrt(24)

    def network(h, x):
        return -np.asarray(h) + np.tanh(h) @ weights.T

    common = {"time": "continuous", "dt": 0.05, "steps": 1500, "transient": 500}
    some = lyapunov(network, starts(1, 24), n_exponents=3, **common)  # along differences
    whole = lyapunov(network, starts(1, 24), **common)  # by the Jacobian
    np.testing.assert_allclose(some.exponents, whole.exponents[:3], atol=0.02)
    assert np.isnan(some.divergence)
    assert not some.whole
    assert whole.sum == pytest.approx(whole.divergence, abs=1e-4)
    by_hand = lyapunov(
        network,
        starts(1, 24),
        n_exponents=3,
        jacobian=lambda h, x: -np.eye(24) + weights * (1 - np.tanh(h) ** 2)[:, None],
        **common,
    )
    np.testing.assert_allclose(some.by_start, by_hand.by_start, atol=0.02)


def test_intervals_hold_what_they_say():
    """Of independent random stretchings the true exponent is known: 95 % of intervals hold it."""
    rng = np.random.default_rng(5)
    drive = rng.normal(size=(200, 400, 1))
    found = lyapunov(lambda h, x: np.exp(0.3 * np.asarray(x)) * h, np.ones((200, 1)), drive, steps=400, transient=0)
    low, high = found.intervals_by_start[:, 0].T
    assert 0.90 <= ((low < 0) & (high > 0)).mean() <= 0.99
    assert found.interval[0, 0] < 0 < found.interval[0, 1]
    np.testing.assert_allclose(found.by_start[:, 0], 0.3 * drive[..., 0].mean(1), atol=1e-9)


def test_blocks_cover_what_is_measured_and_no_more():
    drive = np.random.default_rng(6).uniform(0.5, 2, size=(1, 130, 1))
    found = lyapunov(lambda h, x: np.asarray(x) * h, [1.0], drive, steps=100, transient=30, qr_every=5, blocks=4)
    expected = np.log(drive[0, 30:, 0]).reshape(4, 25).mean(1)
    np.testing.assert_allclose(found.blocks[0, :, 0], expected)


def test_a_superstable_orbit_is_very_stable():
    found = lyapunov(lambda h, x: 2 * np.asarray(h) * (1 - h), [0.5], steps=100, transient=10)
    assert found.exponents[0] < -20


def test_the_same_seed_gives_the_same_spectrum():
    a, b = (lyapunov(henon, starts(2, 2, 0.1), steps=200) for _ in range(2))
    np.testing.assert_array_equal(a.blocks, b.blocks)


def test_table_report_and_pictures():
    found = lyapunov(henon, starts(3, 2, 0.1), steps=500)
    table = found.table()
    assert (table["low"] <= table["exponent"]).all()
    assert "per step" in found.report()
    assert found.figure().layout.yaxis.title.text == "Lyapunov exponent (nats per step)"
    assert len(found.convergence_figure().data) == 2 * (3 + 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"n_exponents": 3}, "1 to 2"),
        ({"n_exponents": 0}, "1 to 2"),
        ({"blocks": 1}, "at least 1, 2 and 0"),
        ({"steps": 5}, "at least 10"),
        ({"dt": 0.1}, "time='continuous'"),
        ({"time": "continuous"}, "Pass dt=0.01"),
        ({"jacobian": lambda h, x: np.zeros((1, 3))}, "jacobian"),
        ({"h0": [[5.0, 5.0]]}, "stays bounded"),
    ],
)
def test_what_has_no_spectrum_is_refused(change, said):
    given = {"h0": [0.1, 0.1], "steps": 200, "transient": 20} | change
    with pytest.raises(BadInput) as problem, np.errstate(over="ignore", invalid="ignore"):
        lyapunov(henon, given.pop("h0"), **given)
    assert said in str(problem.value)


def test_vectors_that_fall_together_are_told():
    system = as_dynamics(lambda h, x: np.asarray(h) * [0.9, 0.01], 2)
    with pytest.raises(BadInput, match="qr_every=1"):
        lyapunov(system, [1.0, 1.0], steps=200, qr_every=10)
