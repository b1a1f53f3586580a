"""The two-step decision task: what 206 people chose, and what it brought them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.io import loadmat

if TYPE_CHECKING:
    import pandas as pd

CITE = "Kool, Cushman & Gershman 2016 PLoS Comput Biol"
COLUMNS = (
    *("subject", "stim_1_left", "stim_1_right", "rt1", "choice1", "stim_2_left", "stim_2_right", "rt2", "choice2"),
    *("win", "state2", "common", "score", "practice", "ps1a1", "ps1a2", "ps2a1", "ps2a2", "trial", "time"),
)
#: Columns in which -1 marks that no choice was made in time.
MISSABLE = ("rt1", "choice1", "rt2", "choice2", "win", "state2", "common")
WHOLE = ("stim_1_left", "stim_1_right", "stim_2_left", "stim_2_right", "score", "trial")


def load(files: Mapping[str, Path]) -> pd.DataFrame:
    """Read the trials of all people, in the order they were made.

    Returns
    -------
    pandas.DataFrame, 30,900 rows (206 people x (25 practice + 125) trials)
        ``subject``; ``practice`` (bool) and ``trial`` (from 0 in each part); ``stim_1_left``, ``stim_1_right``,
        ``stim_2_left``, ``stim_2_right`` (which stimulus was where); ``choice1``, ``choice2`` (the chosen stimulus, 1
        or 2), ``rt1``, ``rt2`` (seconds), ``state2`` (1 or 2), ``common`` (1.0 after a common transition), ``win``
        (1.0 if rewarded); ``score``; ``ps1a1`` ... ``ps2a2`` (reward probabilities of the four second choices);
        ``time`` (seconds since the session began). NaN where no choice was made in time. As recorded: 280 of the first
        reaction times exceed the 2 s that people had (up to 263 s).
    """
    import pandas as pd

    cells = loadmat(files["kool2016_daw_data.mat"])["data"]
    table = pd.DataFrame({"subject": [str(cell[0]) for cell in cells[:, 0]]})
    for column, name in enumerate(COLUMNS[1:], start=1):
        table[name] = np.array([cell[0, 0] for cell in cells[:, column]], dtype=np.float64)
    for name in MISSABLE:
        table[name] = table[name].where(table[name] >= 0)
    for name in ("rt1", "rt2", "time"):
        table[name] /= 1000.0
    table["practice"] = table["practice"] == 1
    return table.astype(dict.fromkeys(WHOLE, int))
