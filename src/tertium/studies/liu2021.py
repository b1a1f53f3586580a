"""LRN07: what neighbours secrete, told apart by cell type only, brings e-prop nearer to the true gradient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tertium.studies.base import Field, Picture, Reference, Study, StudyConfig
from tertium.studies.claim import Claim, Control, at_least
from tertium.studies.methods.liu_networks import (
    GOALS,
    Cosines,
    Floats,
    compared,
    gap_closed,
    network,
    pace,
    rules,
    train,
)
from tertium.studies.methods.liu_tasks import Pattern, matching
from tertium.studies.pictures import liu as draw

if TYPE_CHECKING:
    from tertium.studies.lab import Lab
    from tertium.tasks.task import TaskLike


class Liu2021(Study):
    """Neuromodulators that know types of cells only help to assign credit in a spiking network (Liu et al. 2021).

    Networks of 100 integrate-and-fire units, half with adaptive thresholds, 80 exciting and 20 inhibiting, a tenth of
    all synapses there and a tenth of the units read out, learn a pattern and delayed matching by BPTT, by e-prop, and
    by MDGL, whose modulators are weighed by the mean weights between excitatory and inhibitory cells. The control gives
    these four means random values of the same size. All rules share first weights, batches, Adam and learning rate.

    Sizes, sparsity, time constants (20 ms, adaptation 2 s, refractory 5 ms), Dale's law and the equation are those of
    the authors' code. Departures: steps of 5 ms, not 1; connections stay where they are (no rewiring); 300 steps of
    training, not 500 to 2,000; a delay of 0.3 s; the timings of the authors' matching task were not found. "Pace" is
    the mean logarithm of the loss through training; cosines are measured along the way of e-prop.

    Sizes were chosen with steps of 1 ms (where one synapse and one step later is a smaller part of what a spike does)
    and 5 ms. Pilots (seeds 0 to 2) as it stands: MDGL closes 97, 68, 66 % of the gap on the pattern and 14, 9, 23 % on
    matching; its cosine is larger by .034, .032, .018 and .017, .023, .015, which closes 21 to 28 % of what e-prop
    lacks. Random weights help some seeds and ruin others. So it was known that two of the canon's thresholds are not
    reached; the last claim, ours, has half of what pilots gave.
    """

    row, kind = "LRN07", "simulation"
    cite = (
        Reference(
            "Liu2021",
            "Liu, Y. H., Smith, S., Mihalas, S., Shea-Brown, E. & Sumbul, U.",
            2021,
            "Cell-type-specific neuromodulation guides synaptic credit assignment in a spiking neural network",
            "PNAS 118:e2111821118",
            "10.1073/pnas.2111821118",
        ),
    )
    smoke = {"units": 20, "density": 0.5, "pattern_steps": 3, "matching_steps": 3, "batch": 4, "checks": 3, "tested": 8}
    pilot_seeds, test_seeds = (0, 1, 2), (10, 11, 12, 13, 14)

    class Config(StudyConfig):
        """Sizes of the experiment."""

        units: int = Field(100, ge=10, description="of the network")
        density: float = Field(0.1, gt=0, le=1, description="share of the recurrent synapses that are there")
        dt: float = Field(0.005, gt=0, description="step of time, seconds")
        delay: float = Field(0.3, ge=0, description="between sample and test, seconds")
        pattern_steps: int = Field(300, ge=1, description="steps of training on the pattern")
        matching_steps: int = Field(300, ge=1, description="steps of training on matching")
        batch: int = Field(16, ge=1, description="trials a step of matching")
        tested: int = Field(256, ge=1, description="unseen trials of a validation of matching")
        checks: int = Field(30, ge=1, description="validations of a training")
        measured: int = Field(6, ge=1, description="times that gradients are compared in a training by e-prop")
        learning_rate: float = Field(0.005, gt=0, description="of Adam")

    @dataclass(frozen=True)
    class Results:
        """What one seed measured."""

        curves: dict[str, dict[str, Floats]]  # task -> rule -> loss, (validation + 1,)
        cosines: dict[str, dict[str, Floats]]  # task -> rule -> cosine to BPTT along e-prop's way, (measurement,)
        every: dict[str, int]  # task -> steps between validations

    def run(self, config: Config, lab: Lab) -> Results:
        """Train a network on each task by each rule."""
        curves: dict[str, dict[str, Floats]] = {}
        cosines: dict[str, dict[str, Floats]] = {}
        every: dict[str, int] = {}
        for task, steps, batch, tested in (
            (Pattern(lab.seeds, dt=config.dt), config.pattern_steps, 1, 1),
            (matching(dt=config.dt, delay=config.delay), config.matching_steps, config.batch, config.tested),
        ):
            every[task.name] = max(1, steps // config.checks)
            watch = self._watch(task, steps, 1 if batch == 1 else 4 * batch, config, lab)
            curves[task.name] = {
                name: train(
                    task,
                    rule,
                    name,
                    lab,
                    model=network(task, config.units, config.density, lab.seeds),
                    hooks=[watch] if name == "e_prop" else [],
                    steps=steps,
                    batch=batch,
                    learning_rate=config.learning_rate,
                    validate_every=every[task.name],
                    validate_trials=tested,
                )
                for name, rule in rules(lab.seed).items()
            }
            cosines[task.name] = watch.table()
        return self.Results(curves, cosines, every)

    @staticmethod
    def _watch(task: TaskLike, steps: int, trials: int, config: Config, lab: Lab) -> Cosines:
        from tertium.learning import Trials

        shown = Trials.of(task.batch(trials, lab.seeds.child("cosines")))
        return Cosines(compared(lab.seed), shown, GOALS[task.name], max(1, steps // config.measured))

    def claims(self, results: Results) -> Iterator[Claim]:
        """Yield, for each task, the order of paces, the gap that types close, and where gradients point."""
        for task, curves in results.curves.items():
            yield from _of_task(task, curves, results.cosines[task])

    def figures(self, results: Sequence[Results]) -> Iterator[Picture]:
        """Draw losses through training, and cosines by grain of the types."""
        yield from draw.pictures(results)


def _of_task(task: str, curves: Mapping[str, Floats], cosines: Mapping[str, Floats]) -> Iterator[Claim]:
    paces = {name: pace(curve) for name, curve in curves.items()}
    gained = {name: float((cosine - cosines["e_prop"]).mean()) for name, cosine in cosines.items()}
    left = float((1 - cosines["e_prop"]).mean())
    control = "random weights between types"
    yield Claim(
        f"order_{task}",
        f"BPTT learns faster than MDGL, and MDGL faster than e-prop (the smaller difference, {task}).",
        min(paces["e_prop"] - paces["mdgl"], paces["mdgl"] - paces["bptt"]),
        at_least(0.0),
        "canon LRN07",
        Control(control, min(paces["e_prop"] - paces["random"], paces["random"] - paces["bptt"])),
        judge="each",
        unit="mean logarithm of the loss",
    )
    yield Claim(
        f"gap_{task}",
        f"MDGL closes a quarter or more of the gap in pace between e-prop and BPTT ({task}).",
        gap_closed(curves, "mdgl"),
        at_least(25.0),
        "canon LRN07",
        Control(control, gap_closed(curves, "random")),
        judge="each",
        unit="per cent of the gap",
    )
    yield Claim(
        f"cosine_{task}",
        f"MDGL's gradient of the recurrent weights is nearer to that of BPTT by a cosine of 0.05 ({task}).",
        gained["2 types"],
        at_least(0.05),
        "canon LRN07",
        Control(control, gained["random"]),
        unit="difference of cosines",
    )
    yield Claim(
        f"nearer_{task}",
        f"It closes a tenth or more of what e-prop's cosine lacks to 1 ({task}).",
        100 * gained["2 types"] / left,
        at_least(10.0),
        "ours",
        Control(control, 100 * gained["random"] / left),
        unit="per cent of 1 - cosine",
    )
