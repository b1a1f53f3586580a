"""What a run keeps comes back as it was, without pickle, and never as half a file."""

import numpy as np
import pytest
import torch

from tertium.checkpoint import load_checkpoint, save_checkpoint
from tertium.errors import BadFile, BadInput
from tertium.files import write_atomically
from tertium.run.tree import load_tree, read_json, save_tree


def test_values_come_back(tmp_path):
    value = {
        "number": 1.5, "nan": float("nan"), "count": 3, "text": "é", "none": None, "flag": True,
        "arrays": [np.arange(3), np.array(["a", "bé"]), np.zeros((2, 0))], "nested": {"x": {"y": np.float64(2.0)}},
    }  # fmt: skip
    back = load_tree(save_tree(tmp_path / "v.npz", value))
    assert back["number"] == 1.5
    assert np.isnan(back["nan"])
    assert back["text"] == "é"
    assert back["nested"]["x"]["y"] == 2.0
    assert [a.tolist() for a in back["arrays"]] == [[0, 1, 2], ["a", "bé"], [[], []]]


def test_what_cannot_be_kept_is_named(tmp_path):
    with pytest.raises(BadInput, match=r"value.a\[1\]: got a set"):
        save_tree(tmp_path / "v.npz", {"a": [1, {2}]})
    assert list(tmp_path.iterdir()) == []


def test_damaged_files_are_named(tmp_path):
    path = save_tree(tmp_path / "v.npz", {"a": np.arange(1000)})
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(BadFile, match="expected a file written by tertium"):
        load_tree(path)
    (tmp_path / "x.json").write_text("{")
    with pytest.raises(BadFile, match="expected JSON"):
        read_json(tmp_path / "x.json")


def test_a_failing_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "x"
    write_atomically(path, lambda file: file.write(b"old"))

    def fail(file):
        file.write(b"new")
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x"]


def test_checkpoints_hold_generator_states_and_optimisers(tmp_path):
    model = torch.nn.Linear(3, 2)
    optimiser = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    rng, generator = np.random.default_rng(3), torch.Generator().manual_seed(5)
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "numpy": rng.bit_generator.state,
        "torch": generator.get_state(),
        "curve": np.arange(4.0),
    }
    back = load_checkpoint(save_checkpoint(tmp_path / "c.pt", state))
    expected = rng.normal(size=3), torch.rand(2, generator=generator)
    other = np.random.default_rng(0)
    other.bit_generator.state = back["numpy"]
    assert (other.normal(size=3) == expected[0]).all()
    again = torch.Generator()
    again.set_state(back["torch"])
    assert torch.equal(torch.rand(2, generator=again), expected[1])
    assert back["curve"].tolist() == [0, 1, 2, 3]
    optimiser.load_state_dict(back["optimiser"])
