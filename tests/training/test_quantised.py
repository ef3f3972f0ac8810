"""Training rounds weights as MLX does; each half runs where its library is installed."""

import math

import pytest

#: Two groups of 32 weights.
WEIGHTS = [round(math.sin(1.7 * k) * (1 + k % 5) / 4, 3) for k in range(64)]
#: What MLX reads back of them from four bits.
READ_BACK = [
    0.0, 0.455, -0.152, -0.911, 0.607, 0.152, -0.304, -0.456, 0.91, 0.455, -0.304, 0.0, 0.76,
    -0.152, -1.215, 0.152, 0.455, -0.456, -0.759, 0.91, 0.152, -0.456, -0.152, 0.91, 0.0, -0.304,
    0.152, 0.76, -0.456, -1.062, 0.152, 0.304, -0.694, -0.417, 1.249, 0.0, -0.556, 0.0, 0.972,
    -0.417, -0.277, 0.277, 0.555, -0.694, -0.694, 0.277, 0.139, -0.694, -0.139, 1.249, 0.0, -0.417,
    0.277, 0.833, -0.833, -0.139, 0.416, 0.416, -0.833, -0.277, 0.277, 0.0, -0.694, 0.277,
]  # fmt: skip
#: Steps of half precision at these sizes.
CLOSE = 2e-3


def test_mlx_reads_back_what_is_expected() -> None:
    """The engine's side: quantised in groups of 32 at four bits, as `export` does."""
    mx = pytest.importorskip("mlx.core")
    weights = mx.array(WEIGHTS, dtype=mx.float16).reshape(2, 32)
    back = mx.dequantize(*mx.quantize(weights, group_size=32, bits=4), group_size=32, bits=4)
    assert back.astype(mx.float32).flatten().tolist() == pytest.approx(READ_BACK, abs=CLOSE)


def test_training_rounds_to_the_same() -> None:
    """The training side, and its gradient passes."""
    torch = pytest.importorskip("torch")
    from training.quantised import rounded, through

    weights = torch.tensor(WEIGHTS).reshape(2, 32).requires_grad_()
    assert rounded(weights).flatten().tolist() == pytest.approx(READ_BACK, abs=CLOSE)
    through(weights).sum().backward()
    assert weights.grad.flatten().tolist() == [1.0] * 64
