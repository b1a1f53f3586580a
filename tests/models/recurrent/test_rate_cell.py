"""Leaky rate cells: the equation, its conventions, and conformance in every variant."""

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from tertium.errors import BadInput, UnknownName
from tertium.models import RateCell, RateRNN
from tertium.models.kernels import NONLINEARITIES
from tertium.models.recurrent.initial_weights import DiagonalPlusGaussian, Orthogonal, named_scheme
from tertium.rng import Seeds
from tertium.testing.cell_conformance import check_cell

VARIANTS = {
    "noise": {"noise": 0.2, "form": "rate"},
    "time constants of units": {"tau": np.linspace(0.02, 0.2, 6)},
    "learned time constants and start": {"learn_tau": True, "learn_initial": True},
    "low rank": {"rank": 2, "noise": 0.1},
    "low rank and random": {"rank": 1, "random_gain": 0.8, "form": "rate"},
    "no bias": {"bias": False, "init": "orthogonal"},
    "checkpoint": {"checkpoint": True, "noise": 0.1},
    "discrete": {"tau": 0.02},
}


@pytest.mark.parametrize("form", ["membrane", "rate"])
@pytest.mark.parametrize("name", NONLINEARITIES)
def test_conformance_of_every_nonlinearity(name, form):
    check_cell(RateCell(2, 6, nonlinearity=name, form=form))


@pytest.mark.parametrize("options", VARIANTS.values(), ids=VARIANTS)
def test_conformance_of_every_option(options):
    def make():
        return RateCell(3, 6, nonlinearity="tanh", seeds=4, **options)

    check_cell(make(), make=make)


def test_one_step_is_the_equation_of_the_paper():
    cell = RateCell(1, 2, dt=0.02, tau=0.1, nonlinearity="relu", form="membrane")
    with torch.no_grad():
        cell.recurrent_weight.copy_(torch.tensor([[0.0, 2.0], [1.0, 0.0]]))
        cell.input_weight.copy_(torch.tensor([[1.0], [0.0]]))
        cell.bias.copy_(torch.tensor([0.0, 0.5]))
    h, rates = cell.step(torch.tensor([[1.0, -1.0]]), torch.tensor([[3.0]]))
    # 0.8 h + 0.2 (W relu(h) + W_in x + b)
    np.testing.assert_allclose(h.detach(), [[0.8 + 0.2 * (0 + 3), -0.8 + 0.2 * (1 + 0.5)]], rtol=1e-6)
    np.testing.assert_allclose(rates.detach(), [[1.4, 0.0]], rtol=1e-6)
    cell.form = "rate"
    r, rates = cell.step(torch.tensor([[1.0, 0.5]]), torch.tensor([[-5.0]]))
    np.testing.assert_allclose(r.detach(), [[0.8 + 0.2 * 0, 0.4 + 0.2 * 1.5]], rtol=1e-6)  # relu(1 - 5) = 0
    assert torch.equal(r, rates)


@pytest.mark.parametrize("dt", [0.002, 0.01])
def test_noise_has_its_standard_deviation_whatever_the_time_step(dt):
    cell = RateCell(1, 200, dt=dt, tau=0.1, nonlinearity="identity", noise=0.3, bias=False)
    with torch.no_grad():
        cell.recurrent_weight.zero_()
    _, states = cell(torch.zeros(int(4 / dt), 4, 1), generator=Seeds(0).torch("noise"))
    late = states.detach()[int(0.5 / dt) :]
    # exactly noise / sqrt(1 - alpha / 2) for an Euler step; 800 units x 35 time constants: 1 % is 2 standard errors
    assert float(late.std()) == pytest.approx(0.3 / (1 - dt / 0.1 / 2) ** 0.5, rel=0.01)


def test_learned_time_constants_stay_positive():
    cell = RateCell(1, 4, tau=0.1, learn_tau=True)
    np.testing.assert_allclose(cell.tau().detach(), 0.1, rtol=1e-6)
    with torch.no_grad():
        cell.log_tau.sub_(100.0)
    np.testing.assert_allclose(cell.tau().detach(), 0.02)  # no shorter than dt


def test_low_rank_is_the_full_network_of_the_product():
    low = RateCell(2, 30, nonlinearity="tanh", rank=2, random_gain=0.5, seeds=1)
    full = RateCell(2, 30, nonlinearity="tanh", seeds=1)
    with torch.no_grad():
        full.recurrent_weight.copy_(low.left @ low.right.T / 30 + low.recurrent_weight)
    xs = torch.randn(20, 5, 2, generator=Seeds(0).torch("xs"))
    torch.testing.assert_close(low(xs)[1], full(xs)[1], atol=1e-5, rtol=1e-5)


def test_schemes_of_initial_weights():
    generator = Seeds(0).torch("weights")
    rotation = Orthogonal(2.0).draw(40, generator)
    torch.testing.assert_close(rotation @ rotation.T, 4 * torch.eye(40), atol=1e-4, rtol=0)
    weights = DiagonalPlusGaussian(0.9, 0.5).draw(300, generator)
    torch.testing.assert_close(weights.diagonal(), torch.full((300,), 0.9))
    assert float(weights.fill_diagonal_(0).std()) * 300**0.5 == pytest.approx(0.5, rel=0.01)
    by_name = RateCell(1, 50, init="diagonal_plus_gaussian").recurrent_weight.detach()
    assert not torch.equal(by_name, RateCell(1, 50, init="diagonal").recurrent_weight)
    with pytest.raises(UnknownName, match="Did you mean 'orthogonal'"):
        named_scheme("ortogonal")


def test_bad_input_is_named():
    with pytest.raises(BadInput, match=r"dt and tau: got dt = 0.2 s, shortest tau = 0.1 s"):
        RateCell(1, 2, dt=0.2)
    with pytest.raises(BadInput, match=r"tau: got shape \(3,\)"):
        RateCell(1, 2, tau=[0.1, 0.1, 0.1])
    with pytest.raises(BadInput, match="form: got 'voltage'"):
        RateCell(1, 2, form="voltage")
    with pytest.raises(BadInput, match="rank: got 3, expected 1 to 2"):
        RateCell(1, 2, rank=3)
    with pytest.raises(BadInput, match=r"rank: got 1.5, expected 1 to 2"):
        RateCell(1, 2, rank=1.5)
    with pytest.raises(BadInput, match=r"random_gain: got 0.5 without rank"):
        RateCell(1, 2, random_gain=0.5)
    for noise in (-1.0, float("nan")):
        with pytest.raises(BadInput, match=r"noise of the units: got .*, expected a standard deviation >= 0"):
            RateCell(1, 2, noise=noise)
    with pytest.raises(BadInput, match="n_outputs: got 0"):
        RateRNN(1, 2, 0)
    with pytest.raises(
        BadInput, match=r"inputs of the network: got a ndarray, expected a torch tensor. torch.from_numpy"
    ):
        RateRNN(3, 5, 1)(np.zeros((5, 4, 3), dtype=np.float32))
    with pytest.raises(
        BadInput, match=r"inputs of the network: got torch.float64, expected torch.float32, as the weights"
    ):
        RateRNN(3, 5, 1)(torch.zeros(5, 4, 3, dtype=torch.float64))
    with pytest.raises(BadInput, match="n_units: got 0"):
        RateCell(1, 0)
    with pytest.raises(BadInput, match=r"inputs of a RateCell: got shape \(4, 2\), expected \(time, batch, 1\)"):
        RateCell(1, 2)(torch.zeros(4, 2))
    with pytest.raises(BadInput, match=r"inputs of the network: got shape \(5, 4, 2\), expected \(time, batch, 3\)"):
        RateRNN(3, 5, 1)(torch.zeros(5, 4, 2))
    with pytest.raises(BadInput, match="backend: got 'fast'"):
        RateCell(1, 2)(torch.zeros(3, 1, 1), backend="fast")


def test_a_low_rank_network_never_forms_the_square_matrix():
    """Neither when it is made nor when it runs forward and backward."""

    class Shapes(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.seen = set()

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            result = func(*args, **(kwargs or {}))
            parts = result if isinstance(result, tuple | list) else [result]
            self.seen |= {tuple(part.shape[-2:]) for part in parts if torch.is_tensor(part)}
            return result

    with Shapes() as shapes:
        network = RateRNN(3, 67, 2, rank=2)
        outputs, _ = network(torch.zeros(5, 4, 3))
        outputs.sum().backward()
    assert (67, 2) in shapes.seen
    assert (67, 67) not in shapes.seen
    with Shapes() as shapes:
        RateRNN(3, 67, 2, rank=2, random_gain=0.5)
    assert (67, 67) in shapes.seen
