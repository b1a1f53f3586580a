"""Networks with named layers: a small catalogue, pretrained weights, and an adapter for any other torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tertium._lazy import attach

if TYPE_CHECKING:
    from tertium.models.catalogue import MODELS, ModelCard, card, list_models, make
    from tertium.models.preprocess import Preprocess
    from tertium.models.spec import load_model
    from tertium.models.wrapping import Wrapped, wrap

__all__ = ["MODELS", "ModelCard", "Preprocess", "Wrapped", "card", "list_models", "load_model", "make", "wrap"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "MODELS": "catalogue",
        "ModelCard": "catalogue",
        "Preprocess": "preprocess",
        "Wrapped": "wrapping",
        "card": "catalogue",
        "catalogue": "catalogue",
        "list_models": "catalogue",
        "load_model": "spec",
        "make": "catalogue",
        "wrap": "wrapping",
    },
)
