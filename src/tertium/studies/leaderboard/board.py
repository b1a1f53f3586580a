"""`score`: a network on all real data at hand, beside reference models, with intervals and ceilings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tertium.compare import RDM, Score, score_models
from tertium.errors import BadInput, MissingData, unknown_name
from tertium.studies.layerwise import layer_rdms
from tertium.studies.leaderboard.benchmarks import BENCHMARKS, Benchmark
from tertium.studies.leaderboard.by_dissimilarity import BestLayer, as_layers, best_layer
from tertium.studies.leaderboard.by_encoding import chosen, layer_scores
from tertium.studies.leaderboard.references import REFERENCES

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go
    import xarray as xr
    from torch import nn

#: Random combinations of a layer's units from which single units are predicted.
COMPONENTS = 1000


@dataclass(frozen=True)
class Row:
    """A model on a benchmark.

    Attributes
    ----------
    benchmark, model : str
    score : float
        Of the layer that was chosen on other images; a correlation, -1 to 1, 0 at chance.
    low, high : float
        95 % interval; NaN where there is none.
    ceiling : float
        Score of the other subjects as a model; NaN for one subject.
    layer : str
        The layer that is best on all images.
    difference, difference_low, difference_high : float
        The scored network less this model, with its paired interval; NaN for itself.
    reference : bool
        Whether it is a reference model.
    """

    benchmark: str
    model: str
    score: float
    low: float
    high: float
    ceiling: float
    layer: str
    difference: float
    difference_low: float
    difference_high: float
    reference: bool


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """A network beside reference models on several benchmarks.

    Attributes
    ----------
    model : str
        Name of the network.
    rows : tuple of Row
    what, words, cite : dict of str to str
        Benchmark -> one line on it, what its score is, what to cite.
    missing : dict of str to str
        Benchmark whose data are not at hand -> why.
    """

    model: str
    rows: tuple[Row, ...]
    what: dict[str, str]
    words: dict[str, str]
    cite: dict[str, str]
    missing: dict[str, str]

    @property
    def benchmarks(self) -> tuple[str, ...]:
        """Names of the benchmarks that were scored."""
        return tuple(dict.fromkeys(row.benchmark for row in self.rows))

    def table(self) -> pd.DataFrame:
        """Return one row a benchmark and model, best first within a benchmark."""
        import pandas as pd

        table = pd.DataFrame([vars(row) for row in self.rows])
        order = table["benchmark"].map({name: i for i, name in enumerate(self.benchmarks)})
        return table.assign(order=order).sort_values(["order", "score"], ascending=[True, False]).drop(columns="order")

    def figure(self, benchmark: str) -> go.Figure:
        """Draw all models on a benchmark, best on top, with intervals; dashed: the other subjects as a model.

        Raises
        ------
        UnknownName
            If it was not scored.
        """
        from tertium import figure

        if benchmark not in self.benchmarks:
            raise unknown_name("benchmark", benchmark, self.benchmarks)
        rows = sorted((row for row in self.rows if row.benchmark == benchmark), key=lambda row: row.score)
        drawn = figure.new(x=self.words[benchmark], y="", title=self.what[benchmark], height=110 + 34 * len(rows))
        for reference in (True, False):
            some = [row for row in rows if row.reference == reference]
            bars = figure.error_bars([r.score for r in some], [r.low for r in some], [r.high for r in some])
            drawn.add_scatter(
                x=[row.score for row in some],
                y=[row.model for row in some],
                error_x=bars if np.isfinite([r.low for r in some]).all() else None,
                text=[row.layer for row in some],
                mode="markers",
                marker={"color": figure.COLOURS[6 if reference else 1], "size": 10},
                name="reference" if reference else "scored",
                hovertemplate="%{y}, best layer %{text}: %{x:.3f}<extra></extra>",
            )
        if np.isfinite(rows[0].ceiling):
            figure.limit_line(drawn, rows[0].ceiling, "", vertical=True)
        drawn.add_vline(x=0.0, line_width=1, line_color="#888888")
        ends = [0.0, *(end for row in rows for end in (row.score, row.low, row.high, row.ceiling) if np.isfinite(end))]
        room = 0.04 * (max(ends) - min(ends))
        drawn.update_xaxes(range=[min(ends) - room, max(ends) + room])
        drawn.update_yaxes(type="category", categoryorder="array", categoryarray=[row.model for row in rows])
        drawn.update_layout(showlegend=False)
        return drawn


def score(
    model: nn.Module | str,
    on: Sequence[str] | str | None = None,
    *,
    name: str = "",
    references: Sequence[str] | None = None,
    sites: str | Sequence[str] = "*",
    n_draws: int = 100,
    seed: int = 0,
) -> Leaderboard:
    """Score any network of images on the real data at hand, beside reference models.

    The layer is chosen on some images and judged on others, for every model alike: on half of the images for
    dissimilarities (both ways, mean), by folds for single units.

    Parameters
    ----------
    model : torch.nn.Module or str
        The network, with its ``preprocess`` (`tertium.models.wrap`); or a name of ``tertium models``, ``file.py:name``.
    on : sequence of str, optional
        Names out of `BENCHMARKS`; all whose data are at hand if None.
    name : str
        What the network is called.
    references : sequence of str, optional
        Names out of `REFERENCES`; all that can be had if None.
    sites : str or sequence of str
        Layers of the network; wildcards allowed.
    n_draws : int
        Draws for intervals: over images and, where there are several, subjects.
    seed : int
        Of the draws.

    Returns
    -------
    Leaderboard

    Raises
    ------
    UnknownName
        If there is no such benchmark or reference.
    MissingData
        If none of the data are at hand.

    Examples
    --------
    ``board = tt.studies.score(wrap(my_network, preprocess))``, ``board.table()``, ``board.figure("human_it")``.
    """
    wanted = _named(on, BENCHMARKS, "benchmark")
    beside = _named(references, REFERENCES, "reference")
    network, called = _network(model, name)
    missing: dict[str, str] = {}
    found: list[Benchmark] = []
    for benchmark in wanted:
        try:
            found.append(BENCHMARKS[benchmark]())
        except MissingData as fault:
            if on is not None:
                raise
            missing[benchmark] = str(fault)
    if not found:
        why = next(iter(missing.values()))
        expected = f"one of {', '.join(BENCHMARKS)}"
        raise MissingData("data to score on", got=f"none at hand ({why})", expected=expected)
    networks = {called: network, **_references(beside, called, missing, asked=references is not None)}
    layers = {called: sites} | {other: "*" for other in networks if other != called}
    seen: _Seen = {}
    scored = [_on(benchmark, networks, layers, _Draws(n_draws, seed), seen) for benchmark in found]
    rows = tuple(row for some in scored for row in some)
    what = {b.name: b.what for b in found}
    return Leaderboard(called, rows, what, {b.name: b.words for b in found}, {b.name: b.cite for b in found}, missing)


@dataclass(frozen=True)
class _Draws:
    """How many draws, and their seed."""

    count: int
    seed: int


#: Network and images -> dissimilarities of each layer, which several benchmarks share.
_Seen = dict[tuple[str, str], dict[str, RDM]]


def _on(
    benchmark: Benchmark, networks: Mapping[str, nn.Module], sites: Mapping[str, Any], draws: _Draws, seen: _Seen
) -> list[Row]:
    if benchmark.responses is None:
        return _by_dissimilarity(benchmark, networks, sites, draws, seen)
    return _by_encoding(benchmark, benchmark.responses, networks, sites, draws)


def _by_dissimilarity(
    benchmark: Benchmark, networks: Mapping[str, nn.Module], sites: Mapping[str, Any], draws: _Draws, seen: _Seen
) -> list[Row]:
    labels = benchmark.labels
    subjects = {name: as_layers(name, [rdm], labels) for name, rdm in benchmark.rdms.items()}
    layers, best = {}, {}
    for name, network in networks.items():
        if (name, benchmark.shown) not in seen:
            what = f"{name} on {benchmark.shown}"
            seen[name, benchmark.shown] = layer_rdms(network, benchmark.images, labels, sites=sites[name], what=what)
        rdms = seen[name, benchmark.shown]
        layers[name] = as_layers(name, list(rdms.values()), labels)
        best[name] = best_layer(layers[name], list(subjects.values()), tuple(rdms))
    over = ("subjects", "stimuli") if len(subjects) > 1 else ("stimuli",)
    found = score_models(layers, subjects, BestLayer(), over=over, n_draws=draws.count, seed=draws.seed)
    ceiling = np.nan if found.ceiling is None else found.ceiling
    mine = next(iter(networks))
    rows = []
    for name in networks:
        apart, ends = found.difference(mine, name) if name != mine else (np.nan, (np.nan, np.nan))
        ends_of = found.interval[name]
        rows.append(
            Row(benchmark.name, name, found.mean[name], *ends_of, ceiling, best[name], apart, *ends, name != mine)
        )
    return rows


def _by_encoding(
    benchmark: Benchmark,
    responses: xr.DataArray,
    networks: Mapping[str, nn.Module],
    sites: Mapping[str, Any],
    draws: _Draws,
) -> list[Row]:
    scores: dict[str, dict[str, Score]] = {}
    for name, network in networks.items():
        layers = _components(network, benchmark, sites[name])
        scores[name] = layer_scores(layers, responses, n_draws=draws.count, seed=draws.seed)
    picked = {name: chosen(found) for name, found in scores.items()}
    mine = next(iter(networks))
    rows = []
    for name, (value, layer) in picked.items():
        low, high = scores[name][layer].mean_interval
        # the interval is that of the layer chosen most often, moved to the value of the layers chosen fold by fold
        shift = value - scores[name][layer].mean
        apart, ends = np.nan, (np.nan, np.nan)
        if name != mine:
            own = scores[mine][picked[mine][1]]
            apart = picked[mine][0] - value
            less, more = own.minus(scores[name][layer])
            moved = apart - (own.mean - scores[name][layer].mean)
            ends = (less + moved, more + moved)
        rows.append(
            Row(benchmark.name, name, value, low + shift, high + shift, np.nan, layer, apart, *ends, name != mine)
        )
    return rows


def _components(network: nn.Module, benchmark: Benchmark, sites: Any) -> dict[str, Any]:
    """Return random combinations of each layer's units, few enough to be kept."""
    from tertium.record import record

    recorded = record(
        network, benchmark.images, sites=sites, project="sparse", n_components=COMPONENTS,
        trial={"stimulus": list(benchmark.labels)},
    )  # fmt: skip
    of = np.array([str(layer) for layer in recorded["layer"].values], dtype=object)
    return {layer: recorded.isel(unit=np.flatnonzero(of == layer)) for layer in dict.fromkeys(of)}


def _network(model: nn.Module | str, name: str) -> tuple[nn.Module, str]:
    from torch import nn

    from tertium.models import load_model

    if isinstance(model, str):
        network = load_model(model)
        return network, name or str(getattr(network, "name", "") or model.rpartition(":")[2])
    if not isinstance(model, nn.Module):
        expected = "a torch.nn.Module, or the name of one"
        raise BadInput("model", got=f"a {type(model).__name__}", expected=expected)
    return model, name or str(getattr(model, "name", "") or type(model).__name__)


def _references(names: Sequence[str], called: str, missing: dict[str, str], *, asked: bool) -> dict[str, nn.Module]:
    """Make the reference models; one whose weights are not at hand is left out, and said, unless it was asked for."""
    found = {}
    for name in names:
        try:
            found[f"{name} (reference)" if name == called else name] = REFERENCES[name]()
        except MissingData as fault:
            if asked:
                raise
            missing[name] = str(fault)
    return found


def _named(given: Sequence[str] | str | None, known: Mapping[str, Any], kind: str) -> list[str]:
    if given is None:
        return list(known)
    names = [given] if isinstance(given, str) else list(given)
    for name in names:
        if name not in known:
            raise unknown_name(kind, name, known)
    return names
