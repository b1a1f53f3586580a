"""A reader's own network: opened from a Python file, driven step by step, and undone for a control."""

from __future__ import annotations

import copy
import hashlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from tertium.dynamics import Dynamics, as_dynamics
from tertium.errors import BadInput

if TYPE_CHECKING:
    from tertium.rng import Seeds

Floats = NDArray[np.float64]

EXPECTED = "path/to/file.py:factory, a function without arguments that returns a torch module or a function step(h, x)"


@dataclass(frozen=True)
class OwnNetwork:
    """A network as it was found in a file.

    Attributes
    ----------
    step : module or callable
        What `tertium.dynamics.as_dynamics` takes.
    units : int
        Length of its state.
    readout : torch.nn.Linear or None
        The one linear layer from the state to as many outputs as there are bits, if there is one.
    untrained : module or None
        The step of a copy without what was learned; of a plain function there is none.
    """

    step: Any
    units: int
    readout: nn.Linear | None
    untrained: Any


def digest(*paths: str) -> str:
    """Return twelve hexadecimal digits of the contents of the files that there are, "" for none.

    Examples
    --------
    >>> digest("", "no/such/file.py")
    ''
    """
    found = [Path(path).read_bytes() for path in paths if path and Path(path).is_file()]
    return hashlib.sha256(b"\0".join(found)).hexdigest()[:12] if found else ""


def split(module: str) -> tuple[str, str]:
    """Return path and factory of ``path/to/file.py:factory``.

    Raises
    ------
    BadInput
        If it is not of this form.

    Examples
    --------
    >>> split("nets/gru.py:build")
    ('nets/gru.py', 'build')
    """
    path, colon, factory = module.rpartition(":")
    if not colon or not path or not factory.isidentifier():
        raise BadInput("module", got=f"'{module}'", expected=EXPECTED, repair="Write module=my_network.py:build.")
    return path, factory


def load_factory(module: str) -> Callable[[], Any]:
    """Run a Python file and return the factory named in it.

    Raises
    ------
    BadInput
        If there is no such file or factory, or the file cannot be run.
    """
    path, factory = split(module)
    file = Path(path).expanduser()
    if not file.is_file():
        raise BadInput("module", got=f"no file {file}", expected=EXPECTED, repair="Check the path.")
    spec = importlib.util.spec_from_file_location(f"own_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise BadInput("module", got=f"{file}", expected="a Python file that ends in .py")
    loaded = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(loaded)
    except Exception as problem:
        raise BadInput("module", got=f"{file}: {told(problem)}", expected="a file that Python can run") from problem
    found = getattr(loaded, factory, None)
    if not callable(found):
        named = sorted(k for k, v in vars(loaded).items() if callable(v) and getattr(v, "__module__", "") == spec.name)
        raise BadInput(
            "module",
            got=f"no function '{factory}' in {file}",
            expected=f"one of {', '.join(named)}" if named else EXPECTED,
            repair="Name the function that makes the network.",
        )
    made: Callable[[], Any] = found
    return made


def open_network(module: str, weights: str, bits: int, units: int, seeds: Seeds) -> OwnNetwork:
    """Make the network of a file, and put weights into it.

    Parameters
    ----------
    module : str
        ``path/to/file.py:factory``.
    weights : str
        File with a ``state_dict``, "" for none; read with ``weights_only=True``.
    bits : int
        Inputs that it takes.
    units : int
        Length of its state, 0 to ask the module.
    seeds : Seeds
        Of the control.

    Raises
    ------
    BadInput
        Where something does not fit, in one line.
    """
    factory = load_factory(module)
    try:
        made = factory()
    except Exception as problem:
        raise BadInput("module", got=f"{module}: {told(problem)}", expected="a factory without arguments") from problem
    if not isinstance(made, nn.Module):
        if not callable(made):
            raise BadInput("module", got=f"{module} returned a {type(made).__name__}", expected=EXPECTED)
        if units < 1:
            raise BadInput(
                "units", got=str(units), expected="the length of a state", repair="For a function, write units=100."
            )
        if weights:
            raise BadInput("weights", got=weights, expected="none: a plain function has no parameters")
        return OwnNetwork(made, units, None, None)
    blank = copy.deepcopy(made) if weights else undone(made, seeds)
    if weights:
        load_weights(made, weights)
    step = stepping_part(made)
    check_inputs(step, bits)
    units = units or units_of(step)
    return OwnNetwork(step, units, readout_of(made, units, bits), stepping_part(blank))


def load_weights(network: nn.Module, weights: str) -> None:
    """Put a file's ``state_dict`` into a network.

    Raises
    ------
    BadInput
        If the file is missing or damaged, or does not fit.
    """
    file = Path(weights).expanduser()
    if not file.is_file():
        raise BadInput("weights", got=f"no file {file}", expected="a file written by torch.save(network.state_dict())")
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
            state = state["state_dict"]
        network.load_state_dict(state)
    except Exception as problem:
        raise BadInput(
            "weights",
            got=f"{file}: {told(problem)}",
            expected=f"the state_dict of the {type(network).__name__}",
            repair="Save it with torch.save(network.state_dict(), file).",
        ) from problem


def stepping_part(network: nn.Module) -> nn.Module:
    """Return the part of a network that steps: itself, or its only recurrent layer.

    Raises
    ------
    BadInput
        If there is none, or more than one.
    """
    recurrent = (nn.RNNBase, nn.RNNCellBase)
    if isinstance(network, recurrent) or callable(getattr(network, "step", None)):
        return network
    cell = getattr(network, "cell", None)
    if callable(getattr(cell, "step", None)):
        return network
    parts = {name: part for name, part in network.named_modules() if isinstance(part, recurrent)}
    if len(parts) != 1:
        raise BadInput(
            f"network {type(network).__name__}",
            got=f"{len(parts)} recurrent layers" + (f" ({', '.join(parts)})" if parts else ""),
            expected="one layer or cell of torch, or a method step(state, x)",
            repair="Return a function step(h, x) from the factory, and write units=.",
        )
    return next(iter(parts.values()))


def check_inputs(step: nn.Module, bits: int) -> None:
    """Refuse a module that says that it takes another number of inputs than there are bits.

    Raises
    ------
    BadInput
        If so.
    """
    for part in (step, getattr(step, "cell", None)):
        for name in ("input_size", "n_inputs"):
            taken = getattr(part, name, bits)
            if isinstance(taken, int) and taken != bits:
                raise BadInput(
                    f"network {type(step).__name__}",
                    got=f"{taken} inputs",
                    expected=f"{bits}, one a bit",
                    repair=f"Write bits={taken}.",
                )


def units_of(step: nn.Module) -> int:
    """Return the length of a module's state.

    Raises
    ------
    BadInput
        If the module does not say.
    """
    if isinstance(step, nn.LSTM | nn.LSTMCell):
        return 2 * int(step.hidden_size)
    for part in (step, getattr(step, "cell", None)):
        for name in ("hidden_size", "n_units"):
            if isinstance(getattr(part, name, None), int):
                return int(getattr(part, name))
    raise BadInput(
        "units", got=f"a {type(step).__name__} without hidden_size or n_units", expected="units=, the length of a state"
    )


def readout_of(network: nn.Module, units: int, bits: int) -> nn.Linear | None:
    """Return the linear layer from the state, or an LSTM's hidden half of it, to the bits, if there is just one."""
    fitting = [
        part
        for part in network.modules()
        if isinstance(part, nn.Linear) and part.out_features == bits and part.in_features in (units, units // 2)
    ]
    return fitting[0] if len(fitting) == 1 else None


def undone(network: nn.Module, seeds: Seeds) -> nn.Module:
    """Return a copy in which the entries of each parameter are exchanged at random: nothing learned is left."""
    blank = copy.deepcopy(network)
    generator = seeds.torch("undone")
    with torch.no_grad():
        for parameter in blank.parameters():
            order = torch.randperm(parameter.numel(), generator=generator)
            parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
    return blank


def system_of(step: Any, units: int, bits: int) -> Dynamics:
    """Return a network as a system with as many inputs as bits.

    Raises
    ------
    BadInput
        If states or inputs have another length.
    """
    return as_dynamics(step, units, np.zeros(bits))


def drive_steps(system: Dynamics, inputs: Floats) -> Floats:
    """Let a system run from zero under inputs (time, trial, channel); return its states (trial, time, unit).

    Raises
    ------
    BadInput
        If the inputs have another number of channels, or a state is not finite.
    """
    if inputs.ndim != 3 or inputs.shape[2] != system.n_inputs:
        raise BadInput("inputs", got=f"shape {inputs.shape}", expected=f"(time, trial, {system.n_inputs})")
    state = np.zeros((inputs.shape[1], system.n_units))
    states = []
    for x in inputs.astype(np.float64):
        state = system.move(state, x)
        states.append(state)
    passed = np.array(states).transpose(1, 0, 2)
    if not np.isfinite(passed).all():
        raise BadInput("network", got="states that are not finite", expected="a network that stays bounded on trials")
    return passed


def told(problem: Exception) -> str:
    """Return an error as one line."""
    return " ".join(f"{type(problem).__name__}: {problem}".split())[:160]
