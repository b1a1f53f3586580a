"""Noise of the units, drawn step by step, so that a part of it can be drawn again without keeping it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tertium.errors import BadInput


def step_noise(steps: int, batch: int, std: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw independent Gaussian noise for each step, trial and unit.

    Each step is a draw of its own, so that noise of many steps equals that of the same steps drawn in parts. (One draw
    of all steps does not: torch fills long and short tensors in different orders.)

    Parameters
    ----------
    steps, batch : int
        Numbers of steps and trials.
    std : Tensor
        Standard deviation of each unit's noise in one step, in the unit of the drive, shape (unit,).
    generator : torch.Generator, optional
        Its source, on the device of ``std``; by default torch's own.

    Returns
    -------
    Tensor
        Shape (time, batch, unit).

    Examples
    --------
    >>> import torch
    >>> from tertium.rng import Seeds
    >>> std = torch.full((3,), 0.1)
    >>> whole, source = step_noise(4, 5, std, Seeds(0).torch("noise")), Seeds(0).torch("noise")
    >>> parts = torch.cat([step_noise(2, 5, std, source), step_noise(2, 5, std, source)])
    >>> bool((whole == parts).all())
    True
    """
    found = std.new_empty((steps, batch, len(std)))
    for now in found.unbind(0):
        now.normal_(generator=generator)
    return found.mul_(std)


@dataclass(frozen=True)
class NoiseSource:
    """Noise that can be drawn again: only the generator's state, about 5 kB, has to be kept.

    Parameters
    ----------
    std : Tensor
        Shape (unit,); see `step_noise`.
    generator : torch.Generator or None
        None stands for torch's own.
    """

    std: Tensor
    generator: torch.Generator | None

    def get_state(self) -> Tensor:
        """Return the state of the generator."""
        return (self.generator if self.generator is not None else _default(self.std.device)).get_state()

    def draw(self, steps: int, batch: int) -> Tensor:
        """Draw noise, (time, batch, unit)."""
        return step_noise(steps, batch, self.std, self.generator)

    def replay(self, state: Tensor, steps: int, batch: int) -> Tensor:
        """Draw the noise that `draw` gave when the generator was in ``state``, and leave the generator alone."""
        generator = torch.Generator(device=self.std.device)
        generator.set_state(state)
        return step_noise(steps, batch, self.std, generator)


def checked_std(std: float | Tensor, like: Tensor, units: int) -> Tensor | None:
    """Return the standard deviation of each unit's noise, shape (unit,), or None where there is no noise at all."""
    if not isinstance(std, Tensor):
        if not 0 <= std < float("inf"):
            raise BadInput("noise_std", got=repr(std), expected="a number >= 0")
        return torch.full((units,), float(std), dtype=like.dtype, device=like.device) if std else None
    if std.requires_grad or tuple(std.shape) not in {(), (1,), (units,)}:
        raise BadInput(
            "noise_std",
            got=f"shape {tuple(std.shape)}" + (" that wants a gradient" if std.requires_grad else ""),
            expected=f"one number or ({units},), without a gradient",
        )
    return std.to(dtype=like.dtype, device=like.device).expand(units)


def _default(device: torch.device) -> torch.Generator:
    if device.type == "cuda":
        found: torch.Generator = torch.cuda.default_generators[torch.cuda.current_device()]
        return found
    return torch.default_generator
