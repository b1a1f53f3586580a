"""Exported networks: the program runs without torch and gives the network's numbers."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from tertium.errors import BadInput
from tertium.models import GRU, RateCell, RateRNN, RecurrentNetwork, export_network
from tertium.models.kernels import NONLINEARITIES, Nonlinearity
from tertium.models.kernels import nonlinearity as named
from tertium.models.wiring import NoAutapses, SparseMask, constrain
from tertium.rng import Seeds

NETWORKS = {
    **{
        f"{name}, {form}": lambda name=name, form=form: RateRNN(3, 12, 2, nonlinearity=name, form=form, noise=0.3)
        for name in NONLINEARITIES
        for form in ("membrane", "rate")
    },
    "low rank and random": lambda: RateRNN(3, 12, 2, rank=2, random_gain=0.5, nonlinearity="tanh"),
    "taus and start": lambda: RateRNN(3, 12, 2, tau=np.linspace(0.02, 0.1, 12), learn_initial=True, bias=False),
    "power of one's own": lambda: RateRNN(3, 12, 2, nonlinearity=named("power", k=0.3, n=1.5)),
    "Dale": lambda: RateRNN(3, 12, 2, dale=0.75, autapses=False, readout_bias=False),
    "sigmoid output": lambda: RateRNN(3, 12, 2, output="sigmoid"),
    "stack": lambda: RecurrentNetwork([RateCell(3, 7), RateCell(7, 5, form="rate", nonlinearity="tanh")], 2),
}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """Export all networks, and run their programs in one process in which torch cannot be imported."""
    folder, made = tmp_path_factory.mktemp("exported"), {}
    xs = torch.randn(15, 4, 3, generator=Seeds(0).torch("xs"))
    np.save(folder / "xs.npy", xs.numpy())
    for i, (name, make) in enumerate(NETWORKS.items()):
        network = make()
        with torch.no_grad():
            for parameter in network.parameters():  # biases and starting states that are not zero
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=Seeds(i).torch("change")))
        made[name] = network
        export_network(network, folder / str(i))
    code = f"""
import sys, runpy
sys.modules["torch"] = sys.modules["tertium"] = None
import numpy as np
xs = np.load("xs.npy")
for i in range({len(NETWORKS)}):
    outputs, states = runpy.run_path(f"{{i}}/simulate.py")["simulate"](xs)
    np.savez(f"{{i}}.npz", outputs, *states)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=folder, check=True)
    return folder, made, xs


@pytest.mark.parametrize("name", NETWORKS)
def test_the_program_gives_the_numbers_of_the_network(simulated, name):
    folder, made, xs = simulated
    network = made[name]
    for cell in network.cells:
        cell.noise_std = 0.0
    outputs, states = network(xs)
    states = states if isinstance(states, tuple) else (states,)
    with np.load(folder / f"{list(NETWORKS).index(name)}.npz") as found:
        arrays = list(found.values())
    assert len(arrays) == 1 + len(states)
    for array, tensor in zip(arrays, (outputs, *states), strict=True):
        scale = max(1.0, float(tensor.detach().abs().max()))
        np.testing.assert_allclose(array, tensor.detach(), atol=1e-5 * scale, rtol=0)


def test_the_program_is_short_and_runs_by_itself(simulated):
    folder, _, _ = simulated
    program = (folder / "0" / "simulate.py").read_text()
    body = program.split("CELLS")[1].split("if __name__")[0]
    assert len([line for line in body.splitlines() if line.strip()]) <= 20
    out = subprocess.run([sys.executable, folder / "0" / "simulate.py"], check=True, capture_output=True, text=True)
    assert "outputs (10, 1, 2)" in out.stdout


def test_the_state_dictionary_loads_as_data(simulated):
    folder, made, _ = simulated
    name = "Dale"
    state = torch.load(folder / str(list(NETWORKS).index(name)) / "state_dict.pt", weights_only=True)
    other = RateRNN(3, 12, 2, dale=0.75, autapses=False, readout_bias=False, seed=9)
    other.load_state_dict(state)
    assert torch.equal(other.cell.recurrent_weight, made[name].cell.recurrent_weight)


def test_what_cannot_be_exported_is_named(tmp_path):
    class Mine(Nonlinearity):
        name = "mine"

        def __call__(self, x):
            return x

        def into(self, x, out):
            out.copy_(x)

        def back(self, gradient, value, out):
            out.copy_(gradient)

    with pytest.raises(BadInput, match="network to export: got a GRU of GRUCell"):
        export_network(GRU(1, 2, 1), tmp_path)
    with pytest.raises(BadInput, match="nonlinearity to export: got 'mine' of the user's own"):
        export_network(RateRNN(1, 2, 1, nonlinearity=Mine()), tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"folder .*file: got File exists, expected a folder that can be made"):
        export_network(RateRNN(1, 2, 1), tmp_path / "file")
    network = RateRNN(1, 4, 1)
    constrain(network.cell, SparseMask(0.5), NoAutapses())
    assert export_network(network, tmp_path / "new" / "folder").exists()
