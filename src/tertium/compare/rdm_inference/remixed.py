"""Feature remixing: linear category readouts of a network's units, trained on other stimuli, join its layers' RDMs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tertium.compare.rdm_inference.align import aligned, same_stimuli
from tertium.compare.rdm_inference.models import Components, FlexibleModel
from tertium.compare.rdm_type import RDM
from tertium.compare.similarity.pairs import FloatArray, IntArray, Pairs
from tertium.errors import BadInput


class RemixedModel(FlexibleModel):
    """A network whose features may be remixed: category readouts join its layers' RDMs, and all are weighted.

    After Khaligh-Razavi & Kriegeskorte 2014 (PLoS Comput Biol 10:e1003915). A linear readout of each category
    (animate or not, face or not, ...) is trained on the training stimuli; the squared
    difference of its outputs is one more component RDM beside those of the layers, and all are weighted without
    negative weights. On its training stimuli each readout enters with the output it gives when that stimulus is left
    out (all copies of it, in a bootstrap), so that the weights are not fitted to overfitted readouts.

    The paper trained support vector machines on separate images; here the readout is a ridge classifier with classes of
    equal weight (Fisher's discriminant with shrinkage), for which leaving out has a closed form. Pass
    ``training_features`` to train it on separate images.

    Parameters
    ----------
    features : array, shape (stimulus, unit)
        Responses of the layer that is read out.
    labels : sequence of str, length stimulus
        Names of the stimuli, those of the data.
    categories : mapping of str to sequence of bool
        Which stimuli (or training images) belong to each category.
    layers : sequence of RDM
        Further components, of the same stimuli.
    shrinkage : float
        Ridge penalty relative to the mean squared length of a centred feature vector, above 0.
    training_features : array, shape (image, unit), optional
        Separate images to train the readouts on; ``categories`` then describes these.
    name : str
        Of the model.

    Raises
    ------
    BadInput
        If lengths differ, features are not finite, a category has fewer than 2 members or non-members, or the layers
        have other stimuli.

    Examples
    --------
    >>> features = np.array([[1.0, 0.1], [0.9, 0.4], [-1.1, 0.3], [-0.9, 0.2]])
    >>> model = RemixedModel(features, list("abcd"), {"animate": [True, True, False, False]})
    >>> model.component_names
    ('readout animate',)
    """

    def __init__(
        self,
        features: npt.ArrayLike,
        labels: Sequence[Any],
        categories: Mapping[str, Sequence[bool]],
        *,
        layers: Sequence[RDM] = (),
        shrinkage: float = 0.1,
        training_features: npt.ArrayLike | None = None,
        name: str = "remixed",
    ) -> None:
        self.name, self.labels = name, tuple(str(label) for label in labels)
        self.features = _matrix(features, len(self.labels), "features")
        self.separate = None if training_features is None else _matrix(training_features, None, "training_features")
        if self.separate is not None and self.separate.shape[1] != self.features.shape[1]:
            got = f"{self.separate.shape[1]} and {self.features.shape[1]} units"
            raise BadInput("training_features and features", got=got, expected="the same units", repair="")
        if not shrinkage > 0:
            raise BadInput("shrinkage", got=f"{shrinkage}", expected="a number above 0", repair="Pass shrinkage=0.1.")
        self.shrinkage = float(shrinkage)
        n_trained = len(self.features if self.separate is None else self.separate)
        self.targets = np.stack([_target(key, members, n_trained) for key, members in _some(categories).items()])
        for i, layer in enumerate(layers):
            same_stimuli(layer.labels, self.labels, f"layer '{layer.name or i + 1}'", "the features")
        self.layers = tuple(layers)
        readouts = tuple(f"readout {key}" for key in categories)
        self.component_names = readouts + tuple(r.name or f"layer {i + 1}" for i, r in enumerate(self.layers))

    def prepare(self, labels: tuple[str, ...]) -> Components:
        """Return readouts and layers in an order of stimuli."""
        same_stimuli(self.labels, labels, f"model '{self.name}'", "the data")
        where = {label: i for i, label in enumerate(self.labels)}
        order = np.array([where[label] for label in labels])
        layers = [aligned(rdm, labels, f"layer '{rdm.name}'", "the data") for rdm in self.layers]
        pairs = Pairs.all(len(labels))
        stacked = np.stack(layers) if layers else np.empty((0, len(pairs)))
        features = self.features[order]
        if self.separate is None:
            return _Readouts(features @ features.T, self.targets[:, order], self.shrinkage, stacked, pairs)
        outputs = _separate_outputs(self.separate, features, self.targets, self.shrinkage)
        return _Fixed(np.vstack([_squared_differences(outputs, pairs), stacked]))


class _Fixed(Components):
    def __init__(self, vectors: FloatArray) -> None:
        self.vectors = vectors

    def of(self, training: IntArray) -> tuple[FloatArray, FloatArray]:
        return self.vectors, self.vectors


class _Readouts(Components):
    """Readouts trained anew on each training set, from the stimuli's inner products alone."""

    def __init__(
        self, kernel: FloatArray, targets: FloatArray, shrinkage: float, layers: FloatArray, pairs: Pairs
    ) -> None:
        self.kernel, self.targets, self.shrinkage, self.layers, self.pairs = kernel, targets, shrinkage, layers, pairs

    def of(self, training: IntArray) -> tuple[FloatArray, FloatArray]:
        outputs = [train_readout(self.kernel, target, training, self.shrinkage) for target in self.targets]
        to_fit = _squared_differences(np.stack([left_out for left_out, _ in outputs]), self.pairs)
        to_predict = _squared_differences(np.stack([held_out for _, held_out in outputs]), self.pairs)
        return np.vstack([to_fit, self.layers]), np.vstack([to_predict, self.layers])


def train_readout(
    kernel: FloatArray, target: FloatArray, training: IntArray, shrinkage: float
) -> tuple[FloatArray, FloatArray]:
    """Train a ridge readout of a category and return its outputs for all stimuli, both shape (stimulus,).

    Parameters
    ----------
    kernel : array, shape (stimulus, stimulus)
        Inner products of the stimuli's features.
    target : array, shape (stimulus,)
        1 for members, -1 for the others.
    training : array of int, shape (stimulus,)
        How often each stimulus occurs in the training set.
    shrinkage : float
        Ridge penalty relative to the mean squared length of a centred training vector.

    Returns
    -------
    left_out : array
        On training stimuli, the output when that stimulus (all its copies) is left out, in closed form; class weights
        and the mean of the features, which no label enters, stay those of the whole training set.
    trained : array
        The output of the readout trained on the whole training set. Both are 0 everywhere if a class has fewer
        than 2 different training stimuli or all features are equal.
    """
    some = np.flatnonzero(training)
    counts, y = training[some].astype(np.float64), target[some]
    positive, total = counts[y > 0].sum(), counts.sum()
    if (y > 0).sum() < 2 or (y < 0).sum() < 2:
        return np.zeros(len(target)), np.zeros(len(target))
    weight = counts * np.where(y > 0, total / (2 * positive), total / (2 * (total - positive)))
    share = counts / total
    to_mean = kernel[:, some] @ share
    centred = kernel[:, some] - to_mean[:, None] - to_mean[some] + share @ to_mean[some]
    length = float(share @ np.diag(centred[some]))
    if length <= 0:
        return np.zeros(len(target)), np.zeros(len(target))
    penalty = shrinkage * length
    # A constant feature, hardly penalised, is the intercept.
    centred = centred + 100.0 * length
    inside = centred[some]
    system = inside + np.diag(penalty * total / weight)
    solved = np.linalg.inv(system)
    coefficients = solved @ y
    outputs = centred @ coefficients
    left_out = outputs.copy()
    # The residual of a stimulus left out is its coefficient over the inverse's diagonal (generalised leave-one-out).
    left_out[some] = y - coefficients / np.diag(solved)
    return left_out, outputs


def _separate_outputs(training: FloatArray, features: FloatArray, targets: FloatArray, shrinkage: float) -> FloatArray:
    both = np.vstack([training, features])
    kernel = both @ both.T
    counts = np.r_[np.ones(len(training), dtype=np.int64), np.zeros(len(features), dtype=np.int64)]
    padding = np.zeros(len(features))
    outputs = [train_readout(kernel, np.r_[t, padding], counts, shrinkage)[1] for t in targets]
    return np.stack(outputs)[:, len(training) :]


def _squared_differences(outputs: FloatArray, pairs: Pairs) -> FloatArray:
    return np.asarray((outputs[:, pairs.first] - outputs[:, pairs.second]) ** 2)


def _matrix(values: npt.ArrayLike, rows: int | None, what: str) -> FloatArray:
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2 or (rows is not None and len(matrix) != rows):
        expected = f"({rows}, unit)" if rows is not None else "(image, unit)"
        raise BadInput(what, got=f"shape {matrix.shape}", expected=f"shape {expected}", repair="One row a stimulus.")
    if not np.isfinite(matrix).all():
        raise BadInput(what, got="NaN or infinite values", expected="finite ones", repair="")
    return matrix


def _some(categories: Mapping[str, Sequence[bool]]) -> Mapping[str, Sequence[bool]]:
    if not categories:
        raise BadInput("categories", got="none", expected="at least one", repair="Use WeightedModel without readouts.")
    return categories


def _target(key: str, members: Sequence[bool], n: int) -> FloatArray:
    mask = np.asarray(members)
    if mask.shape != (n,) or mask.dtype != bool:
        got = f"{mask.dtype} of shape {mask.shape}"
        raise BadInput(f"category '{key}'", got=got, expected=f"{n} booleans, one a stimulus", repair="")
    if mask.sum() < 2 or (~mask).sum() < 2:
        got = f"{int(mask.sum())} members and {int((~mask).sum())} others"
        raise BadInput(f"category '{key}'", got=got, expected="at least 2 of each", repair="")
    return np.where(mask, 1.0, -1.0)
