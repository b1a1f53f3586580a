"""How much of the variance components explain: each by itself, by marginalisation, together, and against PCA."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Explained:
    """Shares of the total variance of the averages, between 0 and 1 (negative where a component does harm).

    Attributes
    ----------
    by_group : array, shape (component, group)
        What each component alone explains of each marginalisation; rows sum to `alone`.
    cumulative : array, shape (component,)
        What the first components explain together.
    cumulative_pca : array, shape (component,)
        What as many principal components explain, the most that any can.
    """

    by_group: Floats
    cumulative: Floats
    cumulative_pca: Floats

    @property
    def alone(self) -> Floats:
        """What each component alone explains, shape (component,)."""
        return np.asarray(self.by_group.sum(1))


def alone(parts: dict[str, Floats], encoder: Floats, decoder: Floats) -> Floats:
    """Return what each component alone explains of each marginalisation, (component, group), as a share of all.

    ``(|X_phi|^2 - |X_phi - f d' X_phi|^2) / |X|^2`` (Kobak et al. 2016, Methods, "Explained variance").
    """
    power = sum(float((part**2).sum()) for part in parts.values())
    length = (encoder**2).sum(0)
    columns = []
    for part in parts.values():
        read = decoder.T @ part
        columns.append(2 * (read * (encoder.T @ part)).sum(1) - length * (read**2).sum(1))
    return np.stack(columns, axis=1) / power


def explained(parts: dict[str, Floats], encoder: Floats, decoder: Floats) -> Explained:
    """Return what components, in this order, explain of marginalisations (unit, sample).

    Examples
    --------
    >>> x = np.diag([2.0, 1.0]) @ np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]])
    >>> found = explained({"all": x}, np.eye(2), np.eye(2))
    >>> found.alone.tolist(), found.cumulative.tolist(), found.cumulative_pca.tolist()
    ([0.8, 0.2], [0.8, 1.0], [0.8, 1.0])
    """
    averages = np.sum(list(parts.values()), axis=0)
    gram = averages @ averages.T
    power = float(np.trace(gram))
    by_group = alone(parts, encoder, decoder)
    # tr(A G A') and tr(A G) of A = F D', for the first 1, 2, ... components, from their cross products
    shared = (encoder.T @ encoder) * (decoder.T @ gram @ decoder)
    corner = np.cumsum(np.cumsum(shared, axis=0), axis=1).diagonal()
    linear = np.cumsum((encoder * (gram @ decoder)).sum(0))
    principal = np.zeros(encoder.shape[1])  # there may be more components than units
    largest = np.linalg.eigvalsh(gram)[::-1][: len(principal)]
    principal[: len(largest)] = np.maximum(largest, 0.0)
    return Explained(by_group, (2 * linear - corner) / power, np.cumsum(principal) / power)
