"""The lab that remembers: stages, checkpoints and metrics of one seed in its run folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from tertium.learning.training.keeping import FolderKeeper
from tertium.run.folder import RunFolder
from tertium.run.tree import load_tree, read_json, save_tree, write_json
from tertium.studies.lab import Lab, plain_name

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
        path = place / f"{plain_name(name)}.npz"
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
        return FolderKeeper(self.place)(plain_name(name), total, save=save, load=load, every=every)

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
