"""The catalogue of data sets: its tables, the list, where files are found, and how sets are loaded."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from tertium.data.catalogue import describe, fetch, list_sets, load_set, locate
from tertium.data.sources.convert import CONVERSIONS
from tertium.data.sources.fetching import github_url
from tertium.data.sources.places import cache_folder, sha256
from tertium.data.sources.table import data_sets
from tertium.errors import BadFile, BadInput, MissingData, UnknownName

SMALL = "hallem_orn"
FILE = "Hallem_Carlson_2006.csv"
SOURCE = r"(github:[\w.-]+/[\w.-]+@[0-9a-f]{12,40} |wheel:\S+==\S+ |sdist:\S+==\S+#sha256=)"


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """No data folder, and an empty cache."""
    monkeypatch.delenv("TERTIUM_DATA", raising=False)
    monkeypatch.setenv("TERTIUM_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def original(needs_data):
    """The small file, from the folder of data at hand."""
    needs_data(SMALL)
    return locate(SMALL)[FILE]


def test_every_row_is_whole():
    sets = data_sets()
    assert len(sets) == 23
    for data_set in sets.values():
        assert data_set.files, data_set.name
        assert data_set.real in ("yes", "weights", "derived from people")
        assert data_set.what
        assert data_set.cite
        assert data_set.licence
        assert callable(importlib.import_module(f"tertium.data.sets.{data_set.loader}").load)
        for file in data_set.files:
            assert re.fullmatch(r"[0-9a-f]{64}", file.sha256), file.name
            assert file.bytes > 0
            assert re.match(
                r"(github:[\w.-]+/[\w.-]+@[0-9a-f]{12,40} |wheel:\S+==\S+ |sdist:\S+==\S+#sha256=)", file.source
            )
            assert file.convert in ("", *CONVERSIONS) or file.by_hand
            if file.source.startswith("github:") and not file.by_hand:
                assert github_url(file.source).startswith("https://")
    names = [file.name for s in sets.values() for file in s.files]
    assert len(names) == 46


def test_no_set_without_an_open_licence_counts_as_redistributable():
    for s in list_sets():
        closed = re.search(r"none stated|not stated|none in repository|local use|non-commercial", s.licence)
        assert s.redistributable == (closed is None), s.name


def test_nothing_of_the_data_is_in_the_package():
    from importlib.resources import files

    inside = {path.name for path in files("tertium.data").iterdir() if path.is_file()}
    assert not inside & {file.name for s in data_sets().values() for file in s.files}


def test_the_list(nowhere):
    listed = {s.name: s for s in list_sets()}
    assert listed["kriegeskorte92"].bytes == 5_144_165
    assert listed["kriegeskorte92"].source == "github:rsagroup/rsatoolbox"
    assert listed["squeezenet11"].real == "weights"
    assert {s.at_hand for s in listed.values()} == {"no"}


def test_listing_imports_nothing_heavy():
    code = (
        "import sys; from tertium.data.catalogue import list_sets; list_sets(); "
        "print([m for m in ('torch', 'pandas', 'scipy.io', 'PIL', 'pooch', 'requests', 'h5py') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = done.stdout.strip()
    assert "torch" not in heavy
    for module in ("PIL", "pooch", "requests", "h5py"):
        assert module not in heavy


def test_names_that_are_misspelt(nowhere):
    for call in (describe, locate, fetch, load_set):
        with pytest.raises(UnknownName, match=r"Did you mean 'kriegeskorte92'.*tertium data") as caught:
            call("kriegeskort92")
        assert "\n" not in str(caught.value)


def test_options_that_are_misspelt(nowhere):
    with pytest.raises(BadInput, match=r"got 'spontaneous', expected one of add_spontaneous. Did you mean"):
        load_set(SMALL, spontaneous=True)
    with pytest.raises(BadInput, match="got 'x', expected no options"):
        load_set("fsdd", x=1)


def test_a_set_that_is_not_at_hand(nowhere):
    with pytest.raises(MissingData, match=f"Run 'tertium data fetch {SMALL}', or set TERTIUM_DATA .*{SMALL}/{FILE}"):
        locate(SMALL)


def test_the_folder_comes_before_the_cache(original, nowhere, monkeypatch):
    in_cache, in_folder = cache_folder() / SMALL / FILE, nowhere / "mine" / SMALL / FILE
    for place in (in_cache, in_folder):
        place.parent.mkdir(parents=True)
        shutil.copy(original, place)
    assert locate(SMALL) == {FILE: in_cache}
    assert {s.at_hand for s in list_sets() if s.name == SMALL} == {"cache"}
    monkeypatch.setenv("TERTIUM_DATA", str(nowhere / "mine"))
    assert locate(SMALL) == fetch(SMALL) == {FILE: in_folder}
    assert {s.at_hand for s in list_sets() if s.name == SMALL} == {"TERTIUM_DATA"}
    assert load_set(SMALL).shape == (110, 1, 24)


def test_a_damaged_file_in_the_folder_is_an_error(nowhere, monkeypatch):
    place = nowhere / "mine" / SMALL / FILE
    place.parent.mkdir(parents=True)
    place.write_text("odor,1,2")
    monkeypatch.setenv("TERTIUM_DATA", str(nowhere / "mine"))
    for call in (locate, fetch, load_set):
        with pytest.raises(
            BadFile, match=r"8 bytes, expected 768860c126ac..., 10823 bytes. Replace or remove the file"
        ):
            call(SMALL)
    assert place.read_text() == "odor,1,2"


def test_a_damaged_file_in_the_cache_counts_as_absent(nowhere):
    place = cache_folder() / SMALL / FILE
    place.parent.mkdir(parents=True)
    place.write_text("odor,1,2")
    with pytest.raises(MissingData, match=r"no Hallem_Carlson_2006.csv"):
        locate(SMALL)


def test_the_checksum_is_that_of_the_standard_library(tmp_path):
    import hashlib

    path = tmp_path / "a"
    path.write_bytes(np.arange(10**6, dtype=np.uint8).tobytes())
    assert sha256(path) == hashlib.sha256(path.read_bytes()).hexdigest()
