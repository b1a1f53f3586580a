"""The lab that remembers: stages, checkpoints and metrics of one seed in its run folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tertium.checkpoint import load_checkpoint, save_checkpoint
from tertium.errors import BadInput
from tertium.learning.training.keeping import Leave
from tertium.run.folder import RunFolder
from tertium.run.tree import load_tree, read_json, save_tree, write_json
from tertium.studies.lab import Lab

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")


class FolderLab(Lab):
    """A lab whose memory is a run folder; see `tertium.studies.lab.Lab`.

    Parameters
    ----------
    seed : int
        The seed.
    folder : RunFolder
        Where to keep things.
    """

    def __init__(self, seed: int, folder: RunFolder) -> None:
        super().__init__(seed)
        self.folder = folder
        self.place = folder.seed(seed)

    def stage(self, name: str, work: Callable[[], T], *, shared: bool = False) -> T:
        """Return the kept value, or do the work and keep it.

        The value always comes back from the file, so that a resumed run sees exactly what a fresh one does.
        """
        place = self.folder.path / "shared" if shared else self.place
        path = place / f"{self._plain(name)}.npz"
        if not path.exists():
            save_tree(path, work())
        kept: T = load_tree(path)
        return kept

    def steps(
        self,
        name: str,
        total: int,
        *,
        save: Callable[[], Mapping[str, Any]],
        load: Callable[[Mapping[str, Any]], None],
        every: int = 100,
    ) -> Iterator[int]:
        """Count the steps of a loop from where a killed run left it, with a checkpoint every ``every`` steps."""
        path = self.place / f"checkpoint-{self._plain(name)}.pt"
        start = 0
        if path.exists():
            kept = load_checkpoint(path)
            start = int(kept["step"])
            load(kept["state"])
        for step in range(start, total):
            try:
                yield step
            except Leave:  # the loop ends between two steps (Ctrl-C, a criterion): nothing of this one has been done
                save_checkpoint(path, {"step": step, "state": save()})
                return
            if (step + 1) % every == 0 or step + 1 == total:
                save_checkpoint(path, {"step": step + 1, "state": save()})

    def log(self, **numbers: float) -> None:
        """Append one line to ``metrics.jsonl``."""
        line = {"seed": self.seed, "time": round(time.time(), 3), **{k: float(v) for k, v in numbers.items()}}
        self.folder.path.mkdir(parents=True, exist_ok=True)
        # one write of one line: appending is atomic enough that a kill leaves whole lines before it
        with self.folder.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def note(self, text: str) -> None:
        """Add a remark to the seed's notes, each text once."""
        path = self.place / "notes.json"
        notes = read_json(path) if path.exists() else []
        if text not in notes:
            write_json(path, [*notes, text])

    def keep(self, responses: xr.DataArray) -> None:
        """Save responses as the run's ``responses.zarr`` unless an earlier seed did."""
        if not self.folder.responses.exists():
            from tertium.data import save

            save(responses, self.folder.responses)

    @staticmethod
    def _plain(name: str) -> str:
        if not name.replace("-", "").replace("_", "").isalnum():
            raise BadInput("stage name", got=f"'{name}'", expected="letters, digits, - and _", repair="Rename it.")
        return name
