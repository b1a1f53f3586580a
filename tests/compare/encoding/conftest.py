"""What memory to allow so that blocks are as narrow as a test wants them."""

from __future__ import annotations

import pytest

from tertium.compare.encoding.front import METHODS
from tertium.compare.encoding.memory import memory_need
from tertium.compare.encoding.tables import matched_tables
from tertium.compare.validation.folds import as_cross_validation
from tertium.errors import BadInput


@pytest.fixture
def memory_for():
    """Return a function: gigabytes under which blocks are of so many units."""

    def gigabytes(units, X, Y, method="ridge", cv=5, draws=200):
        encoder = METHODS[method]() if isinstance(method, str) else method
        features, targets = matched_tables(X, Y, "stimulus")
        labels = targets.labels() or features.labels()
        folds = as_cross_validation(cv, labels).split(targets.n, labels)
        wide, narrow = 10.0, 0.0
        while True:  # by bisection: which part of memory is the tightest differs from model to model
            middle = (wide + narrow) / 2
            try:
                width = memory_need(encoder, features, targets, folds, draws, middle).width
            except BadInput:
                width = 0
            if width == units:
                return middle
            wide, narrow = (middle, narrow) if width > units else (wide, middle)

    return gigabytes
