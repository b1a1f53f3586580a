"""Seeds: the same numbers whatever is asked for first, independent streams, nothing global."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tertium.errors import BadInput
from tertium.rng import Seeds


@given(st.permutations(["noise", "weights", "trials", "init"]))
def test_the_order_of_use_does_not_matter(names):
    drawn = {name: Seeds(7).numpy(name).normal() for name in names}
    seeds = Seeds(7)
    again = {name: seeds.numpy(name).normal() for name in sorted(names)}
    assert drawn == again


def test_torch_generators_are_reproducible_and_differ_by_name_and_seed():
    def draw(seed, name):
        return torch.randn(4, generator=Seeds(seed).torch(name))

    assert torch.equal(draw(0, "a"), draw(0, "a"))
    assert not torch.equal(draw(0, "a"), draw(0, "b"))
    assert not torch.equal(draw(0, "a"), draw(1, "a"))


def test_streams_are_uncorrelated():
    draws = np.array([Seeds(s).child("net").numpy(n).normal(size=20_000) for s in (0, 1) for n in ("a", "b")])
    off = np.corrcoef(draws)[np.triu_indices(4, 1)]
    assert np.abs(off).max() < 5 / np.sqrt(20_000)


def test_children_do_not_collide_with_names_that_look_alike():
    assert Seeds(0).child("a").integer("b") != Seeds(0).integer("a b")
    assert Seeds(0).child("a").integer("b") != Seeds(0).integer("b")


def test_known_values_stay_the_same_over_versions():
    # A change here silently changes every published number: think before touching it.
    assert Seeds(0).integer("noise") == Seeds(np.int64(0)).integer("noise")
    assert Seeds(0).numpy("noise").integers(0, 2**31, 3).tolist() == [1053879610, 1728946809, 1060851979]


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True, None])
def test_only_a_non_negative_integer_is_a_seed(seed):
    with pytest.raises(BadInput, match="expected an integer >= 0"):
        Seeds(seed)


def test_nothing_global_is_touched():
    before = np.random.get_state()[1].copy(), torch.get_rng_state().clone()  # noqa: NPY002
    Seeds(3).numpy("x").normal()
    torch.randn(3, generator=Seeds(3).torch("x"))
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])
