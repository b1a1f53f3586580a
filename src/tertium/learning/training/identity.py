"""What a checkpoint is of: a network's options, and the trials of a task, as plain values that can be compared."""

from __future__ import annotations

import hashlib
from typing import Any

import torch
from torch import nn

from tertium.models import Cell
from tertium.tasks.task import Task, TaskLike
from tertium.tasks.task_set import TaskSet


def network_identity(model: nn.Module) -> dict[str, Any]:
    """Return the options of a network that its weights do not tell: time constants, nonlinearities, noise.

    They are the plain attributes of its modules (numbers, words, flags and what describes itself as a dataclass does)
    and the buffers of its cells, which no training changes: one number as itself, more as a digest. Other buffers
    (running means, which connections are active) may change.

    Examples
    --------
    >>> from tertium.models import RateRNN
    >>> found = network_identity(RateRNN(2, 5, 1, dt=0.02, tau=0.1, noise=0.3, form="rate"))
    >>> found["cells.0.form"], found["cells.0.noise_std"], round(found["cells.0.alpha"], 6)
    ('rate', 0.3, 0.2)
    """
    found: dict[str, Any] = {}
    for path, module in model.named_modules():
        place = f"{path}." if path else ""
        found[place + "kind"] = type(module).__name__.removeprefix("Parametrized")
        for name, value in vars(module).items():
            if name.startswith("_") or name == "training":
                continue
            if isinstance(value, bool | int | float | str | None):
                found[place + name] = value
            elif hasattr(value, "__dataclass_fields__"):
                found[place + name] = repr(value)
        if isinstance(module, Cell):
            for name, buffer in module.named_buffers(recurse=False):
                found[place + name] = buffer.item() if buffer.numel() == 1 else _digest(buffer)
    return found


def trials_identity(task: TaskLike) -> str:
    """Return a digest of a few trials, which changes with the options of the task; "" for trials that are not drawn."""
    if isinstance(task, TaskSet):
        words = "".join(trials_identity(one) for one in task.tasks.values()) + repr(task.probabilities.tolist())
        return hashlib.sha256(words.encode()).hexdigest()[:12]
    if not isinstance(task, Task):
        return ""
    batch = task.batch(2, 0)
    digest = hashlib.sha256()
    for array in (batch.inputs, batch.targets, batch.mask):
        digest.update(array.tobytes())
    return digest.hexdigest()[:12]


def _digest(values: torch.Tensor) -> str:
    return hashlib.sha256(values.detach().cpu().contiguous().numpy().tobytes()).hexdigest()[:12]
