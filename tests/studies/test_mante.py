"""COG02 and COG03: what is measured of networks and of LIP finds what was planted."""

import numpy as np
import pytest
import torch

from tertium.data import make_responses
from tertium.dynamics import tdr
from tertium.rng import Seeds
from tertium.studies.kept import kept_arrays, kept_networks
from tertium.studies.mante2013 import Mante2013
from tertium.studies.methods import mante_axes, mante_choices, mante_measures
from tertium.studies.methods.mante_lines import line_of
from tertium.studies.methods.mante_networks import ManteConfig, blank_network, leak_of, log_loss, task_of, training
from tertium.tasks.presets.mante13 import PROBES

CONFIG = ManteConfig(units=40, noise=0.0)


def planted(select=True):
    """Return a linear-as-can-be network whose line and selection vectors are written down.

    Both inputs push along directions of their own; contexts gate by saturation: a cue drives the units that read the
    other input into the flat part of tanh, so the reading of the relevant one is left.
    """
    network = blank_network(CONFIG, 0)
    n = CONFIG.units
    half = n // 2
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        w_in, w = network.cell.input_weight, network.cell.recurrent_weight
        w_in[:half, 0] = 1.0  # motion reaches the first half
        w_in[half:, 1] = 1.0  # colour the second
        if select:
            w_in[half:, 2] = torch.tensor([4.0, -4.0]).repeat(half // 2)  # judge motion: the second half is flat
            w_in[:half, 3] = torch.tensor([4.0, -4.0]).repeat(half // 2)
        w[:, :] = 1.0 / (half if select else n)  # one mode, of eigenvalue 1 when the right half is awake
        network.readout.weight[:] = 1.0 / half
    return network


@pytest.fixture(scope="module")
def vectors():
    network, found = planted(), []
    rng = np.random.default_rng(0)
    for context in range(2):
        states = 0.02 * rng.normal(size=(60, 1)) * np.ones((1, CONFIG.units)) + 0.0
        found.append(line_of(network, states, context, 7))
    return network, found


def test_the_planted_line_and_what_it_selects_are_found(vectors):
    network, found = vectors
    for one in found:
        assert len(one.points) == 7
        assert one.straight > 0.99
        top = (one.points.eigenvalues[:, 0].real - 1) / leak_of(network)
        # closed form: J / alpha = -1 + w g', of rank one: half a sum of gains of 20 units near 1, less what is flat
        gains = 1 - np.tanh(one.points.points) ** 2
        np.testing.assert_allclose(top, gains.mean(1) * 2 - 1, atol=1e-5)
        assert np.all(np.diff(one.outputs) > 0) or np.all(np.diff(one.outputs) < 0)
    measured = mante_measures.selection(network, found, Seeds(0))
    # relevant: gain 1; irrelevant: 1 - tanh(4)^2 = 0.00134 as a share
    assert measured["ratio"] > 100
    assert measured["ratio_shuffled"] < 10
    kept = mante_measures.kept_vectors(measured["selection"])
    assert kept.contexts == ("motion", "colour")
    assert kept.strengths.shape == (2, 2)


def test_speed_is_along_the_line_only(vectors):
    network, found = vectors
    points = found[0].points
    step = network.cell.step
    moved = step(torch.from_numpy(points.points).float(), torch.from_numpy(points.inputs).float())[0].detach().numpy()
    velocity = moved - points.points
    direction = np.linalg.svd(points.points - points.points.mean(0))[2][0]
    across = velocity - np.outer(velocity @ direction, direction)
    assert np.abs(across).max() < 1e-5


def test_without_selection_both_inputs_are_picked_up_alike():
    network = planted(select=False)
    states = 0.02 * np.random.default_rng(1).normal(size=(60, 1)) * np.ones((1, CONFIG.units))
    measured = mante_measures.selection(network, [line_of(network, states, i, 5) for i in range(2)], Seeds(0))
    assert measured["ratio"] == pytest.approx(1, abs=1e-3)
    assert measured["projection_change"] == pytest.approx(0, abs=1e-3)
    assert measured["input_change"] == pytest.approx(0, abs=1e-3)


def test_evidence_and_noise_of_a_trial_do_not_depend_on_the_step():
    sums = []
    for dt in (0.005, 0.015):
        batch = task_of(ManteConfig(dt=dt, tau=0.02), (0.15,)).batch(4000, seed=0)
        total = (batch.inputs[:, :, 0] * dt).sum(0) * np.sign(batch.columns["motion"])
        sums.append((total.mean(), total.std()))
    assert [mean for mean, _ in sums] == pytest.approx([0.1125, 0.1125], abs=2e-3)  # 0.15 for 0.75 s
    # closed form: sqrt(750) samples of 1 ms
    assert [spread for _, spread in sums] == pytest.approx([750**0.5 * 1e-3] * 2, rel=0.05)


def test_the_log_loss_is_that_of_the_last_step():
    batch = task_of(CONFIG, PROBES).batch(5, seed=0)
    from tertium.learning import Trials

    trials = Trials(*(torch.from_numpy(a) for a in (batch.inputs, batch.targets, batch.mask)), batch)
    outputs = torch.randn(batch.targets.shape, generator=torch.Generator().manual_seed(0))
    z = outputs[-1, :, 0].numpy() * batch.columns["answer"]
    assert float(log_loss(outputs, trials)) == pytest.approx(np.log1p(np.exp(-2 * z)).mean(), rel=1e-5)


def choosing(weights, n=6000):
    """Return trials and outputs of an observer with given weights on both inputs in each context."""
    batch = task_of(CONFIG, PROBES).batch(n, seed=1)
    columns, rng = batch.columns, np.random.default_rng(0)
    drive = np.array(weights)[columns["context"]] * np.stack([columns["motion"], columns["colour"]], 1) / PROBES[-1]
    logistic = rng.logistic(size=n)
    return batch, (drive.sum(1) + logistic)[None, :, None]


def test_planted_slopes_of_choices_are_found():
    batch, outputs = choosing([[4.0, 0.4], [-0.6, 3.0]])
    found = mante_choices.weights(batch, outputs)
    np.testing.assert_allclose(found, [[4.0, 0.4], [-0.6, 3.0]], atol=0.35)
    assert mante_choices.slope_ratio(found) == pytest.approx(0.2, abs=0.08)
    dealt = np.random.default_rng(2).permutation(batch.columns["context"])
    assert mante_choices.slope_ratio(mante_choices.weights(batch, outputs, dealt)) > 0.5
    fractions = mante_choices.fractions(batch, outputs)
    assert fractions[0, 0, 0] < 0.1 < 0.9 < fractions[0, 0, -1]


def test_an_observer_who_adds_up_everything_is_as_good_as_the_closed_form():
    batch = task_of(CONFIG, PROBES).batch(12_000, seed=3)
    columns = batch.columns
    summed = np.where(columns["context"] == 0, batch.inputs[:, :, 0].sum(0), batch.inputs[:, :, 1].sum(0))
    found = mante_choices.accuracies(batch, np.broadcast_to(summed[None, :, None], batch.targets.shape)).mean(0)
    np.testing.assert_allclose(found, mante_choices.ideal_observer(np.array(PROBES), 0.75, 1.0), atol=0.02)


def population(gated=False, n=1600, units=30, seed=0):
    """Plant axes: choice, motion, colour, context; irrelevant evidence is there, or shut out."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(units, 4)))[0].T
    context = rng.choice([-1, 1], n)
    motion, colour = rng.choice(mante_choices.LEVELS, (2, n))
    choice = np.where(np.where(context < 0, motion, colour) + 0.05 * rng.normal(size=n) > 0, 1, -1)
    share = np.where(gated, 0.0, 0.8)
    heard = motion * np.where(context < 0, 1, share), colour * np.where(context > 0, 1, share)
    time = np.linspace(0, 1, 6)
    signal = (
        3 * time[:, None] * choice[:, None, None] * axes[0]
        + 20 * heard[0][:, None, None] * axes[1]
        + 20 * heard[1][:, None, None] * axes[2]
        + context[:, None, None] * axes[3]
    )
    labels = {"choice": choice, "motion": motion, "colour": colour, "context": context}
    return make_responses(signal + 0.3 * rng.normal(size=signal.shape), dt=0.1, trial=labels)


def axes_of(rates):
    return tdr(
        rates, list(mante_axes.REGRESSORS), conditions=list(mante_axes.CONDITIONS), missing="drop", n_permutations=0
    )


@pytest.mark.parametrize("gated", [False, True])
def test_evidence_that_is_shut_out_is_told_from_evidence_that_is_not(gated):
    first, second = mante_axes.halves(population(gated))
    found = axes_of(first)
    share = mante_axes.kept_when_irrelevant(found, second)
    assert share == pytest.approx(0.0 if gated else 0.8, abs=0.2)
    assert mante_axes.decoded_choice(found, second) > 0.97
    # an axis of shuffled choices is any direction: of few dimensions it may see the choice, with either sign
    dealt = [axes_of(mante_axes.relabelled(first, "choice", np.random.default_rng(k))) for k in range(12)]
    assert np.mean([mante_axes.decoded_choice(one, second) for one in dealt]) < 0.9


def test_one_choice_axis_in_both_contexts_is_seen_as_one():
    rates = population(n=3000)
    assert mante_axes.choice_angle(rates, 12) < 12
    turned = rates.copy(deep=True)
    here = turned["context"].values > 0
    # the same activity with units exchanged is another axis
    turned.values[here] = turned.values[here][:, :, np.random.default_rng(1).permutation(30)]
    assert mante_axes.choice_angle(turned, 12) > 40


def test_four_planted_dimensions_are_four_components():
    found = axes_of(population())
    variance = mante_axes.variance_of_components(found.averages)
    assert variance[3] > 0.9 > variance[1]
    assert (
        mante_axes.variance_of_components(mante_axes.shuffled_units(found.averages, np.random.default_rng(0)))[3] < 0.5
    )


def test_paths_are_of_correct_trials():
    rates = population()
    found = axes_of(rates)
    drawn = mante_axes.paths(found, rates)
    assert drawn["mean"].shape == (2, 2, 6, 6, 4)
    # judging motion, sorted by motion: the choice axis ends on the side of the evidence
    ends = drawn["mean"][0, 0, :, -1, 0]
    assert (ends[:3] < 0).all()
    assert (ends[3:] > 0).all()
    assert np.abs(drawn["mean"][0, 1, :, -1, 0]).max() < 0.5 * ends[-1]


def lip_like(seed=0, with_motion=True):
    """Plant neurons recorded one after another: all carry choice, some motion."""
    rng, sessions = np.random.default_rng(seed), {}
    for i in range(25):
        coherence = rng.choice([0.0, 0.032, 0.128, 0.512], 120)
        direction = rng.integers(1, 3, 120)
        motion = np.where(direction == 1, 1, -1) * coherence
        choice = np.where(motion + 0.2 * rng.normal(size=120) > 0, 1, 2)
        ramp = np.arange(6.0)[:, None]
        drive = np.where(choice == 1, 1, -1)[:, None, None] * ramp * 0.3
        drive = drive + (8 * (i % 3 - 1) * motion[:, None, None] if with_motion else 0)
        labels = {"coherence": coherence, "direction": direction, "choice": choice, "rt": np.full(120, 0.9)}
        labels["rt"][:10] = 0.1
        values = drive + rng.normal(size=(120, 6, 1))
        sessions[f"n{i}"] = make_responses(values, dt=0.05, trial=labels, unit={"unit": [f"n{i}"]})
    return mante_axes.lip_sessions(sessions, 0.4)


@pytest.mark.parametrize("with_motion", [True, False])
def test_axes_of_neurons_recorded_one_after_another(with_motion):
    sessions = lip_like(with_motion=with_motion)
    assert {r.sizes["trial"] for r in sessions.values()} == {110}
    assert set(np.unique(next(iter(sessions.values()))["choice"])) == {-1, 1}
    found = mante_axes.lip_axes(sessions, 200, 2, 50, Seeds(0))
    assert found["neurons"] == 25
    assert found["auc"] > 0.95 > found["auc_shuffled"]
    assert (found["p"] < 0.03) == with_motion
    assert found["p_shuffled"] > 0.05


def test_area_under_the_curve_counts_ties_half_and_needs_both_kinds():
    assert mante_axes.area_under_curve(np.zeros(4), np.array([True, False, True, False])) == 0.5
    assert np.isnan(mante_axes.area_under_curve(np.arange(3.0), np.ones(3, dtype=bool)))


def test_labels_are_dealt_out_within_groups():
    rates = population(n=200)
    dealt = mante_axes.relabelled(rates, "motion", np.random.default_rng(0), ("choice",))
    for side in (-1, 1):
        here = rates["choice"].values == side
        assert sorted(dealt["motion"].values[here]) == sorted(rates["motion"].values[here])
    assert (dealt["motion"].values != rates["motion"].values).any()


def test_every_test_seed_has_a_kept_network_of_this_configuration():
    asked = training(Mante2013.Config())
    assert kept_networks("mante2013") == [f"tanh-{seed}" for seed in Mante2013.test_seeds]
    for seed in Mante2013.test_seeds:
        arrays = kept_arrays("mante2013", f"tanh-{seed}", asked)
        assert arrays is not None, f"seed {seed}: another configuration"
        blank_network(Mante2013.Config(), seed).load_state_dict({k: torch.from_numpy(v) for k, v in arrays.items()})
