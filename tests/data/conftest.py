"""Tables of responses that the tests of the data floor share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from tertium.data import make_responses


@pytest.fixture
def make() -> Callable[..., xr.DataArray]:
    """A function that makes a random table with labels of every kind."""

    def make(n: int = 12, times: int = 5, units: int = 4, seed: int = 0, dtype: Any = np.float64) -> xr.DataArray:
        generator = np.random.default_rng(seed)
        return make_responses(
            generator.normal(size=(n, times, units)).astype(dtype),
            dt=0.1,
            time=np.arange(times) * 0.1 - 0.2,
            trial={
                "stimulus": [f"s{i % 3}" for i in range(n)],
                "context": np.arange(n) % 2,
                "coherence": generator.normal(size=n),
                "correct": np.arange(n) % 2 == 0,
            },
            unit={"unit": [f"n{i}" for i in range(units)], "region": ["V1", "ÎT", "", "MT"] * (units // 4)},
            quantity="rate",
            source="simulated",
            cite="nobody 2024",
        )

    return make


@pytest.fixture
def table(make: Callable[..., xr.DataArray]) -> xr.DataArray:
    """A small random table with labels of every kind."""
    return make()
