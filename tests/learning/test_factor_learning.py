"""Spiking units that make factors: compiled and plain trials agree, and what was learned goes on by itself."""

from dataclasses import replace

import numpy as np
import pytest

from tertium.errors import BadInput
from tertium.learning.force_learning import (
    RecursiveLeastSquares,
    learn_factors,
    run_factors,
    spiking_network,
    take_off_means,
)
from tertium.learning.force_learning.compiled_spikes import take_in


def network(units=60, factors=2, **options):
    rng = np.random.default_rng(0)
    return spiking_network(5 * rng.normal(size=(units, factors)), rng.normal(size=(units, 1)), **options)


def waves(trials=3, steps=150):
    phase = 2 * np.pi * np.arange(steps) * 1e-3 / 0.15
    return np.stack([np.sin(phase), np.cos(phase)], axis=1)[None].repeat(trials, axis=0)


def driven(factors):
    return np.full((*factors.shape[:2], 1), 2.0)


@pytest.mark.parametrize("options", [{}, {"slow": 0.0, "share": 0.5}, {"fast": 0.0, "inhibition": 0.0}])
def test_compiled_and_plain_trials_agree(options) -> None:
    """Spikes amplify rounding, so trials are short."""
    made, wanted = network(**options), waves(steps=60)
    ran = {
        backend: learn_factors(made, wanted, driven(wanted), backend=backend, rest=0.05, seed=2)
        for backend in ("compiled", "reference")
    }
    fast, plain = ran.values()
    assert fast.spikes.any()
    np.testing.assert_array_equal(fast.spikes, plain.spikes)
    np.testing.assert_allclose(fast.factors, plain.factors, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fast.network.factors, plain.network.factors, rtol=1e-6, atol=1e-8)
    left = [run_factors(one.network, driven(wanted), backend=backend, seed=4) for backend, one in ran.items()]
    np.testing.assert_array_equal(left[0].spikes, left[1].spikes)


def test_half_of_the_inverse_is_enough() -> None:
    rng = np.random.default_rng(0)
    rls, half = RecursiveLeastSquares((7,)), np.eye(7)
    for _ in range(20):
        seen, gain = rng.normal(size=7), np.zeros(7)
        before = rls.inverse @ seen
        scale = take_in(half, seen, gain)
        np.testing.assert_allclose(gain, before, rtol=1e-10)
        assert scale == pytest.approx(1 / (1 + seen @ before))
        rls.step(seen, np.zeros(1))
    np.testing.assert_allclose(np.tril(half), np.tril(rls.inverse), rtol=1e-9, atol=1e-12)


def test_what_is_learned_goes_on_by_itself_and_not_in_another_order() -> None:
    wanted = waves(trials=30, steps=300)
    made = take_off_means(network(150, slow=0.0, fast=0.05), wanted[:5], driven(wanted[:5]))
    learned = learn_factors(made, wanted, driven(wanted), seed=1)
    left = run_factors(learned.network, driven(wanted[:5]), factors=wanted[:5], seed=9)
    assert left.errors.max() < 0.3  # of 300 ms without anything that tells the phase
    assert 1 < left.spikes.mean() * 1000 < 100
    held = learned.network
    other = replace(held, factors=held.factors[:, np.random.default_rng(0).permutation(held.factors.shape[1])])
    assert run_factors(other, driven(wanted[:5]), factors=wanted[:5], seed=9).errors.min() > 0.6
    assert not made.factors.any()  # learning leaves what it is given alone


def test_means_are_taken_off() -> None:
    constant = np.full((6, 200, 2), 0.7)
    made = network(slow=0.0, fast=0.0)
    held = take_off_means(made, constant, driven(constant), rest=0.0)
    # units hear nothing in the first step of a trial
    np.testing.assert_allclose(held.mean, made.spread @ [0.7, 0.7] * 199 / 200, rtol=1e-9)


def test_given_factors_are_heard_in_place_of_own_ones() -> None:
    made = network(slow=0.0, fast=0.0, inhibition=0.0)
    given = np.full((1, 300, 2), 0.7)
    spikes = run_factors(made, 0 * driven(given), factors=given, hears="given", rest=0.0).spikes[0]
    pull = made.spread @ [0.7, 0.7]
    assert not spikes[:, pull < 0].any()
    unit = int(pull.argmax())
    gap = np.ceil(1e3 * made.tau * np.log((pull[unit] + made.depth) / pull[unit]))
    assert set(np.diff(np.flatnonzero(spikes[:, unit]))) == {gap}


def test_random_synapses_arrive_with_their_time_constants() -> None:
    made = network(units=3, slow=1.0, fast=1.0)
    made.rest(np.array([1.0, -5.0, -5.0]))
    spikes = made.step(np.zeros(2), np.zeros(1))
    np.testing.assert_array_equal(spikes, [True, False, False])
    np.testing.assert_allclose(made.received_slow, made.random_slow[:, 0])
    made.voltage[:] = -50.0
    assert not made.step(np.zeros(2), np.zeros(1)).any()
    np.testing.assert_allclose(made.received_slow, made.random_slow[:, 0] * np.exp(-0.01))
    np.testing.assert_allclose(made.received_fast, made.random_fast[:, 0] * np.exp(-0.2))


def test_trials_begin_anew_and_the_seed_decides() -> None:
    made = network()
    inputs = np.full((3, 80, 1), 2.0)
    first, again, other = (run_factors(made, inputs, rest=0.0, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.spikes, again.spikes)
    assert not np.array_equal(first.spikes, other.spikes)
    assert not np.array_equal(first.spikes[0], first.spikes[1])
    assert np.isnan(first.errors).all()


def test_what_makes_no_sense_is_refused() -> None:
    made, wanted = network(), waves()
    with pytest.raises(BadInput, match="factors and inputs"):
        learn_factors(made, wanted[:, :, :1], driven(wanted))
    with pytest.raises(BadInput, match="not finite"):
        learn_factors(made, np.full_like(wanted, np.nan), driven(wanted))
    with pytest.raises(BadInput, match="every"):
        learn_factors(made, wanted, driven(wanted), every=0.5)
    with pytest.raises(BadInput, match="backend"):
        run_factors(made, driven(wanted), backend="slow")
    with pytest.raises(BadInput, match="hears"):
        run_factors(made, driven(wanted), hears="given")
    with pytest.raises(BadInput, match="spread and inputs"):
        spiking_network(np.zeros((3, 2)), np.zeros((4, 1)))
    with pytest.raises(BadInput, match="share"):
        spiking_network(np.zeros((3, 2)), np.zeros((3, 1)), share=0)
