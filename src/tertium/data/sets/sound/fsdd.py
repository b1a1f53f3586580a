"""Spoken digits: 6 speakers, 10 digits, 15 takes each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tertium.data.sets.kinds import Sounds

CITE = "Jackson et al., Free Spoken Digit Dataset"
RATE = 8000.0


def load(files: Mapping[str, Path]) -> Sounds:
    """Read the 900 recordings.

    Returns
    -------
    Sounds
        int16 waves at 8 kHz, of different lengths; labels ``digit`` (0 to 9), ``speaker`` (name), ``take``.
    """
    with np.load(files["fsdd_900.npz"], allow_pickle=False) as stored:
        audio, offsets = stored["audio"], stored["offsets"]
        labels = {
            "digit": stored["digit"].astype(np.int64),
            "speaker": stored["speaker"].astype(object),
            "take": stored["index"].astype(np.int64),
        }
    return Sounds(tuple(np.split(audio, offsets[1:-1])), RATE, labels, CITE)
