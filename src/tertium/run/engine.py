"""Run a study: for each seed run, resume or reuse; then judge its claims over the seeds."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from filelock import FileLock, Timeout

import tertium
from tertium.config import canonical_hash
from tertium.errors import BadInput, MissingData
from tertium.run.environment import environment
from tertium.run.folder import RunFolder, runs_folder
from tertium.run.lab import FolderLab
from tertium.run.tree import load_tree, read_json, save_tree, write_json
from tertium.run.workers import worker_pool
from tertium.studies.base import Size, Study, StudyConfig, verdicts
from tertium.studies.catalogue import STUDIES
from tertium.studies.claim import Verdict

Say = Callable[[str], None]


@dataclass(frozen=True)
class FinishedRun:
    """A run whose seeds are all done.

    Attributes
    ----------
    name : str
        The study's name.
    study : Study
        The study.
    config : StudyConfig
        With what it ran.
    size : str
        "full" or "smoke".
    seeds : tuple of int
        On which seeds.
    folder : RunFolder
        Where its files are.
    results : tuple
        One ``Results`` a seed.
    verdicts : tuple of Verdict
        The claims, judged over the seeds.
    seconds : float
        Time that the seeds took, added up, also over resumed parts.
    notes : tuple of str
        What the study remarked.
    """

    name: str
    study: Study
    config: StudyConfig
    size: str
    seeds: tuple[int, ...]
    folder: RunFolder
    results: tuple[Any, ...]
    verdicts: tuple[Verdict, ...]
    seconds: float
    notes: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether every claim held."""
        return all(v.held for v in self.verdicts)

    @property
    def metrics(self) -> dict[str, float]:
        """Every single number of the results, averaged over the seeds; nested ones as ``a.b``."""
        return _metrics(self.results)

    def as_json(self) -> dict[str, Any]:
        """Return the object that ``tertium run --json`` prints."""
        return {
            "study": self.name,
            "row": self.study.row,
            "size": self.size,
            "seeds": list(self.seeds),
            "run": str(self.folder.path),
            "seconds": round(self.seconds, 2),
            "metrics": self.metrics,
            "claims": [v.as_json() for v in self.verdicts],
            "notes": list(self.notes),
        }


def run_study(
    name: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    size: Size = "full",
    seeds: Sequence[int] | str | None = None,
    workers: int = 1,
    fresh: bool = False,
    say: Say = lambda line: None,
) -> FinishedRun:
    """Run a study, resume it where it was stopped, or reuse it when it is done.

    Parameters
    ----------
    name : str
        A study of the catalogue.
    overrides : mapping of str to object
        Fields of its configuration.
    size : str
        "full" or "smoke".
    seeds : sequence of int or str, optional
        "test" (default), "pilot", or seeds.
    workers : int
        Processes; each takes a seed at a time.
    fresh : bool
        Throw away what an earlier run with the same configuration has kept.
    say : callable
        Told one line at each step.

    Returns
    -------
    FinishedRun

    Raises
    ------
    UnknownName
        If there is no such study.
    BadInput
        For unusable overrides or seeds, or if another process is at the same run.
    MissingData
        If a data set that the study needs is not to be had.
    """
    study: Study = STUDIES.load(name)()
    config = study.configure(overrides, size)
    seed_list = choose_seeds(study, seeds)
    asked = {
        "study": name,
        "row": study.row,
        "size": size,
        "seeds": list(seed_list),
        "config": config.model_dump(mode="json"),
        "source": study.source_hash(),
        "version": tertium.__version__,
    }
    folder = RunFolder(runs_folder() / name / canonical_hash(asked))
    check_data(study)
    folder.open(asked)
    try:
        with FileLock(folder.lock, timeout=0):
            if fresh:
                _forget(folder)
            _run_seeds(name, config, seed_list, folder, workers, say)
            return _finish(folder)
    except Timeout:
        raise BadInput(
            f"run {folder.path}",
            got="another process at work on it",
            expected="one at a time",
            repair="Wait for it, or stop it.",
        ) from None


def load_run(folder: RunFolder) -> FinishedRun:
    """Read a finished run back from its folder.

    Raises
    ------
    MissingData
        If it is not finished.
    """
    asked = folder.asked()
    study: Study = STUDIES.load(asked["study"])()
    seeds = tuple(asked["seeds"])
    undone = [seed for seed in seeds if not (folder.seed(seed) / "results.npz").exists()]
    if undone:
        raise MissingData(
            f"run {folder.path}",
            got=f"no results of seed {', '.join(map(str, undone))}",
            expected="a finished run",
            repair=f"Resume it: tertium run {asked['study']} with the same words.",
        )
    kept = [load_tree(folder.seed(seed) / "results.npz") for seed in seeds]
    results = tuple(study.Results(**k["results"]) for k in kept)
    notes = [n for s in seeds if (p := folder.seed(s) / "notes.json").exists() for n in read_json(p)]
    return FinishedRun(
        name=asked["study"],
        study=study,
        config=type(study).Config.model_validate(asked["config"]),
        size=asked["size"],
        seeds=seeds,
        folder=folder,
        results=results,
        verdicts=tuple(verdicts(study, results)),
        seconds=float(sum(k["seconds"] for k in kept)),
        notes=tuple(dict.fromkeys(notes)),
    )


def choose_seeds(study: Study, seeds: Sequence[int] | str | int | None) -> tuple[int, ...]:
    """Return the seeds meant: the study's test seeds, its pilot seeds, or those given."""
    if seeds is None or seeds == "test":
        return study.test_seeds
    if seeds == "pilot":
        return study.pilot_seeds
    given = [seeds] if isinstance(seeds, int) else seeds
    if isinstance(given, str) or not given or not all(isinstance(s, int) and s >= 0 for s in given):
        raise BadInput(
            "seeds", got=repr(seeds), expected="test, pilot, or integers >= 0", repair="Write seeds=0..4 or seeds=7."
        )
    return tuple(dict.fromkeys(given))


def check_data(study: Study) -> None:
    """Fetch what the study needs before anything is computed; say what to do where it cannot be had."""
    if study.needs:
        from tertium.data.catalogue import fetch

        for name in study.needs:
            fetch(name)


def _run_seeds(
    name: str, config: StudyConfig, seeds: tuple[int, ...], folder: RunFolder, workers: int, say: Say
) -> None:
    undone = [seed for seed in seeds if not (folder.seed(seed) / "results.npz").exists()]
    if undone:
        write_json(folder.environment, environment())
    if len(undone) < len(seeds):
        say(f"{len(seeds) - len(undone)} of {len(seeds)} seeds are done already ({folder.path})")
    if workers > 1 and len(undone) > 1:
        with worker_pool(min(workers, len(undone))) as pool:
            jobs = {seed: pool.submit(_run_seed, name, config, seed, folder) for seed in undone}
            for seed, job in jobs.items():
                say(f"seed {seed} done in {job.result():.1f} s")
        return
    for number, seed in enumerate(undone, start=1):
        say(f"seed {seed} ({number} of {len(undone)})")
        seconds = _run_seed(name, config, seed, folder)
        say(f"seed {seed} done in {seconds:.1f} s")


def _run_seed(name: str, config: StudyConfig, seed: int, folder: RunFolder) -> float:
    study: Study = STUDIES.load(name)()
    lab = FolderLab(seed, folder)
    begin = time.perf_counter()
    results = study.run(config, lab)
    seconds = time.perf_counter() - begin
    plain = {field.name: getattr(results, field.name) for field in dataclasses.fields(results)}
    save_tree(lab.place / "results.npz", {"seconds": seconds, "results": plain})
    return seconds


def _finish(folder: RunFolder) -> FinishedRun:
    run = load_run(folder)
    write_json(folder.claims, run.as_json())
    return run


def _forget(folder: RunFolder) -> None:
    import shutil

    for path in (*folder.path.glob("seed-*"), folder.path / "shared", folder.responses):
        if path.exists():
            shutil.rmtree(path)
    for path in (folder.metrics, folder.claims, folder.report):
        path.unlink(missing_ok=True)


def _metrics(results: Sequence[Any]) -> dict[str, float]:
    rows = [_numbers(dataclasses.asdict(r)) for r in results]
    shared = [key for key in rows[0] if all(key in row for row in rows)]
    return {key: sum(row[key] for row in rows) / len(rows) for key in shared}


def _numbers(value: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, item in value.items():
        if isinstance(item, bool | int | float) and item == item:
            found[prefix + key] = float(item)
        elif isinstance(item, Mapping):
            found |= _numbers(item, f"{prefix}{key}.")
    return found
