"""A three-armed bandit whose best arm changes: the choices of 406 people, and their questionnaires."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tertium.errors import BadInput

if TYPE_CHECKING:
    import pandas as pd

CITE = "Zorowitz et al. 2023"
TABLES = {"trials": "data.csv", "people": "metadata.csv", "scores": "scores.csv"}


def load(files: Mapping[str, Path], *, table: str = "trials") -> pd.DataFrame:
    """Read one of the three tables; ``subject`` joins them.

    Parameters
    ----------
    files : mapping of str to Path
        The files of the set.
    table : str
        ``trials``, ``people`` (age, gender and so on) or ``scores`` (sums of the questionnaires).

    Returns
    -------
    pandas.DataFrame
        ``trials``, 36,540 rows (406 people x 90): ``platform, subject, block`` (1 to 6), ``trial`` (1 to 90),
        ``correct`` (the best arm), ``choice`` (arm), ``key``, ``rt`` (s), ``accuracy`` and ``outcome`` (0 or 1).

    Raises
    ------
    BadInput
        If there is no such table.
    """
    import pandas as pd

    if table not in TABLES:
        raise BadInput("table", got=f"'{table}'", expected=", ".join(TABLES), repair="")
    return pd.read_csv(files[TABLES[table]])
