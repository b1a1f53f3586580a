"""A trained network for people without torch: its weights, and a short NumPy program that runs it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tertium.checkpoint import save_checkpoint
from tertium.errors import BadInput
from tertium.files import write_atomically
from tertium.models.kernels import Nonlinearity
from tertium.models.recurrent.network import RecurrentNetwork
from tertium.models.recurrent.rate_cell import RateCell

#: Rate functions as NumPy expressions of x.
EXPRESSIONS = {
    "identity": "x",
    "power": "{k!r} * np.maximum(x, 0) ** {n!r}",
    "relu": "np.maximum(x, 0)",
    "sigmoid": "0.5 + 0.5 * np.tanh(x / 2)",
    "softplus": "np.logaddexp(0, x)",
    "tanh": "np.tanh(x)",
}

PROGRAM = '''"""A recurrent network made with tertium, run with NumPy alone; its weights are in weights.npz."""

from pathlib import Path

import numpy as np

DT = {dt!r}  # seconds a step
CELLS = {cells}
weights = np.load(Path(__file__).with_name("weights.npz"))


def simulate(x, states=None):
    """From inputs (time, trial, channel) to outputs (time, trial, channel) and a list of states, one a cell."""
    found = []
    for i, (form, f) in enumerate(CELLS):
        w_in, w, b, alpha, h = (weights[f"{{i}}/{{k}}"] for k in ("input", "recurrent", "bias", "alpha", "initial"))
        h = np.tile(h, (x.shape[1], 1)) if states is None else states[i]
        steps = []
        for drive in x @ w_in.T + b:
            new = f(h) @ w.T + drive if form == "membrane" else f(h @ w.T + drive)
            h = (1 - alpha) * h + alpha * new
            steps.append(h)
        found.append(np.stack(steps))
        x = f(found[i]) if form == "membrane" else found[i]
    return {output}, found


if __name__ == "__main__":
    outputs, states = simulate(np.zeros((10, 1, weights["0/input"].shape[1])))
    print("outputs", outputs.shape, "states", [s.shape for s in states])
'''


def export_network(network: nn.Module, folder: str | os.PathLike[str]) -> Path:
    """Write a network of rate cells as a plain state dictionary, and as NumPy weights with a program that runs them.

    Parameters
    ----------
    network : RateRNN or RecurrentNetwork of RateCell
        The network. Noise is left out; constraints and low rank are multiplied out.
    folder : path
        Where to write ``state_dict.pt`` (for ``load_state_dict``; loads with ``weights_only=True``), ``weights.npz``
        and ``simulate.py``, whose function ``simulate(x)`` takes inputs of shape (time, trial, channel). The folder
        is made if it is not there; files of these names are replaced.

    Returns
    -------
    Path
        Of ``simulate.py``.

    Raises
    ------
    BadInput
        If the network has other cells or another read-out, or a rate function of the user's own, or the folder
        cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> from tertium.models import RateRNN
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     program = export_network(RateRNN(3, 10, 2), folder)
    ...     sorted(path.name for path in program.parent.iterdir())
    ['simulate.py', 'state_dict.pt', 'weights.npz']
    """
    cells = list(network.cells) if isinstance(network, RecurrentNetwork) else []
    readout: Any = getattr(network, "readout", None)
    if not cells or not all(isinstance(cell, RateCell) for cell in cells) or not isinstance(readout, nn.Linear):
        raise BadInput(
            "network to export",
            got=f"a {type(network).__name__}" + (f" of {type(cells[0]).__name__}" if cells else ""),
            expected="a RateRNN, or a RecurrentNetwork of RateCells with a linear read-out",
        )
    arrays: dict[str, npt.NDArray[Any]] = {}
    lines = []
    for i, cell in enumerate(cells):
        assert isinstance(cell, RateCell)
        arrays |= {f"{i}/{key}": value for key, value in _arrays(cell).items()}
        lines.append(f'("{cell.form}", lambda x: {_expression(cell.nonlinearity)})')
    arrays["readout"] = readout.weight.detach().cpu().numpy()
    arrays["readout_bias"] = _or_zeros(readout.bias, readout.out_features)
    output = 'x @ weights["readout"].T + weights["readout_bias"]'
    if getattr(network, "output", "linear") == "sigmoid":
        output = f"0.5 + 0.5 * np.tanh(({output}) / 2)"
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise BadInput(
            f"folder {place}", got=problem.strerror or str(problem), expected="a folder that can be made"
        ) from None
    save_checkpoint(place / "state_dict.pt", network.state_dict())
    named: dict[str, Any] = arrays  # to a type checker one of the names might be savez's own option
    write_atomically(place / "weights.npz", lambda file: np.savez(file, **named))
    dt = float(network.dt) if isinstance(network, RecurrentNetwork) else 1.0
    program = PROGRAM.format(dt=dt, cells=f"[{', '.join(lines)}]", output=output)
    return write_atomically(place / "simulate.py", lambda file: file.write(program.encode()))


def _arrays(cell: RateCell) -> dict[str, npt.NDArray[Any]]:
    with torch.no_grad():
        weight: torch.Tensor | None = cell.recurrent_weight
        if cell.rank is not None:
            low = cell.left @ cell.right.T / cell.n_units
            weight = low if weight is None else low + weight
        assert weight is not None
        return {
            "input": cell.input_weight.cpu().numpy(),
            "recurrent": weight.cpu().numpy(),
            "bias": _or_zeros(cell.bias, cell.n_units),
            "alpha": cell.leak().cpu().numpy(),
            "initial": _or_zeros(cell.initial, cell.n_units),
        }


def _or_zeros(parameter: torch.Tensor | None, n: int) -> npt.NDArray[Any]:
    return np.zeros(n, dtype=np.float32) if parameter is None else parameter.detach().cpu().numpy()


def _expression(f: Nonlinearity) -> str:
    if f.name not in EXPRESSIONS or type(f).__module__ != Nonlinearity.__module__:
        raise BadInput(
            "nonlinearity to export",
            got=f"'{f.name}' of the user's own",
            expected="one of " + ", ".join(EXPRESSIONS),
            repair="Export with a built-in one and change the line CELLS of simulate.py.",
        )
    return EXPRESSIONS[f.name].format(k=getattr(f, "k", 0), n=getattr(f, "n", 0))
