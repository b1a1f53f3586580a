"""The fast generator against a readable one, its noise, its timings and its answers to bad input."""

import numpy as np
import pytest

from tertium.errors import BadInput, UnknownName
from tertium.tasks import (
    Channel,
    Choice,
    Epoch,
    LossWeight,
    Noise,
    OneHot,
    Ring,
    Series,
    Stimulus,
    Target,
    Task,
    TaskSpec,
    TruncatedExponential,
    Uniform,
    make,
)
from tertium.tasks.course import TrialCourse
from tertium.tasks.engine.checking import names_of
from tertium.tasks.response_rules import FollowsTarget


def above_levels(course):
    """Where the walk is above 0, and where it is above 1, (time, trial, 2)."""
    return course.streams["walk"][..., None] > [0, 1]


def everything(**change):
    """A task that uses every feature of a description at once."""
    given = {
        "name": "everything",
        "what": "Nothing in particular.",
        "cite": "ours",
        "dt": 0.02,
        "epochs": (
            Epoch("rest", Uniform(0.0, 0.12)),  # may be shorter than the grace, and may be empty
            Epoch("sample", "long"),
            Epoch("gap", TruncatedExponential(0.2, 0.0, 1.0)),
            Epoch("answer", lambda c: np.where(c["kind"] == 1, 0.2, 0.1)),
        ),
        "inputs": (Channel("go", baseline=0.25), Ring("where", 8), OneHot("cue", 3), Channel("drive", 2)),
        "outputs": (Channel("hold", baseline=0.1), Channel("trace", 2)),
        "conditions": {
            "kind": Choice((0, 1, 2)),
            "angle": Uniform(0, 2 * np.pi),
            "long": Choice((0.1, 0.3), (0.25, 0.75)),
            "size": Uniform(0.5, 1.5),
            "twice": lambda c: 2 * c["size"],
        },
        "stimuli": (
            Stimulus("go", 1.0, ("rest", "sample")),
            Stimulus("go", 0.5, "sample", strength="twice"),
            Stimulus("go", 0.3, "sample", strength=2.0),
            Stimulus("where", "angle", ("sample", "answer"), strength="size"),
            Stimulus("where", lambda c: np.where(c["kind"] == 2, c["angle"] + 1, np.nan), "gap"),
            Stimulus("cue", "kind", ("rest", "sample", "gap")),
            Stimulus("drive", Series(lambda course: course.streams["walk"]), ("gap", "sample")),
        ),
        "targets": (
            Target("hold", 1.0, ("rest", "gap")),
            # NaN before the sample: only what lies in the window counts
            Target("trace", Series(lambda course: np.sqrt(course.since("sample")[..., None] * [1, 2])), "sample"),
            Target("trace", lambda c: np.eye(2)[c["kind"] % 2], "answer", strength="size"),
        ),
        "weights": (
            LossWeight(1.0, ("rest", "sample"), grace=0.1),
            LossWeight(0.5, "gap"),
            LossWeight(5.0, ("answer", "rest"), grace=0.04),
            LossWeight(2.0, "answer", channel="hold"),
            # while the walk is above zero, on each of its channels at its own level; a later one replaces it
            LossWeight(3.0, ("sample", "gap"), grace=0.04, where=Series(lambda course: course.streams["walk"] > 0)),
            LossWeight(4.0, "gap", channel="trace", where=Series(above_levels)),
            LossWeight(0.25, ("gap", "answer"), channel="hold"),
        ),
        "response": FollowsTarget(0.1),
        "streams": {"walk": lambda rng, course: rng.normal(size=(course.steps, course.n)).cumsum(0)},
    }
    with np.errstate(invalid="ignore"):
        return TaskSpec(**(given | change))


def value(given, columns, trial):
    if isinstance(given, str):
        return np.asarray(columns[given])[trial]
    if callable(given):
        return np.asarray(given(columns))[trial]
    return float(given)


def is_constant(event):
    return isinstance(event.value, int | float) and isinstance(event.strength, int | float)


def course_of(batch):
    """What a series may ask about the timing of a batch."""
    names = list(batch.epochs)
    edges = np.stack([batch.epochs[n][:, 0] for n in names] + [batch.epochs[names[-1]][:, 1]])
    return TrialCourse(batch.dt, names, edges, batch.columns, dict(batch.streams))


def laid_out(blocks, events, batch, *, in_padding):
    """Stimuli or targets, written step by step; constants, then what depends on the trial, then what moves."""
    rank = {id(e): 2 if isinstance(e.value, Series) else 0 if is_constant(e) else 1 for e in events}
    size = sum(b.size for b in blocks)
    out = np.zeros((batch.steps, len(batch), size), dtype=np.float32)
    course = course_of(batch)
    edges = course.edges
    for trial in range(len(batch)):
        start = 0
        for block in blocks:
            place = slice(start, start + block.size)
            start += block.size
            out[: None if in_padding else edges[-1, trial], trial, place] = block.baseline
            for event in sorted((e for e in events if e.channel == block.name), key=lambda e: rank[id(e)]):
                strength = value(event.strength, batch.columns, trial)
                for epoch in names_of(event.during):
                    first, stop = batch.epochs[epoch][trial]
                    if isinstance(event.value, Series):
                        series = np.asarray(event.value.function(course))
                        activity = (series if series.ndim == 3 else block.encode(series))[first:stop, trial]
                    else:
                        activity = block.encode(np.asarray(value(event.value, batch.columns, trial))[None])
                    out[first:stop, trial, place] += (activity * strength).astype(np.float32)
    return out


def costs(spec, batch):
    """Loss weights, written trial by trial; grace is counted from the first of adjoining epochs."""
    out = np.zeros_like(batch.mask)
    names, course = list(batch.epochs), course_of(batch)
    for trial in range(len(batch)):
        for weight in spec.weights:
            place = batch.block(weight.channel) if weight.channel else slice(None)
            holds = np.ones((batch.steps, 1), dtype=bool)
            if weight.where is not None:
                holds = np.asarray(weight.where.function(course))[:, trial].reshape(batch.steps, -1)
            wanted = set(names_of(weight.during))
            for i, name in enumerate(names):
                if name in wanted and (i == 0 or names[i - 1] not in wanted):
                    stretch = [name]
                    for later in names[i + 1 :]:
                        if later not in wanted:
                            break
                        stretch.append(later)
                    first = batch.epochs[name][trial, 0] + round(weight.grace / batch.dt)
                    here = slice(first, max(first, batch.epochs[stretch[-1]][trial, 1]))
                    out[here, trial, place] = np.where(holds[here], weight.weight, out[here, trial, place])
    return out


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_the_fast_generator_is_the_readable_one_to_the_bit(shared):
    spec = everything(shared_timing=shared)
    for seed in range(3):
        batch = Task(spec).batch(25, seed=seed)
        np.testing.assert_array_equal(batch.inputs, laid_out(spec.inputs, spec.stimuli, batch, in_padding=False))
        np.testing.assert_array_equal(batch.targets, laid_out(spec.outputs, spec.targets, batch, in_padding=True))
        np.testing.assert_array_equal(batch.mask, costs(spec, batch))
        assert np.isfinite(batch.targets).all()
        assert (len(set(batch.lengths)) == 1) == shared


@pytest.mark.parametrize("name", ["context_decision", "yang19/delaydm1", "yang19/dmcnogo", "flip_flop"])
def test_catalogued_tasks_agree_with_the_readable_generator(name):
    task = make(name, noise=0.0)
    batch = task.batch(9, seed=4)
    np.testing.assert_array_equal(batch.inputs, laid_out(task.spec.inputs, task.spec.stimuli, batch, in_padding=False))
    np.testing.assert_array_equal(batch.targets, laid_out(task.spec.outputs, task.spec.targets, batch, in_padding=True))
    np.testing.assert_array_equal(batch.mask, costs(task.spec, batch))


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_noise_is_where_trials_run_and_on_the_channels_that_have_it():
    noise = {"go": Noise(0.1, "sample"), "where": Noise(0.1, "sample"), "drive": Noise(0.5, "density")}
    quiet, noisy = Task(everything()).batch(300, seed=8), Task(everything(noise=noise)).batch(300, seed=8)
    added = noisy.inputs - quiet.inputs
    assert (added[~noisy.valid] == 0).all()
    assert (added[..., 9:12] == 0).all()
    std = added[noisy.valid].std(axis=0)
    np.testing.assert_allclose(std[:9], 0.1, rtol=0.05)
    np.testing.assert_allclose(std[12:], 0.5 / np.sqrt(0.02), rtol=0.05)
    assert added[noisy.lengths.min() :][noisy.valid[noisy.lengths.min() :]][:, :9].std() == pytest.approx(0.1, rel=0.05)
    np.testing.assert_allclose(np.corrcoef(added[noisy.valid][:, [0, 3, 12, 13]].T), np.eye(4), atol=0.05)
    wide = Task(
        everything(inputs=(Channel("go"), Ring("where", 32), OneHot("cue", 3), Channel("drive", 2)), noise=noise)
    )
    still = Task(everything(inputs=(Channel("go"), Ring("where", 32), OneHot("cue", 3), Channel("drive", 2))))
    added = (wide.batch(300, seed=8).inputs - still.batch(300, seed=8).inputs)[noisy.valid]
    np.testing.assert_allclose(added.std(axis=0)[:33], 0.1, rtol=0.06)


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_noise_of_a_stimulus_comes_and_goes_with_it():
    noise = {"go": Noise(0.1, "sample", during="sample"), "drive": Noise(0.2, "sample", during=("rest", "gap"))}
    quiet, noisy = Task(everything()).batch(300, seed=8), Task(everything(noise=noise)).batch(300, seed=8)
    added = noisy.inputs - quiet.inputs
    step = np.arange(noisy.steps)[:, None]
    inside = {name: (step >= edges[:, 0]) & (step < edges[:, 1]) for name, edges in noisy.epochs.items()}
    for place, where, std in ((0, inside["sample"], 0.1), (12, inside["rest"] | inside["gap"], 0.2)):
        assert (added[..., place][~where] == 0).all()
        assert (added[..., place][where] != 0).mean() > 0.99
        assert added[..., place][where].std() == pytest.approx(std, rel=0.05)
    with pytest.raises(UnknownName, match="epoch of task 'everything': got 'smaple'"):
        everything(noise={"go": Noise(0.1, during="smaple")})


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_the_same_seed_gives_the_same_trials_and_another_others():
    task = Task(everything(noise={"go": Noise(0.1)}))
    one, two, other = task.batch(20, seed=1), task.batch(20, seed=1), task.batch(20, seed=2)
    for part in ("inputs", "targets", "mask"):
        np.testing.assert_array_equal(getattr(one, part), getattr(two, part))
    assert one.conditions.equals(two.conditions)
    assert one.inputs.shape != other.inputs.shape or (one.inputs != other.inputs).any()


@pytest.mark.filterwarnings("ignore:invalid value encountered in sqrt")
def test_fixing_a_condition_changes_no_other():
    task = Task(everything())
    free, fixed = task.batch(20, seed=3), task.batch(20, seed=3, kind=2, gap=0.5)
    assert (fixed.columns["kind"] == 2).all()
    np.testing.assert_array_equal(free.columns["angle"], fixed.columns["angle"])
    np.testing.assert_allclose(np.diff(fixed.seconds("gap"))[:, 0], 0.5)
    each = task.batch(3, seed=3, kind=[0, 1, 2])
    assert each.conditions["kind"].tolist() == [0, 1, 2]


def test_bad_input_is_answered_in_one_line():
    task = make("context_decision")
    with pytest.raises(BadInput, match="number of trials: got 0, expected an integer >= 1"):
        task.batch(0)
    with pytest.raises(
        BadInput, match="condition 'motion': got 2 values, expected one, or one for each of the 3 trials"
    ):
        task.batch(3, motion=[0.1, 0.2])
    with pytest.raises(UnknownName, match="condition or epoch of task 'context_decision': got 'motoin'"):
        task.batch(3, motoin=0.1)
    with pytest.raises(BadInput, match="epoch 'delay': got a duration of -1 s, expected seconds >= 0"):
        task.batch(3, delay=-1.0)
    with pytest.raises(BadInput, match=r"epoch 'rest': got a duration of -0\.1 s"):
        Task(everything(epochs=(Epoch("rest", -0.1), *everything().epochs[1:])))
    with pytest.raises(BadInput, match="outputs for task 'context_decision': got shape"):
        task.batch(3).correct(np.zeros((2, 3, 3)))
