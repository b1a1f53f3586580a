"""Choices between an object and a distractor, counted by image: what all patterns of confusion are made from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tertium.behavior.checks import Bools, Floats, Indices, binary, labels, same_length
from tertium.errors import BadInput


@dataclass(frozen=True, eq=False)
class Confusions:
    """How often an image was taken for its object, against each distractor.

    Attributes
    ----------
    hits, n : array, shape (image, object)
        Choices of the image's own object, and trials, by the object offered beside it; 0 trials with its own. Of a
        model without noise: probabilities, and n of infinity.
    images, objects : tuple of str
        Names.
    of : array of int, shape (image,)
        Which object is in an image.
    """

    hits: Floats
    n: Floats
    images: tuple[str, ...]
    objects: tuple[str, ...]
    of: Indices

    @property
    def noisy(self) -> bool:
        """Whether these are counts of choices, and not probabilities."""
        return bool(np.isfinite(self.n).all())

    @property
    def offered(self) -> Bools:
        """Which distractors were ever offered beside an image, shape (image, object)."""
        return np.asarray(self.n > 0)

    def rates(self) -> Floats:
        """Return the share of hits, shape (image, object), NaN where nothing was offered."""
        if not self.noisy:
            return np.where(self.offered, self.hits, np.nan)
        return np.divide(self.hits, self.n, out=np.full(self.n.shape, np.nan), where=self.n > 0)

    def halves(self, generator: np.random.Generator) -> tuple[Confusions, Confusions]:
        """Deal the trials of each image and distractor into two random halves; probabilities are both halves."""
        if not self.noisy:
            return self, self
        n, k = self.n.astype(np.int64), self.hits.astype(np.int64)
        odd = generator.integers(0, 2, size=n.shape) * (n % 2)
        first = n // 2 + odd
        hits = generator.hypergeometric(k, n - k, first).astype(np.float64)
        rest = (n - first).astype(np.float64)
        one = Confusions(hits, first.astype(np.float64), self.images, self.objects, self.of)
        return one, Confusions(self.hits - hits, rest, self.images, self.objects, self.of)


def count_confusions(
    image: npt.ArrayLike, shown: npt.ArrayLike, distractor: npt.ArrayLike, correct: npt.ArrayLike
) -> Confusions:
    """Count choices of a match-to-sample task: an image, then its object and a distractor to choose from.

    Parameters
    ----------
    image, shown, distractor : array of labels, shape (trial,)
        The image, the object in it, and the other object that was offered.
    correct : array of bool, shape (trial,)
        Whether the object in the image was chosen.

    Raises
    ------
    BadInput
        If an image shows two objects, an object is its own distractor, there are fewer than two objects, or one of
        them is never shown.

    Examples
    --------
    >>> found = count_confusions(["i1", "i1", "i2"], ["cat", "cat", "dog"], ["dog", "dog", "cat"], [1, 0, 1])
    >>> found.rates()[0].tolist(), found.objects
    ([nan, 0.5], ('cat', 'dog'))
    """
    images, i = labels("image", image)
    ok = binary("correct", correct)
    n = same_length(
        ("image", i), ("shown", list(np.asarray(shown))), ("distractor", list(np.asarray(distractor))), ("correct", ok)
    )
    objects, both = labels("objects", np.concatenate([np.asarray(shown), np.asarray(distractor)]))
    o, d = both[:n], both[n:]
    if (o == d).any():
        at = int(np.flatnonzero(o == d)[0])
        raise BadInput(
            "distractor", got=f"'{objects[d[at]]}' on trial {at}, the object shown", expected="another", repair=""
        )
    of = np.full(len(images), -1, dtype=np.int64)
    of[i] = o
    if (of[i] != o).any():
        at = int(np.flatnonzero(of[i] != o)[0])
        raise BadInput("image", got=f"'{images[i[at]]}' with two objects", expected="one object an image", repair="")
    never = sorted(set(range(len(objects))) - set(of.tolist()))
    if never:
        raise BadInput(
            "objects",
            got=f"'{objects[never[0]]}' offered but never shown",
            expected="images of every object: without them false alarms are not known",
            repair="Leave out trials that offer it.",
        )
    shape = (len(images), len(objects))
    trials, hits = np.zeros(shape), np.zeros(shape)
    np.add.at(trials, (i, d), 1.0)
    np.add.at(hits, (i, d), ok.astype(np.float64))
    return Confusions(hits, trials, images, objects, of)


def confusions_of_model(
    probabilities: npt.ArrayLike, shown: npt.ArrayLike, objects: npt.ArrayLike, images: npt.ArrayLike | None = None
) -> Confusions:
    """Return what a classifier would choose between its object and each distractor, without noise.

    Parameters
    ----------
    probabilities : array, shape (image, object)
        Of all classes, above 0; between two of them it chooses by ``p_object / (p_object + p_distractor)``.
    shown : array of labels, shape (image,)
        The object in each image.
    objects : array of labels, shape (object,)
        Names of the classes.
    images : array of labels, shape (image,), optional
        Names of the images, as in the trials it is compared with.

    Raises
    ------
    BadInput
        If shapes differ, a probability is not above 0, or an object has no class.

    Examples
    --------
    >>> found = confusions_of_model([[0.6, 0.2], [0.1, 0.9]], ["cat", "dog"], ["cat", "dog"])
    >>> found.rates().round(2).tolist()
    [[nan, 0.75], [0.9, nan]]
    """
    p = np.asarray(probabilities, dtype=np.float64)
    given = np.asarray(shown)
    n_images, n_classes = len(given), len(np.asarray(objects))
    which, rows = labels("images", np.arange(n_images) if images is None else images)
    if p.shape != (n_images, n_classes) or not (np.isfinite(p) & (p > 0)).all() or len(which) != n_images:
        wrong = f"shape {p.shape}" if p.shape != (n_images, n_classes) else "some that are not above 0"
        raise BadInput(
            "probabilities",
            got=wrong if len(which) == n_images else f"{len(which)} different images on {n_images} rows",
            expected=f"numbers above 0, shape ({n_images}, {n_classes}), one row an image",
            repair="Take a softmax.",
        )
    names, both = labels("objects", np.concatenate([np.asarray(objects), given]))
    columns, there = both[:n_classes], both[n_classes:]
    if len(names) > n_classes:
        odd = names[sorted(set(there.tolist()) - set(columns.tolist()))[0]]
        raise BadInput("shown", got=f"'{odd}', which is no class", expected="one of the objects", repair="")
    sorted_p = np.empty_like(p)  # images and objects in the order in which trials have them
    sorted_p[np.ix_(rows, columns)] = p
    of = np.empty(n_images, dtype=np.int64)
    of[rows] = there
    own = sorted_p[np.arange(n_images), of][:, None]
    n = np.full(p.shape, np.inf)
    n[np.arange(n_images), of] = 0.0
    return Confusions(own / (own + sorted_p), n, which, names, of)
