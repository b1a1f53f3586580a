"""Registries: listing imports nothing, typos are answered, third parties join by entry points."""

import subprocess
import sys

import pytest

from tertium.errors import MissingPackage, UnknownName
from tertium.registry import Registry


def test_listing_imports_nothing():
    code = (
        "import sys; from tertium.studies.catalogue import STUDIES, canon; list(STUDIES); canon(); "
        "bad = {'numpy', 'torch', 'pandas', 'xarray', 'pydantic'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_misspelt_name_answers_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'euclidean'"):
        Registry("metric", {"euclidean": "math:dist"})["euclidian"]


def test_a_missing_package_is_named():
    with pytest.raises(MissingPackage, match="no module 'not_there'"):
        Registry("tool", {"a": "not_there.module:x"}).load("a")


def test_installed_packages_register_and_cannot_replace_ours(tmp_path, monkeypatch):
    info = tmp_path / "third-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: third\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[tertium.tests]\nours = third:theirs\ntheirs = math:floor\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry = Registry("tool", {"ours": "math:sqrt"}, group="tertium.tests")
    assert list(registry) == ["ours", "theirs"]
    assert registry["ours"] == "math:sqrt"
    assert registry.load("theirs")(2.5) == 2
