"""Reference models beside which a network stands: what needs no learning, and what learned objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def _made(name: str, **config: object) -> Callable[[], nn.Module]:
    def make_it() -> nn.Module:
        from tertium.models import make

        return make(name, **config)

    return make_it


#: Name -> how it is made, in the order in which they are shown.
REFERENCES: dict[str, Callable[[], nn.Module]] = {
    "pixels": _made("pixels"),
    "gabor_energy": _made("gabor_energy"),
    "untrained": _made("squeezenet11", pretrained=False, seed=0),
    "squeezenet11": _made("squeezenet11"),
    "efficientnet_lite0": _made("efficientnet_lite0"),
}
