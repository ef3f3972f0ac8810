"""Attention that is written out is attention; this test runs where PyTorch is installed."""

import pytest

pytest.importorskip("torch")

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name

from engine.training.model import attend


def test_attention_written_out_agrees_with_the_fused_operator() -> None:
    """Its result and its gradients, at a length that is no round number."""
    torch.manual_seed(1)
    given = [torch.randn(2, 3, 37, 16, requires_grad=True) for _ in range(3)]
    upward = torch.randn(2, 3, 37, 16)
    written = attend(*given)
    gradients = torch.autograd.grad(written, given, upward)
    fused = F.scaled_dot_product_attention(*given, is_causal=True)
    expected = torch.autograd.grad(fused, given, upward)
    torch.testing.assert_close(written, fused)
    for ours, theirs in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, theirs)
