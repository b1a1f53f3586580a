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
    "sniff": "formats.parts.sniffing",
    "template": "formats.zarr_write",
    "ZarrWriter": "formats.zarr_write",
    "save_zarr": "formats.zarr_write",
    "load_zarr": "formats.zarr_read",
    "save_npz": "formats.npz",
    "load_npz": "formats.npz",
    "save_nwb": "formats.nwb_write",
    "load_nwb": "formats.nwb_read",
    "nwb_contents": "formats.nwb_read",
    "NwbItem": "formats.nwb_read",
    "save_mat": "formats.mat",
    "load_mat": "formats.mat",
    "read_mat": "formats.mat",
    "save_table": "formats.table",
    "load_table": "formats.table",
    "to_frame": "formats.table",
    "from_pynapple": "formats.pynapple",
    # the catalogue of data sets
    "catalogue": "catalogue",
}

__all__ = [
    "QUANTITIES",
    "Fold",
    "NwbItem",
    "SpikeTrains",
    "ZarrWriter",
    "align",
    "average",
    "bin_spikes",
    "catalogue",
    "check_same_labels",
    "combine",
    "folds",
    "from_pynapple",
    "load",
    "load_mat",
    "load_npz",
    "load_nwb",
    "load_table",
    "load_zarr",
    "make_responses",
    "nwb_contents",
    "read_mat",
    "save",
    "save_mat",
    "save_npz",
    "save_nwb",
    "save_table",
    "save_zarr",
    "select",
    "sniff",
    "spike_trains",
    "split",
    "template",
    "to_frame",
    "validate",
    "window",
    "zscore",
]

if TYPE_CHECKING:
    from tertium.data import catalogue
    from tertium.data.averaging import average
    from tertium.data.formats.mat import load_mat, read_mat, save_mat
    from tertium.data.formats.npz import load_npz, save_npz
    from tertium.data.formats.nwb_read import NwbItem, load_nwb, nwb_contents
    from tertium.data.formats.nwb_write import save_nwb
    from tertium.data.formats.parts.sniffing import sniff
    from tertium.data.formats.pynapple import from_pynapple
    from tertium.data.formats.table import load_table, save_table, to_frame
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
