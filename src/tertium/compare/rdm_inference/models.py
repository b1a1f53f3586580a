"""Models with parameters: an RDM that is a non-negative sum of component RDMs, its weights fitted to other stimuli."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from tertium.compare.rdm_inference.align import align_data, aligned, named, same_stimuli
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.engine import CENTRED, check_method
from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs
from tertium.compare.similarity.whitened import inner_products
from tertium.errors import BadInput


class Components(ABC):
    """A flexible model brought to an order of stimuli: the component RDMs it can weigh, given training stimuli."""

    @abstractmethod
    def of(self, training: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the components to fit on and those to predict with, each shape (component, pair).

        Parameters
        ----------
        training : array of int, shape (stimulus,)
            How often each stimulus occurs in the training set; 0 for those held out.
        """


class FlexibleModel(ABC):
    """A model whose RDM depends on parameters fitted to data; scored only on stimuli it was not fitted to."""

    name: str
    labels: tuple[str, ...]
    component_names: tuple[str, ...]

    @abstractmethod
    def prepare(self, labels: tuple[str, ...]) -> Components:
        """Return the components in an order of stimuli; the same set of labels is needed."""

    def fit(
        self,
        data: RDM | Sequence[RDM] | Mapping[str, RDM],
        method: str = "pearson",
        stimuli: Iterable[str] | None = None,
    ) -> FittedModel:
        """Fit the weights of the components to measured RDMs.

        Parameters
        ----------
        data : RDM, sequence or mapping of RDM
            Measured RDMs of the model's stimuli.
        method : str
            The similarity that will be scored; see `fit_weights`.
        stimuli : iterable of str, optional
            The stimuli to fit to; all if None.

        Returns
        -------
        FittedModel

        Raises
        ------
        BadInput
            If stimuli differ, or there are fewer than 3 to fit to.
        """
        check_method(method)
        measured = align_data(data)
        same_stimuli(self.labels, measured.labels, f"model '{self.name}'", "the data")
        wanted = set(measured.labels) if stimuli is None else {str(s) for s in stimuli}
        unknown = sorted(wanted - set(measured.labels))
        if unknown or len(wanted) < 3:
            got = f"'{unknown[0]}'" if unknown else f"{len(wanted)} stimuli"
            raise BadInput("stimuli to fit to", got=got, expected="at least 3 of the data's labels", repair="")
        training = np.array([label in wanted for label in measured.labels], dtype=np.int64)
        to_fit, to_predict = self.prepare(measured.labels).of(training)
        weights = fit_weights(to_fit, measured.vectors, Pairs.all(len(measured.labels)), training, method)
        rdm = RDM(weights @ to_predict, measured.labels, metric="fitted", name=self.name)
        return FittedModel(dict(zip(self.component_names, weights.tolist(), strict=True)), rdm)


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A flexible model after its fit.

    Attributes
    ----------
    weights : dict of str to float
        Weight of each component, 0 or more, for components as given and data brought to unit scale.
    rdm : RDM
        What it predicts for all stimuli, also those it was not fitted to.
    """

    weights: dict[str, float]
    rdm: RDM

    def predict(self, labels: Iterable[str] | None = None) -> RDM:
        """Return the predicted RDM of some stimuli, or of all."""
        return self.rdm if labels is None else self.rdm.subset(labels)


class WeightedModel(FlexibleModel):
    """A model that may weigh its component RDMs, none of them negatively (Khaligh-Razavi & Kriegeskorte 2014).

    Squared distances add over sets of units, so a non-negative weighting of the RDMs of layers (or feature maps) is the
    squared distance after each set of units was rescaled.

    Parameters
    ----------
    components : sequence or mapping of RDM
        Of the same stimuli, in any order.
    name : str
        Of the model.

    Raises
    ------
    BadInput
        If there is none, or their stimuli differ.

    Examples
    --------
    >>> a = RDM([1.0, 0, 0, 0, 0, 1], labels=list("wxyz"), name="a")
    >>> b = RDM([0.0, 1, 0, 0, 1, 0], labels=list("wxyz"), name="b")
    >>> both = RDM([2.0, 1, 0, 0, 1, 2], labels=list("wxyz"))
    >>> fitted = WeightedModel([a, b]).fit(both, method="cosine")
    >>> round(fitted.weights["a"] / fitted.weights["b"], 6)
    2.0
    """

    def __init__(self, components: Sequence[RDM] | Mapping[str, RDM], name: str = "weighted") -> None:
        items = named(components, "component")
        self.name, self.labels = name, items[0][1].labels
        self.component_names = tuple(key for key, _ in items)
        first = f"component '{self.component_names[0]}'"
        vectors = [aligned(rdm, self.labels, f"component '{key}'", first) for key, rdm in items]
        self.rdms = tuple(RDM(v, self.labels, name=k) for k, v in zip(self.component_names, vectors, strict=True))
        for rdm in self.rdms:
            if not np.isfinite(rdm.vector).all():
                got = f"{int((~np.isfinite(rdm.vector)).sum())} NaN or infinite dissimilarities"
                raise BadInput(f"component '{rdm.name}'", got=got, expected="finite ones", repair="")

    def prepare(self, labels: tuple[str, ...]) -> Components:
        """Return the components in an order of stimuli."""
        vectors = [aligned(rdm, labels, f"model '{self.name}'", "the data") for rdm in self.rdms]
        return _Constant(np.stack(vectors))


class _Constant(Components):
    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors

    def of(self, training: IntArray) -> tuple[FloatArray, FloatArray]:
        return self.vectors, self.vectors


def fit_weights(components: FloatArray, data: FloatArray, pairs: Pairs, training: IntArray, method: str) -> FloatArray:
    """Non-negative least squares weights of component RDMs for the training stimuli.

    Each subject's dissimilarities of the training pairs are brought to unit scale and averaged; the weighted sum is
    fitted to the average. For the correlations and the rank methods everything is centred first (a free constant), and
    for the whitened methods the error is measured in the metric V^-1. So the fit maximises the score itself for the
    cosines and correlations; for rank methods it maximises Pearson's correlation instead.

    Parameters
    ----------
    components : array, shape (component, pair)
        No NaN.
    data : array, shape (subject, pair)
        NaN where not measured.
    pairs : Pairs
        All pairs.
    training : array of int, shape (stimulus,)
        How often each stimulus occurs in the training set.
    method : str
        The similarity to be scored.

    Returns
    -------
    array, shape (component,)
        0 or more; all 0 if no component helps.
    """
    weights = training[pairs.first] * training[pairs.second]
    some = (weights > 0) & np.isfinite(data).any(axis=0)
    w, y, kept = weights[some].astype(np.float64), data[:, some], pairs.keep(some)
    there = np.where(np.isfinite(y), w, 0.0)
    y = np.where(there > 0, y, 0.0)
    total = np.maximum(there.sum(axis=1, keepdims=True), 1.0)
    if method in CENTRED:
        y = np.where(there > 0, y - (there * y).sum(axis=1, keepdims=True) / total, 0.0)
    scale = np.sqrt((there * y**2).sum(axis=1, keepdims=True) / total)
    y = np.divide(y, scale, out=np.zeros_like(y), where=scale > 0)
    target = (there * y).sum(axis=0) / there.sum(axis=0)
    stacked = np.vstack([components[:, some], target])
    if method.startswith("whitened"):
        products = inner_products(stacked, kept, training, centred=method in CENTRED)
    else:
        if method in CENTRED:
            stacked = stacked - (stacked @ w / w.sum())[:, None]
        products = (stacked * w) @ stacked.T
    return _nnls(products[:-1, :-1], products[:-1, -1])


def _nnls(gram: FloatArray, cross: FloatArray) -> FloatArray:
    """Minimise w' G w - 2 c' w over w >= 0, from the normal equations; components without variance get 0."""
    size = np.sqrt(np.maximum(np.diag(gram), 0.0))
    usable = size > 1e-12 * max(size.max(initial=0.0), 1e-300)
    result = np.zeros(len(size))
    if not usable.any():
        return result
    scaled = gram[np.ix_(usable, usable)] / np.outer(size[usable], size[usable])
    # A trace of ridge keeps nearly equal components apart in the Cholesky factor.
    factor = np.linalg.cholesky(scaled + 1e-10 * np.eye(len(scaled)))
    solution, _ = nnls(factor.T, np.linalg.solve(factor, cross[usable] / size[usable]))
    result[usable] = solution / size[usable]
    return result
