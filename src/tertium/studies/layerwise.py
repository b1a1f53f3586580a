"""Which layer of a network explains which region: one RDM a layer, scored against each region with ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium import figure
from tertium.compare import RDM, rdm, rdms_by, rsa, score_models
from tertium.errors import BadInput, unknown_name
from tertium.progress import track

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr
    from torch import nn

    from tertium.compare import ModelScores, RSAResult
    from tertium.data.brain_set import BrainSet

#: Bytes of responses to hold at a time.
RECORDED_AT_ONCE = 400_000_000

#: Fewer stimuli than this and no interval is computed: a resampled set would hold too few different ones.
FEWEST_FOR_BOOTSTRAP = 8


@dataclass(frozen=True, eq=False)
class LayerScores:
    """Scores of every layer of a network against every region.

    Attributes
    ----------
    layers : tuple of str
        In the order in which the network computes them.
    regions : dict of str to RSAResult or ModelScores
        One comparison a region.
    method : str
        How layers were scored, in words.
    model : str
        Name of the network.
    n_stimuli : int
        How many stimuli were shown.
    notes : tuple of str
        What could not be had.
    """

    layers: tuple[str, ...]
    regions: dict[str, RSAResult | ModelScores]
    method: str
    model: str
    n_stimuli: int
    notes: tuple[str, ...] = ()

    def table(self) -> pd.DataFrame:
        """Return one row a layer and region: score, interval, ceilings, number of subjects."""
        import pandas as pd

        return pd.DataFrame([row for region in self.regions for row in self._rows(region)])

    def best(self) -> dict[str, str]:
        """Return region -> the layer that agrees best."""
        chosen = min if self.is_distance else max
        return {name: chosen(self._rows(name), key=lambda row: row["score"])["layer"] for name in self.regions}

    @property
    def is_distance(self) -> bool:
        """Whether 0 means alike, and less is better."""
        return any(getattr(result, "is_distance", False) for result in self.regions.values())

    @property
    def ceiling_in_words(self) -> str:
        """What the ceilings in the pictures are."""
        if all(isinstance(result.ceiling, tuple) or result.ceiling is None for result in self.regions.values()):
            return "Band: lower to upper noise ceiling, where there is more than one subject."
        return "Dashed: the units of all other subjects as a model of each, where there is more than one subject."

    @property
    def intervals_in_words(self) -> str:
        """What the bars in the pictures are over, region by region where regions differ."""
        over = {region: _over(result) for region, result in self.regions.items()}
        if len(set(over.values())) == 1:
            return next(iter(over.values()))
        return "; ".join(f"{region}: {words}" for region, words in over.items())

    def _rows(self, region: str) -> list[dict[str, Any]]:
        result = self.regions[region]
        low, high = _ends(result.ceiling)
        intervals = result.interval or {}
        rows = []
        for layer in self.layers:
            interval = intervals.get(layer, (np.nan, np.nan))
            rows.append(
                {
                    "layer": layer,
                    "region": region,
                    "score": float(result.mean[layer]),
                    "interval_low": float(interval[0]),
                    "interval_high": float(interval[1]),
                    "ceiling_low": float(low),
                    "ceiling_high": float(high),
                    "subjects": len(result.subjects),
                }
            )
        return rows

    def figure(self, region: str) -> go.Figure:
        """Draw the scores of all layers against one region, with 95 % intervals and the noise ceiling."""
        rows = self._rows(region)
        n = rows[0]["subjects"]
        drawn = figure.new(
            x=f"layer of {self.model}, from input to output",
            y=f"{METHOD_NAMES.get(self.method, self.method)} with {region}" + ("; lower is better" * self.is_distance),
            title=f"{region}: {self.n_stimuli} stimuli, {n} subject{'s' if n > 1 else ''}",
        )
        scores = [row["score"] for row in rows]
        bars = None
        if np.isfinite([row["interval_low"] for row in rows]).all():
            bars = figure.error_bars(
                scores, [row["interval_low"] for row in rows], [row["interval_high"] for row in rows]
            )
        drawn.add_scatter(x=list(self.layers), y=scores, error_y=bars, mode="lines+markers", name=region)
        if np.isfinite(rows[0]["ceiling_high"]):
            figure.band(drawn, rows[0]["ceiling_low"], rows[0]["ceiling_high"], "noise ceiling")
        elif np.isfinite(rows[0]["ceiling_low"]):
            figure.limit_line(drawn, rows[0]["ceiling_low"], "the other subjects as a model")
        if not self.is_distance:
            drawn.add_hline(y=0.0, line_width=1, line_color="#888888")
        return drawn


#: What `score_layers` may resample, and what `tertium.compare.rsa` calls it.
BOOTSTRAPS: dict[str, Literal["stimuli", "subjects", "both"] | None] = {
    "stimuli": "stimuli",
    "subjects": "subjects",
    "both": "both",
    "none": None,
}

#: Axis titles of the methods.
METHOD_NAMES: dict[str, str] = {
    "spearman": "Spearman correlation",
    "kendall_tau_a": "Kendall's tau-a",
    "rho_a": "rho-a",
    "pearson": "Pearson correlation",
    "cosine": "cosine",
    "whitened_cosine": "whitened cosine",
    "whitened_correlation": "whitened correlation",
}


def layer_rdms(
    model: nn.Module,
    images: npt.NDArray[np.uint8],
    labels: Sequence[str],
    *,
    sites: str | Sequence[str] = "*",
    metric: str = "correlation",
    units: int | None = None,
    seed: int = 0,
    what: str = "layers",
) -> dict[str, RDM]:
    """Show images to a network and return one RDM a layer, in the order in which it computes them.

    Layers are recorded a few at a time, so that memory does not hold the whole network's responses.

    Parameters
    ----------
    model : torch.nn.Module
        The network; it carries its ``preprocess`` if it is to be shown photographs.
    images : array of uint8, shape (image, height, width, 3)
        What is shown.
    labels : sequence of str
        Names of the images.
    sites : str or sequence of str
        Which layers; wildcards allowed.
    metric : str
        Dissimilarity of the patterns.
    units : int, optional
        Take this many units of each layer, chosen at random; all if None.
    seed : int
        Seed of that choice.
    what : str
        What the progress bar says.

    Returns
    -------
    dict of str to RDM
    """
    from tertium.record import record

    groups = within_memory(model, images, sites)
    rdms: dict[str, RDM] = {}
    for group in track(groups, what, len(groups)):
        recorded = record(
            model, images, sites=group, units=units, seed=seed, trial={"stimulus": list(labels)}, progress=False
        )
        # a module that is called several times in a pass is one site and several layers
        rdms |= rdms_by(recorded, "layer", metric=metric, by="stimulus")
    return rdms


def within_memory(model: nn.Module, images: npt.NDArray[np.uint8], sites: str | Sequence[str]) -> list[list[str]]:
    """Group the sites so that what is recorded at once stays within `RECORDED_AT_ONCE`, where a site allows it."""
    from tertium.record import plan

    sizes: dict[str, int] = {}
    for planned in plan(model, images[:1], sites=sites).sites:
        sizes[planned.site] = sizes.get(planned.site, 0) + planned.reduction.n_kept * len(images) * 4
    groups: list[list[str]] = []
    room = 0
    for site, size in sizes.items():
        if size > room:
            groups.append([])
            room = RECORDED_AT_ONCE
        groups[-1].append(site)
        room -= size
    return groups


def region_rdms(brain: BrainSet, metric: str = "correlation") -> dict[str, list[RDM]]:
    """Return, for each region, the RDMs of its subjects.

    Dissimilarities are taken as they are; from responses one RDM is computed for each value of the trial or unit
    label ``subject``, or one in all where there is no such label.
    """
    return {region: _rdms_of(answers, region, metric) for region, answers in brain.regions.items()}


def score_layers(
    layers: Mapping[str, RDM],
    regions: Mapping[str, Sequence[RDM]],
    *,
    model: str = "network",
    method: str = "spearman",
    bootstrap: str = "auto",
    n_bootstrap: int = 1000,
    seed: int = 0,
) -> LayerScores:
    """Score every layer against every region, with noise ceilings and 95 % bootstrap intervals.

    Parameters
    ----------
    layers : mapping of str to RDM
        From `layer_rdms`.
    regions : mapping of str to sequence of RDM
        From `region_rdms`.
    model : str
        Name of the network, for pictures.
    method : str
        How RDMs are scored, see `tertium.compare.rsa`.
    bootstrap : str
        "stimuli", "subjects", "both", "none", or "auto": over both where a region has several subjects, else over
        stimuli, and none where there are too few stimuli.
    n_bootstrap : int
        Draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    LayerScores
    """
    results: dict[str, Any] = {}
    notes: list[str] = []
    n_stimuli = next(iter(layers.values())).n_conditions
    for region, subjects in regions.items():
        chosen = bootstrap
        if bootstrap != "auto" and bootstrap not in BOOTSTRAPS:
            raise unknown_name("bootstrap", bootstrap, ["auto", *BOOTSTRAPS])
        if bootstrap == "auto":
            chosen = "both" if len(subjects) > 1 else "stimuli"
            if n_stimuli < FEWEST_FOR_BOOTSTRAP:
                chosen = "none"
                notes.append(f"{region}: no intervals, {n_stimuli} stimuli are too few to resample")
        results[region] = rsa(
            dict(layers),
            list(subjects),
            method=method,
            bootstrap=BOOTSTRAPS[chosen],
            n_bootstrap=n_bootstrap,
            seed=seed,
        )
        if results[region].ceiling is None:
            notes.append(f"{region}: {results[region].ceiling_note}")
    return LayerScores(tuple(layers), results, method, model, n_stimuli, tuple(notes))


def score_layers_by(
    measure: str,
    layers: Mapping[bool, Mapping[str, xr.DataArray]],
    regions: Mapping[str, Mapping[str, xr.DataArray]],
    normalise: Mapping[str, bool],
    *,
    model: str = "network",
    over: Mapping[str, Sequence[str] | None],
    n_draws: int = 200,
    seed: int = 0,
    **options: Any,
) -> LayerScores:
    """Score every layer against every region by any measure of `tertium.compare.score_models`.

    Parameters
    ----------
    measure : str
        "cka", "encode", ...
    layers : mapping of bool to mapping of str to responses
        From `tertium.studies.layer_patterns.layer_patterns`, without and with normalised patterns, as regions need.
    regions : mapping of str to mapping of str to responses
        Region -> subject -> patterns.
    normalise : mapping of str to bool
        Region -> whether its patterns are normalised.
    model : str
        Name of the network, for pictures.
    over : mapping of str to sequence of {"subjects", "stimuli", "units"}, or None
        Region -> what is drawn; see `tertium.compare.score_models`.
    n_draws : int
        Subsets drawn.
    seed : int
        Of the draws.
    **options
        Of the measure.

    Returns
    -------
    LayerScores
    """
    results: dict[str, Any] = {}
    notes: list[str] = []
    for region, subjects in regions.items():
        found = score_models(
            dict(layers[normalise[region]]), dict(subjects), measure, over=over[region], n_draws=n_draws, seed=seed,
            by="stimulus", **options,
        )  # fmt: skip
        results[region] = found
        notes += [f"{region}: {note}" for note in found.notes]
        if found.ceiling is None:
            notes.append(f"{region}: no ceiling, since there is one subject")
        if normalise[region]:
            notes.append(
                f"{region}: known by its correlations; patterns came back up to a rotation, with mean 0 and length 1, "
                "and those of the layers were brought to the same."
            )
    first = next(iter(results.values()))
    names = tuple(next(iter(layers.values())))
    n_stimuli = next(iter(next(iter(layers.values())).values())).sizes["trial"]
    return LayerScores(names, results, first.words, model, n_stimuli, tuple(notes))


def _over(result: RSAResult | ModelScores) -> str:
    """Return what the intervals of a comparison are over."""
    from tertium.compare import RSAResult

    if not result.interval:
        return "no intervals"
    if isinstance(result, RSAResult):
        named = {"both": "subjects and stimuli", "stimuli": "stimuli"}.get(str(result.bootstrap), "subjects")
    else:
        named = " and ".join(result.spread.over) if result.spread is not None else "nothing"
    return f"95 % intervals over {named}"


def _ends(ceiling: float | tuple[float, float] | None) -> tuple[float, float]:
    """Return lower and upper ceiling; a single number is a lower one."""
    if ceiling is None:
        return (np.nan, np.nan)
    return ceiling if isinstance(ceiling, tuple) else (ceiling, np.nan)


def _rdms_of(answers: xr.DataArray, region: str, metric: str) -> list[RDM]:
    if answers.dims[0] == "subject":
        labels = [str(s) for s in answers["stimulus"].values]
        source = str(answers.attrs.get("metric", ""))
        return [
            RDM.from_matrix(answers.values[i], labels, metric=source, name=f"{region} {answers['subject'].values[i]}")
            for i in range(answers.sizes["subject"])
        ]
    if "subject" not in answers.coords or answers["subject"].ndim == 0:
        return [rdm(answers, metric=metric, by="stimulus", name=region)]
    (dim,) = answers["subject"].dims
    subjects = list(dict.fromkeys(str(s) for s in answers["subject"].values))
    found = []
    for subject in subjects:
        own = answers.isel({dim: np.flatnonzero(answers["subject"].values.astype(str) == subject)})
        found.append(rdm(own, metric=metric, by="stimulus", name=f"{region} {subject}"))
    if len({frozenset(r.labels) for r in found}) > 1:
        raise BadInput(
            f"region '{region}'",
            got="subjects that saw different stimuli",
            expected="the same stimuli for all",
            repair="Keep the stimuli that all of them saw.",
        )
    return found
