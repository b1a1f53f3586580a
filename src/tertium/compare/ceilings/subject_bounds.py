"""Leave-one-subject-out bounds: each subject's responses against the mean of the others, and of all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.compare.ceilings.estimate import FISHER, Estimate, jackknife, over_units, ratio

FloatArray = npt.NDArray[np.float64]


def leave_one_subject_out(means: FloatArray) -> Estimate:
    """Estimate the correlation of subjects with the mean of the others (lower) and of all (upper).

    Parameters
    ----------
    means : array, shape (subject, stimulus, time, unit)
        Units correspond.

    Returns
    -------
    Estimate
        ``signal`` is the mean covariance of two subjects, ``noise`` what their variance has beyond it.

    Notes
    -----
    After Nili et al. (2014), with responses in place of RDMs: each subject's responses are z-scored over stimuli, so
    that all have equal weight. With S the variance that k subjects share and E that of each alone, the bounds are
    S / sqrt((S + E)(S + E / (k - 1))) and sqrt((S + E / k) / (S + E)). All follow from the correlations of subjects
    with one another. In simulation (15 to 40 stimuli, 3 to 10 subjects) bias is below 0.002; the
    interval covers in 94 to 95 %.
    """
    k, n_stimuli, n_times, n_units = means.shape

    def some(where: slice) -> Estimate:
        moments = _moments(means[..., where])
        lower = jackknife(moments, lambda s: _bounds(s, k)[0], FISHER)
        upper = jackknife(moments, lambda s: _bounds(s, k)[1], FISHER)
        covariance = _covariance(moments.sum(axis=0), k) / (n_stimuli * n_times - 1)
        variance = np.einsum("aau->u", covariance) / k
        signal = (covariance.sum(axis=(0, 1)) - k * variance) / (k * (k - 1))
        interval = np.stack([lower.low, lower.high])
        return Estimate(lower.value, lower.value, upper.value, interval, signal, variance - signal)

    return over_units(n_units, 4 * n_stimuli * (1 + k + k * k), some)


def _moments(means: FloatArray) -> FloatArray:
    """Return what each stimulus adds to the count, the sums and the products of subjects; (stimulus, moment, unit)."""
    k, n_stimuli, n_times, n_units = means.shape
    centred = means - means.mean(axis=(1, 2), keepdims=True)
    products = np.einsum("astu,bstu->sabu", centred, centred).reshape(n_stimuli, k * k, n_units)
    count = np.full((n_stimuli, 1, n_units), float(n_times))
    return np.concatenate([count, centred.sum(axis=2).transpose(1, 0, 2), products], axis=1)


def _covariance(sums: FloatArray, k: int) -> FloatArray:
    """Return centred products of subjects, shape (..., k, k, unit)."""
    total = sums[..., 1 : 1 + k, :]
    products = sums[..., 1 + k :, :].reshape(*sums.shape[:-2], k, k, sums.shape[-1])
    return products - total[..., :, None, :] * total[..., None, :, :] / sums[..., 0, :][..., None, None, :]


def _bounds(sums: FloatArray, k: int) -> tuple[FloatArray, FloatArray]:
    covariance = _covariance(sums, k)
    spread = np.sqrt(np.maximum(np.einsum("...aau->...au", covariance), 0.0))
    correlation = ratio(covariance, spread[..., :, None, :] * spread[..., None, :, :])
    with_each = correlation.sum(axis=-2)  # of a subject's z scores with the sum of all, (..., subject, unit)
    everyone = with_each.sum(axis=-2)[..., None, :]  # variance of the sum of all
    itself = np.einsum("...aau->...au", correlation)
    others = np.sqrt(np.maximum(everyone - 2 * with_each + itself, 0.0))  # spread of the sum of all but one
    lower = ratio(with_each - itself, others).mean(axis=-2)
    return lower, ratio(with_each, np.sqrt(np.maximum(everyone, 0.0)) + np.zeros_like(with_each)).mean(axis=-2)
