"""What every study must keep: reproducible, honest claims, controls, figures that a reader can read."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tertium.run.tree import load_tree, save_tree
from tertium.studies.base import Picture, Study, verdicts
from tertium.studies.claim import Verdict
from tertium.studies.lab import MemoryLab


def check_study(kind: type[Study], seed: int | None = None) -> list[Verdict]:
    """Run a study at its smoke size and check that it keeps the contract.

    Parameters
    ----------
    kind : type of Study
        The study.
    seed : int, optional
        By default its first pilot seed.

    Returns
    -------
    list of Verdict
        Of the smoke run; a smoke size need not be large enough for its claims to hold.

    Raises
    ------
    AssertionError
        If the contract is broken.

    Examples
    --------
    >>> from tertium.studies import STUDIES
    >>> check_study(STUDIES.load("mcculloch1943"))[0].kind
    'simulation'
    """
    seed = kind.pilot_seeds[0] if seed is None else seed
    study, config = kind(), kind.configure(size="smoke")
    results: Any = study.run(config, MemoryLab(seed))
    expected: Any = kind.Results
    assert isinstance(results, expected), "run must return the study's Results"
    plain = {f.name: getattr(results, f.name) for f in dataclasses.fields(results)}
    with tempfile.TemporaryDirectory() as folder:
        kept = load_tree(save_tree(Path(folder) / "results.npz", plain))
    back = expected(**kept)
    again = study.run(config, MemoryLab(seed))
    for field in dataclasses.fields(results):
        _same(getattr(back, field.name), getattr(again, field.name), field.name)
    judged = verdicts(study, [back])
    assert judged, "a study claims something"
    for verdict in judged:
        assert verdict.sentence.endswith("."), f"{verdict.id}: a claim is a sentence"
        assert verdict.source, f"{verdict.id}: where does the threshold come from?"
        assert verdict.control, f"{verdict.id}: what is the control?"
        json.dumps(verdict.as_json(), allow_nan=False)
    pictures = list(study.figures([back]))
    assert pictures, "results are pictures as well as tables"
    assert len({p.id for p in pictures}) == len(pictures)
    for picture in pictures:
        _check_picture(picture)
    return judged


def _same(a: Any, b: Any, where: str) -> None:
    if isinstance(a, dict):
        assert list(a) == list(b), where
        for key in a:
            _same(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, list | tuple) and isinstance(b, list | tuple):
        assert len(a) == len(b), where
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            _same(x, y, f"{where}[{i}]")
    elif isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        # kept and read back, run twice with one seed: the very same numbers
        x, y = np.asarray(a), np.asarray(b)
        assert x.dtype.kind in "US" or np.array_equal(x, y, equal_nan=x.dtype.kind == "f"), f"{where} differs"
        assert x.dtype.kind not in "US" or np.array_equal(x, y.astype(str)), f"{where} differs"
    else:
        assert a == b or (a != a and b != b), f"{where}: {a!r} after a round trip and a second run is {b!r}"


def _check_picture(picture: Picture) -> None:
    figure = picture.figure
    assert picture.caption.strip().endswith("."), f"{picture.id}: a caption is a sentence"
    assert len(figure.data) > 0 or figure.layout.images, f"{picture.id}: nothing is drawn"
    drawn = [trace.type for trace in figure.data]
    if "heatmap" not in drawn and "image" not in drawn:
        assert figure.layout.xaxis.title.text or figure.layout.xaxis.visible is False, f"{picture.id}: x without a name"
        assert figure.layout.yaxis.title.text or figure.layout.yaxis.visible is False, f"{picture.id}: y without a name"
