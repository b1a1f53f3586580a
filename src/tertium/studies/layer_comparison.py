"""Which layer of a network explains which region, by any measure: what ``tertium compare`` does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tertium.compare.model_scores.front import FEWEST
from tertium.compare.model_scores.scoring import MEASURES
from tertium.errors import unknown_name
from tertium.studies.layer_patterns import MODEL_ROTATES, ROTATES, brain_patterns, has_units, layer_patterns, normalises
from tertium.studies.layerwise import LayerScores, layer_rdms, region_rdms, score_layers, score_layers_by

if TYPE_CHECKING:
    from torch import nn

    from tertium.data.brain_set import BrainSet

#: What `compare_layers` may draw, and what `tertium.compare.score_models` calls it; "auto" is all there is enough of.
OVER: dict[str, tuple[str, ...] | None] = {
    "auto": None,
    "stimuli": ("stimuli",),
    "subjects": ("subjects",),
    "both": ("subjects", "stimuli"),
    "none": (),
}


def drawn_over(bootstrap: str, n_subjects: int, n_stimuli: int, *, known: bool) -> tuple[str, ...] | None:
    """Return what intervals of a region are over; patterns that came back from dissimilarities have no units.

    Examples
    --------
    >>> drawn_over("auto", 4, 92, known=False), drawn_over("auto", 1, 92, known=False)
    (('subjects', 'stimuli'), ('stimuli',))
    """
    if bootstrap != "auto" or known:
        return OVER[bootstrap]
    enough = {"subjects": n_subjects >= FEWEST["subjects"], "stimuli": n_stimuli >= FEWEST["stimuli"]}
    return tuple(name for name, there in enough.items() if there)


def compare_layers(
    network: nn.Module,
    brain: BrainSet,
    measure: str = "rsa",
    *,
    sites: str | Sequence[str] = "*",
    metric: str = "correlation",
    method: str = "",
    bootstrap: str = "auto",
    n_draws: int = 0,
    seed: int = 0,
    model: str = "network",
) -> LayerScores:
    """Show the stimuli of a brain set to a network, and score each layer against each recorded region.

    Parameters
    ----------
    network : torch.nn.Module
        The network, with its ``preprocess``.
    brain : BrainSet
        Stimuli and answers.
    measure : str
        "rsa", with the noise ceilings and tests of `tertium.compare.rsa`; or a measure of
        `tertium.compare.score_models`.
    sites : str or sequence of str
        Which layers; wildcards allowed.
    metric : str
        Of "rsa": dissimilarity of two patterns.
    method : str
        Of "rsa": how RDMs are scored, "spearman" if empty. Of "encode": the encoding model, "ridge" if empty.
    bootstrap : {"auto", "stimuli", "subjects", "both", "none"}
        What intervals are over.
    n_draws : int
        Draws; 1000 for "rsa" and 200 for other measures if 0.
    seed : int
        Of the draws.
    model : str
        Name of the network, for pictures.

    Returns
    -------
    LayerScores

    Raises
    ------
    UnknownName
        If there is no such measure, or nothing of that name to draw.
    BadInput
        If a region's answers do not suit the measure.
    """
    if measure not in MEASURES:
        raise unknown_name("measure", measure, MEASURES)
    if bootstrap not in OVER:
        raise unknown_name("bootstrap", bootstrap, OVER)
    assert brain.images is not None
    if measure == "rsa":
        return score_layers(
            layer_rdms(network, brain.images, brain.stimuli, sites=sites, metric=metric),
            region_rdms(brain, metric),
            model=model,
            method=method or "spearman",
            bootstrap=bootstrap,
            n_bootstrap=n_draws or 1000,
            seed=seed,
        )
    regions = {region: brain_patterns(brain, region, rotates=measure in ROTATES) for region in brain.regions}
    needs = {region: normalises(brain, region) for region in brain.regions}
    layers = {
        flag: layer_patterns(
            network,
            brain.images,
            brain.stimuli,
            sites=sites,
            rotates=measure in MODEL_ROTATES,
            normalise=flag,
            seed=seed,
        )
        for flag in sorted(set(needs.values()))
    }
    options: dict[str, Any] = {"method": method} if method else {}
    over = {
        region: drawn_over(bootstrap, len(subjects), len(brain.stimuli), known=has_units(brain, region))
        for region, subjects in regions.items()
    }
    return score_layers_by(
        measure, layers, regions, needs, model=model, over=over, n_draws=n_draws or 200, seed=seed, **options
    )
