"""Models scored by any measure: intervals are those of repeated experiments, and bad input is refused kindly."""

from __future__ import annotations

import numpy as np
import pytest

import tertium as tt
from tertium.compare import score_models
from tertium.compare.model_scores.spread import spread
from tertium.data import make_responses
from tertium.errors import BadInput, UnknownName


def experiment(seed, n=40, units=12, subjects=4, sizes=(0.5, 1.0, 1.5, 1.0)):
    """Return responses whose mean is subject + stimulus + both + unit, and the true variance of that mean."""
    rng = np.random.default_rng(seed)
    of_subject, of_stimulus, of_both, of_unit = sizes
    shared = of_stimulus * rng.normal(size=(n, 1))
    brains = {
        f"s{k}": of_subject * rng.normal()
        + shared
        + of_both * rng.normal(size=(n, 1))
        + of_unit * rng.normal(size=(1, units))
        for k in range(subjects)
    }
    true = of_subject**2 / subjects + of_stimulus**2 / n + of_both**2 / (n * subjects) + of_unit**2 / (units * subjects)
    return brains, true


def level(model, brain):
    return brain.mean()


def world(seed=0, n=40, subjects="abc"):
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 6)) * np.array([3, 2, 2, 1, 1, 1])
    brains = {s: latent @ rng.normal(size=(6, 25)) + 2 * rng.normal(size=(n, 25)) for s in subjects}
    models = {"world": latent, "part": latent[:, :2], "noise": rng.normal(size=(n, 6))}
    return models, brains


def test_the_variance_is_that_of_repeated_experiments():
    found, held = [], 0
    for seed in range(120):
        brains, true = experiment(seed)
        result = score_models([np.arange(40.0)[:, None]], brains, level, n_draws=20, seed=seed)
        found.append(result.spread.variance(np.eye(2))[0])
        low, high = result.interval["model 1"]
        held += low < 0 < high
    assert np.mean(found) == pytest.approx(true, rel=0.12)
    assert held >= 0.9 * 120


def test_components_are_those_that_were_planted():
    sums: dict[str, list[float]] = {}
    for seed in range(80):
        brains, _ = experiment(seed)
        result = score_models([np.arange(40.0)[:, None]], brains, level, n_draws=30, seed=seed)
        for name, variance in result.components("model 1")["variance"].items():
            sums.setdefault(name, []).append(variance)
    planted = {
        "subjects": 0.5**2 / 4,
        "stimuli": 1 / 40,
        "subjects x stimuli": 1.5**2 / 160,
        "units": 1 / 48,
    }
    for name, true in planted.items():
        error = np.std(sums[name]) / np.sqrt(80)
        assert abs(np.mean(sums[name]) - true) < 4 * error + 0.05 * true, name


def test_one_subject_is_judged_over_stimuli_and_units():
    found = []
    for seed in range(120):
        brains, _ = experiment(seed, subjects=1, sizes=(0.0, 1.0, 0.0, 1.0))
        result = score_models([np.arange(40.0)[:, None]], brains, level, n_draws=30, seed=seed)
        assert result.spread.over == ("stimuli", "units")
        found.append(result.spread.variance(np.array([[1.0]]))[0])
    assert np.mean(found) == pytest.approx(1 / 40 + 1 / 12, rel=0.12)
    assert "1 subject: too few" in result.notes[0]


def test_subsets_of_a_mean_scatter_as_the_delete_d_jackknife_says():
    rng = np.random.default_rng(0)
    values = rng.normal(size=60)
    draws = np.array([rng.permutation(values)[:48].mean() for _ in range(4000)])[:, None, None]
    found = spread(
        np.array([[values.mean()]]), 60, 1, over_subjects=False, stimuli=draws, units=None, both=None,
        ratio_stimuli=48 / 12, ratio_units=1.0,
    )  # fmt: skip
    assert found.variance(np.eye(1))[0] == pytest.approx(values.var(ddof=1) / 60, rel=0.08)


@pytest.mark.parametrize("measure", ["cka", "procrustes", "bures", "rsa", "soft_match", "svcca"])
def test_every_measure_finds_the_planted_model(measure):
    models, brains = world()
    result = score_models(models, brains, measure, n_draws=20, n_permutations=20)
    assert result.best in ("world", "part")
    assert (result.mean["noise"] > result.mean["world"]) == result.is_distance
    test = result.against_chance()
    assert test.loc["world", "p"] <= 1 / 21 + 1e-9
    assert test.loc["noise", "p_family"] > 0.05
    assert (test["p_family"] >= test["p"] - 1e-12).all()


def test_scores_are_those_of_the_measure_itself():
    models, brains = world()
    result = score_models(models, brains, "cka", n_draws=20, unbiased=False)
    assert result.scores.sel(model="part", subject="b").item() == pytest.approx(
        tt.compare.cka(models["part"], brains["b"], unbiased=False), abs=1e-12
    )
    encoded = score_models(models, brains, "encode", over=(), method="ridge")
    direct = tt.compare.encode(models["world"], brains["a"], n_bootstrap=0).mean
    assert encoded.scores.sel(model="world", subject="a").item() == pytest.approx(direct, abs=0.02)
    vectors = [tt.compare.rdm(x) for x in (models["world"], brains["a"])]
    rsa = tt.compare.rsa(*vectors, method="kendall_tau_a")
    again = score_models(models, brains, "rsa", over=(), method="kendall_tau_a")
    assert again.values[0, 0] == pytest.approx(rsa.scores.values[0, 0], abs=1e-12)


def test_the_ceiling_is_the_other_subjects_as_a_model():
    models, brains = world()
    result = score_models(models, brains, "cka", n_draws=20)
    others = [np.hstack([brains[o] for o in "abc" if o != s]) for s in "abc"]
    by_hand = np.mean([tt.compare.cka(x, brains[s]) for x, s in zip(others, "abc", strict=True)])
    assert result.ceiling == pytest.approx(by_hand, abs=1e-12)
    value, (low, high) = result.difference("noise", "ceiling")
    assert low < value < high < 0


def test_functions_of_whole_responses_see_their_trials():
    rng = np.random.default_rng(1)
    names = [f"i{k}" for k in range(12)] * 3
    brain = make_responses(rng.normal(size=(36, 8)), trial={"stimulus": names})
    model = make_responses(rng.normal(size=(36, 4)), trial={"stimulus": names[::-1]})

    def trials(x, y):
        assert list(x["stimulus"].values) == list(y["stimulus"].values)
        return x.sizes["trial"]

    result = score_models(model, brain, trials, whole=True, over=("stimuli",), n_draws=20)
    assert result.values[0, 0] == 36


def test_units_labelled_by_subject_are_divided():
    models, brains = world()
    both = make_responses(
        np.hstack(list(brains.values())),
        trial={"stimulus": [f"i{k}" for k in range(40)]},
        unit={"subject": np.repeat(list("abc"), 25)},
    )
    result = score_models(models, both, "cka", n_draws=20)
    assert result.subjects == ("a", "b", "c")


def test_more_subjects_tell_smaller_differences_apart():
    models, brains = world(subjects="abcdef")
    power = score_models(models, brains, "cka", n_draws=40).power(
        "world", "part", n_subjects=(4, 16), n_stimuli=(40, 160)
    )
    assert power.smallest[1, 1] < power.smallest[1, 0] < power.smallest[0, 0]
    assert "with 16 subjects and 40 stimuli you can tell apart" in str(power)
    assert len(power.table()) == 4
    assert "subjects" in power.figure().layout.xaxis.title.text


def test_power_is_kept_by_repeated_experiments():
    """The difference foretold for an experiment is found in the share of such experiments that was asked."""
    brains, _ = experiment(0)
    model = [np.arange(40.0)[:, None]]
    foretold = score_models(model, brains, level, n_draws=60).power("model 1", n_subjects=(4,), power=0.8)
    rng = np.random.default_rng(3)
    planted = score_models(model, brains, level, n_draws=60).components("model 1")["variance"]
    of_subject = max(planted["subjects"] + planted["units"], 0) * 4
    of_stimulus, of_both = max(planted["stimuli"], 0) * 40, max(planted["subjects x stimuli"], 0) * 160
    found = 0
    for seed in range(150):
        shared = np.sqrt(of_stimulus) * rng.normal(size=(40, 1))
        others = {
            f"s{k}": foretold.smallest[0, 0]
            + np.sqrt(of_subject) * rng.normal()
            + shared
            + np.sqrt(of_both) * rng.normal(size=(40, 1))
            for k in range(4)
        }
        low, _ = score_models(model, others, level, n_draws=20, over=("subjects", "stimuli"), seed=seed).interval[
            "model 1"
        ]
        found += low > 0
    assert 0.68 <= found / 150 <= 0.92


def test_models_that_answer_alike_do_not_differ():
    models, brains = world()
    result = score_models({"a": models["part"], "b": models["part"].copy()}, brains, "cka", n_draws=20)
    row = result.compare().iloc[0]
    assert (row.difference, row.t, row.p) == (0.0, 0.0, 1.0)


def test_the_same_seed_gives_the_same_draws():
    models, brains = world()
    first, second = (score_models(models, brains, "cka", n_draws=20, seed=s) for s in (5, 5))
    assert first.interval == second.interval
    assert first.interval != score_models(models, brains, "cka", n_draws=20, seed=6).interval


def test_pictures_and_tables_say_what_was_drawn():
    models, brains = world()
    result = score_models(models, brains, "procrustes", n_draws=20, n_permutations=5)
    drawn = result.figure()
    assert "lower is better" in drawn.layout.yaxis.title.text
    assert "40 stimuli, 3 subjects; 95% intervals over subjects and stimuli" in drawn.layout.title.text
    assert result.table().index[0] == result.best
    assert set(result.compare()["family"]) == {"pair", "ceiling"}


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda m, b: score_models(m, b["a"], over=("subjects",)), "at least 2"),
        (lambda m, b: score_models({k: v[:6] for k, v in m.items()}, b["a"][:6], over="stimuli"), "at least 10"),
        (lambda m, b: score_models(m, b["a"][:, :3], over="units"), "at least 5"),
        (lambda m, b: score_models(m, b, "cka", kernal="rbf"), "Did you mean 'kernel'"),
        (lambda m, b: score_models(m, b, "rsa", metric="crossnobis"), "trials"),
        (lambda m, b: score_models(m, b, "dsa"), "responses, whose trials"),
        (lambda m, b: score_models(m, b, n_draws=3), "n_draws"),
        (lambda m, b: score_models(m, b, keep=1.0), "keep"),
        (lambda m, b: score_models(m, {k: v[:-1] for k, v in b.items()}), "samples"),
        (lambda m, b: score_models(m, b, over=()).compare(), "nothing that was drawn"),
        (lambda m, b: score_models(m, b, n_draws=20).against_chance(), "n_permutations"),
        (lambda m, b: score_models(m, b["a"], n_draws=20).power("world"), "two subjects"),
        (
            lambda m, b: score_models(m, np.hstack([b["a"], b["b"][:, :9]]), "cca", n_draws=20),
            "in a draw of 32",
        ),
    ],
)
def test_bad_input_is_refused(call, says):
    models, brains = world()
    with pytest.raises(BadInput, match=says):
        call(models, brains)


def test_misspelt_names_are_answered():
    models, brains = world()
    with pytest.raises(UnknownName, match="cka"):
        score_models(models, brains, "cak")
    with pytest.raises(UnknownName, match="units"):
        score_models(models, brains, over=("unit",))
    with pytest.raises(UnknownName, match="world"):
        score_models(models, brains, n_draws=20).difference("word", "noise")
