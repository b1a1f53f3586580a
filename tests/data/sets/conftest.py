"""Loading a data set in a test, or skipping the test with the reason."""

from __future__ import annotations

import pytest

from tertium.data.catalogue import load_set


@pytest.fixture
def loaded(needs_data):
    """Return a function that loads a data set that is at hand; nothing is ever fetched by a test."""

    def load(name, **options):
        needs_data(name)
        return load_set(name, **options)

    return load
