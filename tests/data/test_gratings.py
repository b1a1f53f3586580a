"""A file of gratings as it is published for teaching: read, decoded, or refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from tertium.compare import decode
from tertium.data.own_files.gratings import read_gratings
from tertium.errors import BadFile, BadInput, MissingData


@pytest.fixture
def made(tmp_path):
    """A population with planted tuning to direction, binned to each degree, in float32 as in the published file."""
    rng = np.random.default_rng(0)
    directions = np.arange(360) + 0.5
    preferred = rng.uniform(0, 360, 40)
    tuning = np.cos(np.radians(directions[:, None] - preferred))
    path = tmp_path / "gratings.npz"
    np.savez(path, resp=(tuning + 0.3 * rng.normal(size=tuning.shape)).astype(np.float32), stimuli=directions)
    return path, directions


def test_what_is_read_is_what_was_written_and_can_be_decoded(made):
    path, directions = made
    r = read_gratings(path)
    assert r.shape == (360, 1, 40)
    np.testing.assert_array_equal(r["direction"], directions)
    np.testing.assert_allclose(r["angle"], np.radians(directions))
    assert r["orientation_angle"].values[200] == pytest.approx(2 * np.radians(200.5) - 2 * np.pi)
    found = decode(r, "angle", "ridge", kind="angle", n_permutations=0)
    assert found.value[0] < 15  # degrees, the canon's limit for the recorded population


def test_a_published_pickle_is_not_opened_and_the_message_says_what_to_do(tmp_path):
    path = tmp_path / "gratings_static.npy"
    pickled = np.array({"sresp": np.ones((3, 5)), "istim": np.arange(5.0)}, dtype=object)
    np.save(path, pickled, allow_pickle=True)
    with pytest.raises(BadFile, match=r"unpickling may run any program.*savez"):
        read_gratings(path)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"resp": np.ones((3, 5))}, "resp.*stimuli"),
        ({"resp": np.ones((3, 5)), "stimuli": np.arange(5.0)}, "Transpose resp"),
        ({"resp": np.ones((3, 5)), "stimuli": np.array([0.0, 10.0, 400.0])}, "from 0 to 360"),
        ({"resp": np.ones((3, 5)), "stimuli": np.array([0.0, 1.5, 3.1])}, "as of radians"),
        ({"resp": np.ones((3, 5)), "stimuli": np.full(3, 45.0)}, "one direction only"),
        ({"resp": np.ones((3, 5, 2)), "stimuli": np.arange(3.0)}, "stimulus, neuron"),
    ],
)
def test_refusals(tmp_path, arrays, said):
    path = tmp_path / "x.npz"
    np.savez(path, **arrays)
    with pytest.raises(BadInput, match=said):
        read_gratings(path)
    with pytest.raises(MissingData, match="no such file"):
        read_gratings(tmp_path / "nothing.npz")
