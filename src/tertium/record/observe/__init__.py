"""Observation models: one latent firing rate as spikes, calcium, BOLD, LFP or MEG would show it.

Every model takes a table of latent rates in Hz, ``(trial, time, unit)``, and returns a table of responses whose
labels are those of the rates wherever units stay units; ``attrs["observation"]`` notes what was done, in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.record.observe.fields import (
        cortical_dipoles,
        depth_probe,
        field,
        lfp_mixing,
        meg_mixing,
        pink_noise,
        point_source,
    )
    from tertium.record.observe.fluorescence import INDICATORS, Hill, Indicator, calcium
    from tertium.record.observe.haemodynamics import HRF, bold, canonical_hrf, point_spread
    from tertium.record.observe.sampling import electrodes, repeats
    from tertium.record.observe.sphere import leadfield, sensor_helmet
    from tertium.record.observe.spiking import TrialSpikes, spike_trains, spikes

# A function never shares its module's name: importing the module would put it in the function's place.
_NAMES = {
    "HRF": "haemodynamics",
    "INDICATORS": "fluorescence",
    "Hill": "fluorescence",
    "Indicator": "fluorescence",
    "TrialSpikes": "spiking",
    "bold": "haemodynamics",
    "calcium": "fluorescence",
    "canonical_hrf": "haemodynamics",
    "cortical_dipoles": "fields",
    "depth_probe": "fields",
    "electrodes": "sampling",
    "field": "fields",
    "leadfield": "sphere",
    "lfp_mixing": "fields",
    "meg_mixing": "fields",
    "point_source": "fields",
    "pink_noise": "fields",
    "point_spread": "haemodynamics",
    "repeats": "sampling",
    "sensor_helmet": "sphere",
    "spike_trains": "spiking",
    "spikes": "spiking",
}

__all__ = [
    "HRF",
    "INDICATORS",
    "Hill",
    "Indicator",
    "TrialSpikes",
    "bold",
    "calcium",
    "canonical_hrf",
    "cortical_dipoles",
    "depth_probe",
    "electrodes",
    "field",
    "leadfield",
    "lfp_mixing",
    "meg_mixing",
    "pink_noise",
    "point_source",
    "point_spread",
    "repeats",
    "sensor_helmet",
    "spike_trains",
    "spikes",
]

__getattr__, __dir__ = attach(__name__, _NAMES)
