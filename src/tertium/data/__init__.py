"""Data: the table of responses, what can be done to it, the files it lives in, the catalogue of data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

# A module never has the name of its function: importing it would put the module in the function's place.
_NAMES = {
    # the contract
    "make_responses": "responses",
    "validate": "responses",
    "QUANTITIES": "responses",
    # operations, one idea a module
    "average": "averaging",
    "select": "selecting",
    "split": "splitting",
    "folds": "splitting",
    "Fold": "splitting",
    "window": "windows",
    "align": "windows",
    "zscore": "normalise",
    "SpikeTrains": "spikes",
    "bin_spikes": "spikes",
    "spike_trains": "spikes",
    "combine": "same_labels",
    "check_same_labels": "same_labels",
    # files
    "load": "store",
    "save": "store",
    "sniff": "formats.sniffing",
    "template": "formats.zarr_write",
    "ZarrWriter": "formats.zarr_write",
    "save_zarr": "formats.zarr_write",
    "load_zarr": "formats.zarr_read",
    # the catalogue of data sets
    "catalogue": "catalogue",
}

__all__ = [
    "QUANTITIES",
    "Fold",
    "SpikeTrains",
    "ZarrWriter",
    "align",
    "average",
    "bin_spikes",
    "catalogue",
    "check_same_labels",
    "combine",
    "folds",
    "load",
    "load_zarr",
    "make_responses",
    "save",
    "save_zarr",
    "select",
    "sniff",
    "spike_trains",
    "split",
    "template",
    "validate",
    "window",
    "zscore",
]

if TYPE_CHECKING:
    from tertium.data import catalogue
    from tertium.data.averaging import average
    from tertium.data.formats.sniffing import sniff
    from tertium.data.formats.zarr_read import load_zarr
    from tertium.data.formats.zarr_write import ZarrWriter, save_zarr, template
    from tertium.data.normalise import zscore
    from tertium.data.responses import QUANTITIES, make_responses, validate
    from tertium.data.same_labels import check_same_labels, combine
    from tertium.data.selecting import select
    from tertium.data.spikes import SpikeTrains, bin_spikes, spike_trains
    from tertium.data.splitting import Fold, folds, split
    from tertium.data.store import load, save
    from tertium.data.windows import align, window

__getattr__, __dir__ = attach(__name__, _NAMES)
