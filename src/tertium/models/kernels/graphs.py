"""On an NVIDIA GPU: a whole run and its backward pass recorded once, so that each later call is one launch.

A time loop there waits for the launch of its small kernels, not for their arithmetic. The loops of this package are a
fixed sequence of operations for fixed shapes, which is what a CUDA graph records. Nothing else here imports this file.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from tertium.errors import BadInput


def record_run(run: Callable[..., Any], *sample: Tensor) -> Callable[..., Any]:
    """Record a run of a network on a GPU, for calls with tensors of the same shapes.

    Parameters
    ----------
    run : callable
        Takes tensors, weights included, and returns a tensor or a tuple of them, by `rate_unroll`, `network_unroll` or
        anything else that does not look at values. Noise has to come in as an argument: a recorded run draws none.
    *sample : Tensor
        Arguments on the GPU, with the shapes, types and ``requires_grad`` of all later calls.

    Returns
    -------
    callable
        Like ``run``, with gradients. What it returns is overwritten by its next call.

    Raises
    ------
    BadInput
        If an argument is not on a CUDA device.

    Notes
    -----
    Written against the documentation of ``torch.cuda.make_graphed_callables``; it has not been run on a device yet.
    """
    elsewhere = sorted({str(tensor.device) for tensor in sample if tensor.device.type != "cuda"})
    if elsewhere or not sample:
        raise BadInput(
            "record_run",
            got=f"arguments on {', '.join(elsewhere)}" if elsewhere else "no arguments",
            expected="tensors on a CUDA device",
            repair="Call the function as it is: elsewhere there is nothing to gain.",
        )
    recorded: Callable[..., Any] = torch.cuda.make_graphed_callables(run, sample, allow_unused_input=True)
    return recorded
