"""What memory to allow so that blocks are as narrow as a test wants them."""

from __future__ import annotations

import pytest

from tertium.compare.encoding.front import METHODS
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.tables import matched_tables
from tertium.compare.validation.folds import as_cross_validation


@pytest.fixture
def memory_for():
    """Return a function: gigabytes under which blocks are of so many units."""

    def gigabytes(units, X, Y, method="ridge", cv=5, draws=200):
        encoder = METHODS[method]() if isinstance(method, str) else method
        features, targets = matched_tables(X, Y, "stimulus")
        labels = targets.labels() or features.labels()
        folds = as_cross_validation(cv, labels).split(targets.n, labels)
        need = memory_need(encoder, features, targets, folds, draws)
        memory = (need.whole + (units + 0.5) * need.column) / 1e9
        assert memory_need(encoder, features, targets, folds, draws, memory).width == units
        return memory

    return gigabytes
