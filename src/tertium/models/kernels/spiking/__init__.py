"""The time loop of integrate-and-fire layers: compiled steps, and a way back through time written by hand.

Tensors are (time, batch, unit). What it is tested against is the readable ``step`` of `tertium.models.spiking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function here: importing it would hide the function.
_NAMES = {
    "LiquidUnits": "liquid_loop",
    "SpikingUnits": "equation",
    "fits": "equation",
    "liquid_unroll": "liquid_loop",
    "spiking_unroll": "unrolled",
}

__all__ = ["LiquidUnits", "SpikingUnits", "fits", "liquid_unroll", "spiking_unroll"]

if TYPE_CHECKING:
    from tertium.models.kernels.spiking.equation import SpikingUnits, fits
    from tertium.models.kernels.spiking.liquid_loop import LiquidUnits, liquid_unroll
    from tertium.models.kernels.spiking.unrolled import spiking_unroll

__getattr__, __dir__ = attach(__name__, _NAMES)
