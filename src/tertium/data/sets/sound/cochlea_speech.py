"""Ten clips of speech, two seconds each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from tertium.data.sets.kinds import Sounds

CITE = "McDermott lab"
RATE = 16_000.0


def load(files: Mapping[str, Path]) -> Sounds:
    """Read the clips: ten waves of 32,000 samples at 16 kHz, in the file's own amplitude (about -0.2 to 0.2)."""
    return Sounds(tuple(np.load(files["wavs_speech_n10_2s_16k.npy"], allow_pickle=False)), RATE, cite=CITE)
