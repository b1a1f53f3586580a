"""Listening in on modules with forward hooks: what each returns, at each of its calls, copied at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from tertium.models.outputs import first_tensor

KeptT = TypeVar("KeptT")


class Capture(Generic[KeptT]):
    """Keep something of what modules return while a network runs; the hooks are gone afterwards.

    Parameters
    ----------
    modules : mapping of str to torch.nn.Module
        Site -> module.
    keep : callable
        ``keep(site, call, tensor)`` is called as soon as a module returns, and has to copy what it wants of the tensor:
        an in-place operation behind the module (``nn.ReLU(inplace=True)``) overwrites it. ``call`` counts the calls of
        that module in this forward pass.

    Attributes
    ----------
    kept : dict of str to list
        Site -> what was kept, in the order of the calls.

    Examples
    --------
    >>> net = nn.Sequential(nn.Identity(), nn.ReLU(inplace=True))
    >>> with Capture({"0": net[0]}, lambda site, call, tensor: tensor.clone()) as capture:
    ...     _ = net(torch.tensor([-1.0, 2.0]))
    >>> capture.kept["0"]
    [tensor([-1.,  2.])]
    """

    def __init__(self, modules: Mapping[str, nn.Module], keep: Callable[[str, int, torch.Tensor], KeptT]) -> None:
        self._modules, self._keep = dict(modules), keep
        self._handles: list[Any] = []
        self.kept: dict[str, list[KeptT]] = {site: [] for site in modules}

    def clear(self) -> None:
        """Forget what was kept, before the next forward pass."""
        for kept in self.kept.values():
            kept.clear()

    def __enter__(self) -> Capture[KeptT]:
        try:
            for site, module in self._modules.items():
                self._handles.append(module.register_forward_hook(self._hook(site)))
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        self._remove()

    def _hook(self, site: str) -> Callable[[nn.Module, Any, Any], None]:
        def listen(module: nn.Module, given: Any, returned: Any) -> None:
            tensor = first_tensor(returned, f"site '{site}'" if site else "the model's output")
            self.kept[site].append(self._keep(site, len(self.kept[site]), tensor.detach()))

        return listen

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
