"""Configurations: overrides, ranges, helpful refusals, a canonical hash."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tertium.config import Config, Field, apply, canonical_hash, expand, parse_overrides, parse_value
from tertium.errors import BadInput


class Noise(Config):
    scale: float = Field(0.1, description="standard deviation of the input noise")


class Net(Config):
    units: int = Field(100, description="recurrent units")
    gain: float | None = None
    sites: tuple[str, ...] = ("a", "b")
    noise: Noise = Noise()


def test_dotted_overrides_reach_nested_fields():
    net = apply(Net, parse_overrides(["units=64", "noise.scale=0.5", 'sites=["x"]']))
    assert (net.units, net.noise.scale, net.sites) == (64, 0.5, ("x",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("1.5", 1.5), ("true", True), ("null", None), ("[1,2]", [1, 2]), ("0..3", [0, 1, 2, 3]),
        ("-1..1", [-1, 0, 1]), ("a,b", ["a", "b"]), ("0..2,7", [0, 1, 2, 7]), ("relu", "relu"), ('"0..3"', "0..3"),
    ],
)  # fmt: skip
def test_values_are_read_as_json_ranges_lists_or_text(text, value):
    assert parse_value(text) == value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s), max_leaves=5))
def test_any_json_value_is_read_back(value):
    assert parse_value(json.dumps(value)) == value


def test_an_unknown_key_is_answered_with_the_nearest_field_its_type_default_and_meaning():
    with pytest.raises(BadInput, match=r"Did you mean 'units' \(int, default 100: recurrent units\)\?"):
        apply(Net, {"unit": 3})
    with pytest.raises(BadInput, match=r"'noise.scale' \(float, default 0.1: standard deviation"):
        apply(Net, {"noise.scal": 3})
    with pytest.raises(BadInput, match="The fields are gain, noise"):
        apply(Net, {"zzzzzz": 3})


def test_a_value_of_the_wrong_type_says_what_was_expected():
    with pytest.raises(BadInput, match=r"'units': got 'many', expected int, default 100: recurrent units"):
        apply(Net, {"units": "many"})


@pytest.mark.parametrize(
    ("words", "message"), [(["units"], "expected key=value"), (["a=1", "a=2"], "'a' twice"), (["x=3..1"], "Write 1..3")]
)
def test_unreadable_overrides_are_refused(words, message):
    with pytest.raises(BadInput, match=message):
        parse_overrides(words)


def test_configurations_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        Net().units = 3


def test_the_hash_is_the_same_in_another_process_and_changes_with_any_field():
    code = (
        "from tertium.config import canonical_hash; print(canonical_hash({'b': [1, 2.5], 'a': {'y': None, 'x': 'é'}}))"
    )
    elsewhere = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert elsewhere == canonical_hash({"a": {"x": "é", "y": None}, "b": [1, 2.5]})
    assert canonical_hash(Net()) != canonical_hash(Net(noise=Noise(scale=0.2)))
    assert canonical_hash(Net()) == canonical_hash(apply(Net, {"units": 100}))


def test_a_sweep_is_every_combination():
    assert [d["a"] * 10 + d["b"] for d in expand({"a": [1, 2], "b": [3, 4]})] == [13, 14, 23, 24]
