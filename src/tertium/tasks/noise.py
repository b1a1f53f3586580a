"""Input noise, whose convention is named and whose effect does not depend on the time step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tertium.errors import BadInput
from tertium.tasks.engine.checking import require_number


@dataclass(frozen=True)
class Noise:
    """White Gaussian noise on input channels.

    The standard deviation of one sample follows from the step ``dt`` by one of the conventions of the field:

    - "leaky": ``std * sqrt(2 tau / dt)`` (Song 2016, Yang 2019: sigma sqrt(2 / alpha)). After a leaky unit with time
      constant ``tau`` it has standard deviation ``std``.
    - "density": ``std / sqrt(dt)``, dt in seconds; neurogym's is this one with dt in milliseconds, that is, its
      sigma is ``std * sqrt(1000)``. The sum over one second has variance ``std**2`` per second whatever dt.
    - "sample": ``std``, whatever dt. Not invariant: only for tasks whose papers are in steps.

    Parameters
    ----------
    std : float
        Strength, in the units of the channels (and seconds).
    convention : {"leaky", "density", "sample"}
        What ``std`` means.
    tau : float
        Time constant of "leaky", seconds.
    during : str or sequence of str, optional
        Epochs in which there is noise: that of a stimulus comes and goes with it. The whole trial by default.

    Raises
    ------
    BadInput
        If ``std`` is not a number >= 0, ``tau`` not above 0, or the convention is unknown.

    Examples
    --------
    >>> round(Noise(0.01, "leaky", tau=0.1).sample_std(0.02), 4)
    0.0316
    >>> round(Noise(1.0, "density").sample_std(0.01), 2)
    10.0
    """

    std: float
    convention: Literal["leaky", "density", "sample"] = "leaky"
    tau: float = 0.1
    during: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        require_number("std of Noise", self.std, at_least=0)
        require_number("tau of Noise", self.tau, above=0)
        if self.convention not in ("leaky", "density", "sample"):
            raise BadInput(
                "noise convention",
                got=repr(self.convention),
                expected="'leaky', 'density' or 'sample'",
                repair="See tertium.tasks.Noise for what they mean.",
            )

    def sample_std(self, dt: float) -> float:
        """Return the standard deviation of one sample of width ``dt`` seconds."""
        if self.convention == "leaky":
            return self.std * math.sqrt(2 * self.tau / dt)
        return self.std / math.sqrt(dt) if self.convention == "density" else self.std
