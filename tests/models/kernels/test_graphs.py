"""Recorded runs; the agreement needs a CUDA device."""

from __future__ import annotations

import pytest
import torch

from tertium.errors import BadInput
from tertium.models.kernels import network_unroll, rate_unroll, record_run
from tertium.rng import Seeds

on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


def test_without_a_gpu_nothing_is_recorded():
    with pytest.raises(
        BadInput, match=r"record_run: got arguments on cpu, expected tensors on a CUDA device\. Call the"
    ):
        record_run(rate_unroll, torch.zeros(2, 3, 4))
    with pytest.raises(BadInput, match="record_run: got no arguments"):
        record_run(rate_unroll)


@on_gpu
@pytest.mark.parametrize("form", ["membrane", "rate"])
def test_a_recorded_run_equals_the_plain_one(form):
    random = Seeds(0).torch("graphs")
    shapes = [(30, 8, 4), (8, 16), (16, 4), (3, 16), (16, 16)]
    sample = [(0.3 * torch.randn(s, generator=random)).cuda().requires_grad_() for s in shapes]

    def run(x, initial, input_weight, output_weight, weight):
        return network_unroll(x, initial, input_weight, output_weight, 0.2, weight=weight, form=form)

    recorded = record_run(run, *sample)
    again = [tensor.detach().mul(1.1).requires_grad_() for tensor in sample]
    found, expected = recorded(*again), run(*again)
    gradients = [torch.autograd.grad(y[0].square().sum() + y[1].sum(), again) for y in (found, expected)]
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-4)
