"""1,854 objects in 42 dimensions that were fitted to people's odd-one-out choices (VICE on THINGS)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import xarray as xr

from tertium.data.responses import make_responses

CITE = "Muttenthaler et al. 2022"


def load(files: Mapping[str, Path]) -> xr.DataArray:
    """Read the embedding, as responses of 42 dimensions to 1,854 objects.

    Returns
    -------
    xarray.DataArray, dims (trial 1854, time 1, unit 42)
        How much of each dimension an object has (0 or more). Trial labels: ``stimulus`` (the object's unique name in
        THINGS), ``word``, ``synset`` (WordNet identifier, "" for 59 objects that have none).
    """
    with files["item_names.tsv"].open(encoding="utf-8", newline="") as stream:
        items = list(csv.DictReader(stream, delimiter="\t"))
    return make_responses(
        np.load(files["final_embedding.npy"], allow_pickle=False),
        trial={
            "stimulus": [item["uniqueID"] for item in items],
            "word": [item["Word"] for item in items],
            "synset": [item["Wordnet ID"] for item in items],
        },
        unit={"unit": [f"dimension {i:02d}" for i in range(42)]},
        quantity="other",
        source="things_vice",
        cite=CITE,
    )
