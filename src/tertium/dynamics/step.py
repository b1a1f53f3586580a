"""What is taken apart: a plain function ``step(h, x)``, made batched, float64 and differentiable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from tertium.errors import BadInput

if TYPE_CHECKING:
    import torch

Floats = npt.NDArray[np.float64]
Time = Literal["discrete", "continuous"]

#: States whose Jacobians are found at once: those of 100 units take 20 MB.
PART = 256

#: What a function raises that is given something else than it takes; told in the refusal.
FAILURES = (TypeError, ValueError, RuntimeError, AttributeError, IndexError, KeyError, ArithmeticError)

#: Relative size of the steps of central differences: the cube root of float64's rounding error.
DIFFERENCE = 6e-6


@dataclass(frozen=True)
class Dynamics:
    """A system that moves: where it goes from a state under an input, and how that changes with the state.

    Made by `as_dynamics`; all arrays are float64 and have a batch axis.

    Attributes
    ----------
    n_units : int
        Length of a state.
    n_inputs : int
        Length of an input.
    time : {"discrete", "continuous"}
        Whether ``step`` gives the next state, ``h[t+1] = step(h[t], x)``, or a velocity, ``dh/dt = step(h, x)``.
    move : callable
        ``(batch, unit), (batch, channel) -> (batch, unit)``: ``step`` itself.
    derivative : callable
        ``(batch, unit), (batch, channel) -> (batch, unit, unit)``: of ``step`` in the state, row = target.
    input_derivative : callable
        ``(batch, unit), (batch, channel) -> (batch, unit, channel)``: of ``step`` in the input.
    """

    n_units: int
    n_inputs: int
    time: Time
    move: Callable[[Floats, Floats], Floats]
    derivative: Callable[[Floats, Floats], Floats]
    input_derivative: Callable[[Floats, Floats], Floats]

    def velocity(self, h: Floats, x: Floats) -> Floats:
        """Return what vanishes at a fixed point, (batch, unit): ``step(h, x) - h``, or ``step(h, x)`` itself."""
        return self.move(h, x) - h if self.time == "discrete" else self.move(h, x)

    def velocity_jacobian(self, h: Floats, x: Floats) -> Floats:
        """Return the derivative of `velocity` in the state, (batch, unit, unit)."""
        jacobian = self.derivative(h, x)
        return jacobian - np.eye(self.n_units) if self.time == "discrete" else jacobian

    def inputs(self, inputs: npt.ArrayLike, n: int) -> Floats:
        """Return inputs for ``n`` states, (n, channel), from one number, one input, or one input for each state.

        Raises
        ------
        BadInput
            If the shape does not fit, or a value is not finite.
        """
        given = np.asarray(inputs, dtype=np.float64)
        if given.ndim > 2 or (given.ndim and given.shape[-1] != self.n_inputs) or (given.ndim == 2 and len(given) != n):
            raise BadInput(
                "inputs",
                got=f"shape {given.shape}",
                expected=f"a number, ({self.n_inputs},), or ({n}, {self.n_inputs}): one for each state",
            )
        if not np.isfinite(given).all():
            raise BadInput("inputs", got="a value that is not finite", expected="finite numbers")
        return np.array(np.broadcast_to(given, (n, self.n_inputs)))


def as_dynamics(
    step: Any,
    n_units: int,
    inputs: npt.ArrayLike = 0.0,
    *,
    time: Time = "discrete",
    jacobian: Callable[[Any, Any], Any] | None = None,
) -> Dynamics:
    """Make a plain function, or somebody's network, into a system that can be taken apart.

    Parameters
    ----------
    step : callable or torch.nn.Module or Dynamics
        ``step(h, x) -> h``, with h of shape (batch, n_units) and x (batch, channel), for tensors of torch or for arrays
        of NumPy; each row of the batch must be treated by itself. A function of torch must work in float64. A module
        (`torch.nn.RNNCell`, ``GRUCell``, ``LSTMCell``, one-layer ``RNN``, ``GRU``, ``LSTM``, or anything with a method
        ``step(state, x)`` that returns the state first) is copied, and the copy put into float64 and evaluation mode:
        the original is not touched.
    n_units : int
        Length of a state. Of an LSTM the state is ``(hidden, memory)`` in a row.
    inputs : array-like
        Inputs, whose last axis tells how many channels there are; a number stands for all channels of a module, and
        for one channel of a plain function.
    time : {"discrete", "continuous"}
        What ``step`` returns: the next state, or a velocity.
    jacobian : callable, optional
        ``jacobian(h, x) -> (batch, unit, unit)``, the derivative of ``step`` in h, if you have it in closed form.
        Otherwise it is found by automatic differentiation, or, of functions of NumPy, by central differences.

    Raises
    ------
    BadInput
        If the function fails, returns another shape, or works in float32 only.

    Examples
    --------
    >>> pendulum = lambda h, x: np.stack([h[:, 1], -np.sin(h[:, 0])], axis=1)
    >>> system = as_dynamics(pendulum, 2, time="continuous")
    >>> system.derivative(np.zeros((1, 2)), np.zeros((1, 1))).round(6)[0].tolist()
    [[0.0, 1.0], [-1.0, 0.0]]
    """
    if isinstance(step, Dynamics):
        if step.n_units != n_units:
            raise BadInput("states", got=f"{n_units} units", expected=f"{step.n_units}, as the system has")
        return step
    if time not in ("discrete", "continuous"):
        raise BadInput("time", got=repr(time), expected="'discrete' (step gives the next state) or 'continuous'")
    given = np.asarray(inputs, dtype=np.float64)
    function, n_inputs, in_closed_form = step, given.shape[-1] if given.ndim else 1, None
    if hasattr(step, "parameters") and hasattr(step, "state_dict"):
        from tertium.dynamics.modules import jacobian_of_module, step_of_module

        function, channels = step_of_module(step, n_units)
        in_closed_form = jacobian_of_module(step)
        n_inputs = given.shape[-1] if given.ndim else channels
    if not callable(function):
        raise BadInput("step", got=type(step).__name__, expected="a function step(h, x) or a torch module")
    state, x = np.zeros((2, n_units)), np.zeros((2, n_inputs))
    move, derivative, input_derivative = _functions(function, state, x)
    if jacobian is not None:
        derivative = _given(jacobian, n_units)
    elif in_closed_form is not None:
        derivative = in_closed_form
    return Dynamics(n_units, n_inputs, time, move, derivative, input_derivative)


Parts = tuple[
    Callable[[Floats, Floats], Floats], Callable[[Floats, Floats], Floats], Callable[[Floats, Floats], Floats]
]


def _functions(step: Callable[[Any, Any], Any], state: Floats, x: Floats) -> Parts:
    """Try a function with tensors, then with arrays, and return it with its derivatives."""
    import torch

    problems = []
    try:
        moved = step(torch.from_numpy(state).requires_grad_(), torch.from_numpy(x).requires_grad_())
        if isinstance(moved, torch.Tensor) and moved.requires_grad:
            _check_moved(moved, state.shape, moved.dtype == torch.float64, str(moved.dtype))
            return _of_torch(step)
        problems.append(f"with tensors it returns {_kind_of(moved)}")
    except BadInput:
        raise
    except FAILURES as problem:
        problems.append(f"with tensors: {_first_line(problem)}")
    try:
        moved = step(state, x)
        if isinstance(moved, np.ndarray):
            _check_moved(moved, state.shape, moved.dtype == np.float64, str(moved.dtype))
            return _of_numpy(step)
        problems.append(f"with arrays it returns {_kind_of(moved)}")
    except BadInput:
        raise
    except FAILURES as problem:
        problems.append(f"with arrays: {_first_line(problem)}")
    raise BadInput(
        "step",
        got="; ".join(problems),
        expected=f"the next state, {state.shape}, from a state {state.shape} and an input {x.shape}",
        repair="Return the state only, give inputs= as many channels as the function takes, and compute in float64 "
        "(a module that is passed itself is copied to float64).",
    )


def _check_moved(moved: Any, shape: tuple[int, ...], double: bool, dtype: str) -> None:
    if tuple(moved.shape) != shape:
        raise BadInput(
            "step", got=f"shape {tuple(moved.shape)} from a state {shape}", expected="the shape of the state"
        )
    if not double:
        raise BadInput("step", got=dtype, expected="float64", repair="Fixed points are certified in float64 only.")


def _first_line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {(str(problem).splitlines() or [''])[0]}"[:160]


def _kind_of(moved: Any) -> str:
    if isinstance(moved, tuple | list):
        return f"a {type(moved).__name__} of {len(moved)}"
    return f"a {type(moved).__name__}" + (" that cannot be differentiated" if hasattr(moved, "requires_grad") else "")


def _of_torch(step: Callable[[Any, Any], Any]) -> Parts:
    import torch

    def tensor(array: Floats) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float64))

    def move(h: Floats, x: Floats) -> Floats:
        with torch.no_grad():
            return np.asarray(step(tensor(h), tensor(x)).numpy(), dtype=np.float64)

    def derivative_in(which: int) -> Callable[[Floats, Floats], Floats]:
        def derivative(h: Floats, x: Floats) -> Floats:
            pair = [tensor(h), tensor(x)]
            pair[which].requires_grad_()
            with torch.enable_grad():
                moved = step(*pair)
                rows = _rows(moved, pair[which])
            return np.asarray(rows.numpy(), dtype=np.float64)

        return derivative

    return move, derivative_in(0), derivative_in(1)


def _rows(moved: torch.Tensor, of: torch.Tensor) -> torch.Tensor:
    """Return d moved[b, i] / d of[b, j], shape (b, i, j): one backward pass a unit serves the whole batch."""
    import torch

    batch, units = moved.shape
    rows = torch.zeros(batch, units, of.shape[1], dtype=torch.float64)
    if not moved.requires_grad:
        return rows
    for i in range(units):
        (row,) = torch.autograd.grad(moved[:, i].sum(), of, retain_graph=i + 1 < units, allow_unused=True)
        if row is not None:
            rows[:, i] = row
    return rows


def _of_numpy(step: Callable[[Any, Any], Any]) -> Parts:
    def move(h: Floats, x: Floats) -> Floats:
        return np.asarray(step(h, x), dtype=np.float64)

    def in_state(h: Floats, x: Floats) -> Floats:
        return _differences(lambda moved: move(moved, x), h)

    def in_input(h: Floats, x: Floats) -> Floats:
        return _differences(lambda moved: move(h, moved), x)

    return move, in_state, in_input


def _differences(function: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Return the derivative of a batched function by central differences, (batch, output, variable)."""
    columns = []
    for j in range(at.shape[1]):
        size = DIFFERENCE * np.maximum(1.0, np.abs(at[:, j]))
        up, down = at.copy(), at.copy()
        up[:, j] += size
        down[:, j] -= size
        columns.append((function(up) - function(down)) / (up[:, j] - down[:, j])[:, None])
    return np.stack(columns, axis=2)


def _given(jacobian: Callable[[Any, Any], Any], n_units: int) -> Callable[[Floats, Floats], Floats]:
    def derivative(h: Floats, x: Floats) -> Floats:
        import torch

        try:
            found = jacobian(h, x)
        except (TypeError, AttributeError, RuntimeError):  # a function of torch takes tensors only
            found = jacobian(torch.from_numpy(h), torch.from_numpy(x))
        array = found.detach().numpy() if isinstance(found, torch.Tensor) else np.asarray(found)
        if array.shape != (len(h), n_units, n_units):
            raise BadInput("jacobian", got=f"shape {array.shape}", expected=f"({len(h)}, {n_units}, {n_units})")
        return np.asarray(array, dtype=np.float64)

    return derivative


def in_parts(function: Callable[[Floats, Floats], Floats], h: Floats, x: Floats, shape: tuple[int, ...]) -> Floats:
    """Return a batched function of states and inputs, (batch, *shape), worked out part by part to save memory."""
    found = np.empty((len(h), *shape))
    for start in range(0, len(h), PART):
        part = slice(start, start + PART)
        found[part] = function(h[part], x[part])
    return found
