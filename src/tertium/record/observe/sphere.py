"""The magnetic field of current dipoles in a spherical conductor (Sarvas 1987), and where its sensors sit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput
from tertium.record.observe.latent import FloatArray, check_positive

#: Magnetic constant over 4 pi, in T m / A.
MU0_OVER_4PI = 1e-7


def magnetic_field(dipoles: npt.ArrayLike, moments: npt.ArrayLike, points: npt.ArrayLike) -> FloatArray:
    """Return the magnetic field outside a sphere in which current dipoles flow.

    Parameters
    ----------
    dipoles : array-like, shape (dipole, 3)
        Positions in metres; the origin is the centre of the sphere.
    moments : array-like, shape (dipole, 3)
        Moments in A m.
    points : array-like, shape (point, 3)
        Where the field is wanted, in metres, outside the sphere.

    Returns
    -------
    array, shape (dipole, point, 3)
        Field in tesla.

    Raises
    ------
    BadInput
        If the shapes do not fit, or a point is not farther from the centre than every dipole.

    Notes
    -----
    Equation 25 of Sarvas (1987). Neither the radius of the sphere nor its conductivity matters, as long as it is
    spherically symmetric. A radial dipole, or one at the centre, makes no field outside.

    References
    ----------
    Sarvas, J. (1987). Basic mathematical and electromagnetic concepts of the biomagnetic inverse problem. Physics in
    Medicine and Biology 32:11.

    Examples
    --------
    >>> radial = magnetic_field([[0, 0, 0.07]], [[0, 0, 1e-8]], [[0.03, 0.02, 0.11]])
    >>> float(np.abs(radial).max())
    0.0
    """
    sources, strengths, where = (
        _rows(a, n) for a, n in ((dipoles, "dipoles"), (moments, "moments"), (points, "points"))
    )
    if sources.shape != strengths.shape:
        raise BadInput(
            "moments", got=f"shape {strengths.shape}", expected=f"shape {sources.shape}, one for each dipole", repair=""
        )
    radius = np.linalg.norm(where, axis=1)
    if radius.min() <= np.linalg.norm(sources, axis=1).max():
        raise BadInput(
            "points",
            got=f"one at {radius.min():.3g} m from the centre",
            expected="points outside the sphere that holds all dipoles",
            repair="Sensors are above the head; positions are in metres.",
        )
    r, r0 = where[None, :, :], sources[:, None, :]
    away = r - r0
    a = np.linalg.norm(away, axis=2, keepdims=True)
    rn = radius[None, :, None]
    along = (away * r).sum(axis=2, keepdims=True)
    f = a * (rn * a + rn**2 - (r0 * r).sum(axis=2, keepdims=True))
    gradient = (a**2 / rn + along / a + 2 * a + 2 * rn) * r - (a + 2 * rn + along / a) * r0
    turn = np.cross(strengths, sources)[:, None, :]
    field = f * turn - (turn * r).sum(axis=2, keepdims=True) * gradient
    return np.asarray(MU0_OVER_4PI * field / f**2)


def leadfield(
    dipoles: npt.ArrayLike, moments: npt.ArrayLike, sensors: npt.ArrayLike, normals: npt.ArrayLike | None = None
) -> FloatArray:
    """Return what each MEG sensor measures of each dipole: the field along the sensor's axis.

    Parameters
    ----------
    dipoles, moments
        See `magnetic_field`.
    sensors : array-like, shape (sensor, 3)
        Positions of the magnetometers in metres.
    normals : array-like, shape (sensor, 3), optional
        Their axes; radial if not given. They are made unit length.

    Returns
    -------
    array, shape (dipole, sensor)
        Field in tesla.

    Raises
    ------
    BadInput
        See `magnetic_field`.

    Examples
    --------
    >>> gain = leadfield([[0, 0, 0.07]], [[1e-8, 0, 0]], [[0, 0.04, 0.11], [0, -0.04, 0.11]])
    >>> (gain * 1e15).round(0).tolist()  # fT: out of the head on one side, into it on the other
    [[132.0, -132.0]]
    """
    where = _rows(sensors, "sensors")
    axes = where if normals is None else _rows(normals, "normals")
    if axes.shape != where.shape:
        raise BadInput("normals", got=f"shape {axes.shape}", expected=f"shape {where.shape}", repair="")
    axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return np.asarray(np.einsum("dpk,pk->dp", magnetic_field(dipoles, moments, where), axes))


def sensor_helmet(n: int, radius: float = 0.11, lowest: float = 0.0) -> FloatArray:
    """Return positions of n sensors spread evenly over the upper part of a sphere (a Fibonacci lattice).

    Parameters
    ----------
    n : int
        Number of sensors.
    radius : float
        Distance from the centre in metres.
    lowest : float
        Lowest height of a sensor, as a share of the radius from -1 (whole sphere) to 1.

    Returns
    -------
    array, shape (n, 3)
        Positions in metres.

    Raises
    ------
    BadInput
        If a parameter is out of range.

    Examples
    --------
    >>> helmet = sensor_helmet(64)
    >>> helmet.shape, bool(np.allclose(np.linalg.norm(helmet, axis=1), 0.11))
    ((64, 3), True)
    """
    if n < 1 or not -1 <= lowest < 1:
        raise BadInput("helmet", got=f"n={n}, lowest={lowest:g}", expected="n >= 1 and -1 <= lowest < 1", repair="")
    check_positive(radius, "radius")
    i = np.arange(n)
    z = 1.0 - (1.0 - lowest) * (i + 0.5) / n
    angle = i * np.pi * (3.0 - np.sqrt(5.0))
    flat = np.sqrt(1.0 - z**2)
    return radius * np.column_stack([flat * np.cos(angle), flat * np.sin(angle), z])


def _rows(array: npt.ArrayLike, what: str) -> FloatArray:
    rows = np.atleast_2d(np.asarray(array, dtype=np.float64))
    if rows.ndim != 2 or rows.shape[1] != 3 or not np.isfinite(rows).all():
        raise BadInput(what, got=f"shape {rows.shape}", expected="finite numbers of shape (n, 3)", repair="")
    return rows
