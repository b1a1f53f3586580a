"""Pseudo-populations: unequal trials, several sessions, missing conditions; noise and its share of the variance."""

import numpy as np
import pytest

from tertium.data import make_responses
from tertium.dynamics import dpca
from tertium.dynamics.demixed.marginals import default_groups, marginalise
from tertium.dynamics.demixed.noise import NoiseCovariance, noise_power
from tertium.dynamics.demixed.pseudo_population import pseudo_population
from tertium.errors import BadInput
from tertium.rng import Seeds

LABELS = ["stimulus", "decision"]


def session(seed, n_units, counts=(5, 4, 3, 6), noise=1.0, time=None):
    """One session with unequal numbers of trials of the four conditions, in random order."""
    rng = Seeds(seed).numpy("session")
    condition = rng.permutation(np.repeat(np.arange(4), counts))
    mean = rng.normal(size=(4, 6, n_units))
    values = mean[condition] + noise * rng.normal(size=(len(condition), 6, n_units))
    labels = {"stimulus": condition // 2, "decision": np.array(["left", "right"])[condition % 2]}
    return make_responses(values, dt=0.1, trial=labels, time=time)


def test_averages_and_leaving_one_out():
    sessions = {"a": session(0, 3), "b": session(1, 2, (2, 3, 2, 2)), "c": session(2, 1, (7, 2, 4, 3))}
    made = pseudo_population(sessions, LABELS)
    assert made.units == ("a/0", "a/1", "a/2", "b/0", "b/1", "c/0")
    assert made.levels == (("stimulus", (0, 1)), ("decision", ("left", "right")))
    for unit, (name, i) in enumerate([("a", 0), ("a", 1), ("a", 2), ("b", 0), ("b", 1), ("c", 0)]):
        r = sessions[name]
        for c in range(4):
            own = (r["stimulus"].values == c // 2) & (r["decision"].values == ["left", "right"][c % 2])
            assert made.counts[unit, c] == own.sum()
            np.testing.assert_allclose(made.means[unit, c], r.values[own, :, i].mean(0), atol=1e-13)
    held = made.draw(Seeds(0).numpy("held"))
    same_trial = [
        any(np.array_equal(r.values[k, :, :3].T, held[:3, 0]) for k in range(r.sizes["trial"])) for r in [sessions["a"]]
    ]
    assert same_trial == [True]  # units of one session give one trial
    total = made.means * made.counts[..., None]
    np.testing.assert_allclose(made.without(held) * (made.counts[..., None] - 1), total - held, atol=1e-12)


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_noise_covariance_by_definition_and_without_held_out_trials(kind):
    sessions = {"a": session(0, 3), "b": session(1, 2, (3, 3, 2, 4))}
    made = pseudo_population(sessions, LABELS)
    held = made.draw(Seeds(1).numpy("held"))

    def by_hand(leave_out):
        found = np.zeros((5, 5))
        for name, units in (("a", [0, 1, 2]), ("b", [3, 4])):
            r = sessions[name]
            condition = r["stimulus"].values * 2 + (r["decision"].values == "right")
            for c in range(4):
                trials = list(np.flatnonzero(condition == c))
                if leave_out:
                    trials = [k for k in trials if not np.array_equal(r.values[k].T, held[units, c])]
                block = r.values[trials]
                gone = (block - block.mean(0)).reshape(-1, len(units))
                found[np.ix_(units, units)] += gone.T @ gone / len(trials)
        return np.diag(np.diag(found)) if kind == "diagonal" else found

    covariance = NoiseCovariance(made, kind)
    np.testing.assert_allclose(covariance.matrix, by_hand(False), atol=1e-11)
    np.testing.assert_allclose(covariance.without(held), by_hand(True), atol=1e-11)


def test_expected_noise_of_each_marginalisation():
    """No signal, noise that is correlated in time: all variance is noise, in every marginalisation."""
    rng = Seeds(3).numpy("noise")
    counts = (4, 6, 5, 8)
    condition = np.repeat(np.arange(4), counts)
    values = np.cumsum(rng.normal(size=(len(condition), 12, 4000)), axis=1)
    r = make_responses(values, dt=0.1, trial={"stimulus": condition // 2, "decision": condition % 2})
    made, groups = pseudo_population(r, LABELS), default_groups(LABELS)
    power = noise_power(made, groups)
    for name, part in marginalise(made.means.reshape(4000, 2, 2, 12), groups, LABELS).items():
        # some 1.6 independent numbers a unit: the power of noise itself is known to 2.5 %
        assert power[name] == pytest.approx((part**2).sum(), rel=0.08)


def test_signal_variance_is_recovered():
    rng = Seeds(4).numpy("signal")
    signal = rng.normal(size=(4, 10, 400))
    condition = np.repeat(np.arange(4), 6)
    values = signal[condition] + 2 * rng.normal(size=(24, 10, 400))
    labels = {"stimulus": condition // 2, "decision": condition % 2}
    clean = dpca(make_responses(signal[np.arange(4)], trial={k: v[::6] for k, v in labels.items()}), LABELS, ridge=0.1)
    noisy = dpca(make_responses(values, trial=labels), LABELS, ridge=0.1)
    assert clean.noise is None
    for name in clean.groups:
        assert noisy.signal[name] == pytest.approx(clean.marginal[name], abs=0.02)
    # noise in an average of 6 has 4 / 6 of the variance of the signal
    assert noisy.signal_share == pytest.approx(1 / (1 + 4 / 6), abs=0.02)


def test_one_trial_of_a_condition_is_handled_but_not_held_out():
    r = session(5, 4, (1, 4, 3, 5))
    found = dpca(r, LABELS, ridge=0.1)
    assert found.n_trials == (1, 5)
    assert np.isfinite(found.encoder).all()
    with pytest.raises(BadInput, match="one trial of stimulus=0, decision=left"):
        dpca(r, LABELS)
    power = noise_power(pseudo_population(r, LABELS), default_groups(LABELS))
    assert all(value > 0 for value in power.values())


def test_a_missing_condition_is_named():
    with pytest.raises(BadInput, match="unit 'b/0': got no trial of stimulus=1, decision=left"):
        dpca({"a": session(0, 2), "b": session(1, 2, (2, 2, 0, 2))}, LABELS)


def test_sessions_with_other_times():
    other = session(1, 2, time=np.arange(6) * 0.1 + 0.05)
    with pytest.raises(BadInput, match="session 'b'"):
        dpca({"a": session(0, 2), "b": other}, LABELS)


def test_order_of_trials_does_not_matter_and_sessions_as_list():
    r = session(0, 5)
    found = dpca(r, LABELS, ridge=0.1)
    shuffled = r.isel(trial=Seeds(9).numpy("order").permutation(r.sizes["trial"]))
    again = dpca([shuffled.isel(unit=slice(0, 2)), shuffled.isel(unit=slice(2, 5))], LABELS, ridge=0.1)
    np.testing.assert_allclose(again.encoder, found.encoder, atol=1e-9)
    assert again.units == ("0/0", "0/1", "1/2", "1/3", "1/4")
