"""Spiking networks: cells with explicit state, resets and surrogate gradients by name, networks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# Public name -> module. No module bears the name of a function or class here: importing it would hide it.
_NAMES = {
    "ADEX": "cells.adex",
    "ALIF": "alif",
    "AdEx": "cells.adex",
    "AdExParameters": "cells.adex",
    "ConductanceLIF": "cells.conductance_lif",
    "ConvLIF": "conv",
    "EGRU": "cells.egru",
    "IZHIKEVICH": "cells.izhikevich",
    "Izhikevich": "cells.izhikevich",
    "IzhikevichParameters": "cells.izhikevich",
    "LIF": "lif",
    "LSNN": "network",
    "LatencyCode": "coding.latency",
    "LiquidLIF": "cells.liquid",
    "NAUD_CURRENTS": "cells.adex",
    "PopulationCode": "coding.population",
    "RESETS": "resets",
    "RateCode": "coding.rates",
    "RecurrentCost": "cells.egru",
    "SURROGATES": "surrogates",
    "SequenceCode": "coding.sequence",
    "SpikingCell": "spiking_cell",
    "SpikingNetwork": "network",
    "Surrogate": "surrogates",
    "WiredCell": "cells.wired",
    "bernoulli_spikes": "coding.rates",
    "delta_spikes": "coding.crossings",
    "exponential_filter": "filtering",
    "first_spike_times": "coding.decoders",
    "from_nir": "exchange.importing",
    "latencies": "coding.latency",
    "latency_spikes": "coding.latency",
    "leaky_peak": "coding.decoders",
    "next_voltage": "resets",
    "poisson_spikes": "coding.rates",
    "population_vector": "coding.decoders",
    "receptive_fields": "coding.population",
    "signal_of_deltas": "coding.crossings",
    "spike_rates": "coding.decoders",
    "surrogate": "surrogates",
    "to_nir": "exchange.exporting",
    "to_spiking": "exchange.convert",
    "values_of_latencies": "coding.latency",
}

__all__ = [
    "ADEX",
    "ALIF",
    "EGRU",
    "IZHIKEVICH",
    "LIF",
    "LSNN",
    "NAUD_CURRENTS",
    "RESETS",
    "SURROGATES",
    "AdEx",
    "AdExParameters",
    "ConductanceLIF",
    "ConvLIF",
    "Izhikevich",
    "IzhikevichParameters",
    "LatencyCode",
    "LiquidLIF",
    "PopulationCode",
    "RateCode",
    "RecurrentCost",
    "SequenceCode",
    "SpikingCell",
    "SpikingNetwork",
    "Surrogate",
    "WiredCell",
    "bernoulli_spikes",
    "delta_spikes",
    "exponential_filter",
    "first_spike_times",
    "from_nir",
    "latencies",
    "latency_spikes",
    "leaky_peak",
    "next_voltage",
    "poisson_spikes",
    "population_vector",
    "receptive_fields",
    "signal_of_deltas",
    "spike_rates",
    "surrogate",
    "to_nir",
    "to_spiking",
    "values_of_latencies",
]

if TYPE_CHECKING:
    from tertium.models.spiking.alif import ALIF
    from tertium.models.spiking.cells.adex import ADEX, NAUD_CURRENTS, AdEx, AdExParameters
    from tertium.models.spiking.cells.conductance_lif import ConductanceLIF
    from tertium.models.spiking.cells.egru import EGRU, RecurrentCost
    from tertium.models.spiking.cells.izhikevich import IZHIKEVICH, Izhikevich, IzhikevichParameters
    from tertium.models.spiking.cells.liquid import LiquidLIF
    from tertium.models.spiking.cells.wired import WiredCell
    from tertium.models.spiking.coding.crossings import delta_spikes, signal_of_deltas
    from tertium.models.spiking.coding.decoders import first_spike_times, leaky_peak, population_vector, spike_rates
    from tertium.models.spiking.coding.latency import LatencyCode, latencies, latency_spikes, values_of_latencies
    from tertium.models.spiking.coding.population import PopulationCode, receptive_fields
    from tertium.models.spiking.coding.rates import RateCode, bernoulli_spikes, poisson_spikes
    from tertium.models.spiking.coding.sequence import SequenceCode
    from tertium.models.spiking.conv import ConvLIF
    from tertium.models.spiking.exchange.convert import to_spiking
    from tertium.models.spiking.exchange.exporting import to_nir
    from tertium.models.spiking.exchange.importing import from_nir
    from tertium.models.spiking.filtering import exponential_filter
    from tertium.models.spiking.lif import LIF
    from tertium.models.spiking.network import LSNN, SpikingNetwork
    from tertium.models.spiking.resets import RESETS, next_voltage
    from tertium.models.spiking.spiking_cell import SpikingCell
    from tertium.models.spiking.surrogates import SURROGATES, Surrogate, surrogate

__getattr__, __dir__ = attach(__name__, _NAMES)
