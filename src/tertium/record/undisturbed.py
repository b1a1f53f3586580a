"""Using a network without leaving a trace: mode, devices, gradients and random state are put back, come what may."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from tertium.rng import Seeds


@contextmanager
def undisturbed(model: nn.Module, *, device: str | torch.device | None = None, seed: int = 0) -> Iterator[nn.Module]:
    """Put a network in eval mode without gradients for a while, then leave it exactly as it was found.

    Put back, also after an exception: the ``training`` flag of every module by itself, the device of every parameter
    and buffer (the very tensors, so optimisers keep theirs), the values of the buffers, the grad mode, the state of
    torch's global random generators, and the cuDNN and attention settings. Inside, the global generators stand at a
    state derived from ``seed``, so that a network that draws numbers in eval mode draws the same ones each time.

    Parameters
    ----------
    model : torch.nn.Module
    device : str or torch.device, optional
        Where to compute; by default where the network is.
    seed : int
        Seed of what a network draws while it is used.

    Yields
    ------
    torch.nn.Module
        The same network.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(2, 2), nn.Dropout())
    >>> with undisturbed(net):
    ...     net.training, torch.is_grad_enabled()
    (False, False)
    >>> net[1].training, torch.is_grad_enabled()
    (True, True)
    """
    modes = [(module, module.training) for module in model.modules()]
    _warn_of_batch_statistics(model)
    with ExitStack() as stack:
        stack.callback(_restore_modes, modes)
        stack.enter_context(_buffers_kept(model))
        stack.enter_context(_random_state(seed))
        stack.enter_context(_settings())
        if device is not None:
            stack.enter_context(_on_device(model, torch.device(device)))
        # no_grad and not inference_mode: a tensor that a network keeps in its forward pass must stay usable later
        stack.enter_context(torch.no_grad())
        model.eval()
        yield model


def device_of(model: nn.Module) -> torch.device:
    """Return the device of a network's first parameter or buffer; the CPU if it has neither."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def dtype_of(model: nn.Module) -> torch.dtype:
    """Return the type of a network's first floating parameter or buffer; float32 if it has none."""
    for tensor in (*model.parameters(), *model.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype
    return torch.float32


def _restore_modes(modes: list[tuple[nn.Module, bool]]) -> None:
    for module, training in modes:
        module.training = training


@contextmanager
def _buffers_kept(model: nn.Module) -> Iterator[None]:
    """Put back buffers that a network writes to even in eval mode (membrane states, counters, running means)."""
    found = [
        (module, name, buffer, None if buffer is None else buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
    ]
    versions = [0 if buffer is None else buffer._version for _, _, buffer, _ in found]
    try:
        yield
    finally:
        for (module, name, buffer, values), version in zip(found, versions, strict=True):
            module._buffers[name] = buffer
            if buffer is not None and values is not None and buffer._version != version:
                with torch.no_grad():
                    buffer.copy_(values)


@contextmanager
def _random_state(seed: int) -> Iterator[None]:
    start = Seeds(seed).child("record").torch("forward").get_state()
    cpu = torch.get_rng_state()
    # generators of an accelerator exist only once it is in use
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() and torch.cuda.is_initialized() else None
    try:
        torch.set_rng_state(start)
        if cuda is not None:
            for index in range(len(cuda)):
                fresh = Seeds(seed).child("record").torch("forward", device=f"cuda:{index}")
                torch.cuda.set_rng_state(fresh.get_state(), index)
        yield
    finally:
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


@contextmanager
def _settings() -> Iterator[None]:
    """Choose cuDNN's deterministic algorithms, and attention that goes through its modules so that hooks see them."""
    cudnn = torch.backends.cudnn
    fast_attention = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        with cudnn.flags(enabled=cudnn.enabled, benchmark=False, deterministic=True, allow_tf32=cudnn.allow_tf32):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast_attention)


@contextmanager
def _on_device(model: nn.Module, device: torch.device) -> Iterator[None]:
    """Let copies of parameters and buffers stand in on a device; afterwards each module gets its own back."""
    own = [
        (module, name, tensor)
        for module in model.modules()
        for name, tensor in (*module._parameters.items(), *module._buffers.items())
        if tensor is not None
    ]
    copies: dict[int, torch.Tensor] = {}  # what two modules share stays shared
    try:
        for module, name, tensor in own:
            if id(tensor) not in copies:
                copy = tensor.detach().to(device)
                is_weight = isinstance(tensor, nn.Parameter)
                copies[id(tensor)] = nn.Parameter(copy, requires_grad=tensor.requires_grad) if is_weight else copy
            # setattr and not the dictionary: recurrent layers of torch keep a second list of their weights
            setattr(module, name, copies[id(tensor)])
        yield
    finally:
        for module, name, tensor in own:
            setattr(module, name, tensor)


def _warn_of_batch_statistics(model: nn.Module) -> None:
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None:
            warnings.warn(
                f"layer '{name}' normalises by the batch it is given (track_running_stats=False): what is recorded "
                "depends on batch_size",
                stacklevel=4,
            )
            return
