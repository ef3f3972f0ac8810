"""Where a model computes, and in what form its weights are there.

On Linux the MLX wheel brings a slow reference BLAS. Where the system has OpenBLAS, its symbols are
put in front before MLX is imported.
"""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Any, Final, Literal

Device = Literal["auto", "quantized", "float32"]

# Weights that would fill more of the memory than this keep their form.
_FLOAT32_MEMORY_SHARE: Final = 0.5
# Freed buffers that a GPU keeps for later: no pass is as long as the one before, and without a
# limit they grow until the memory is full.
_CACHE_BYTES: Final = 256 * 1024 * 1024


def use_fast_blas() -> bool:
    """Load OpenBLAS with RTLD_GLOBAL, if this is Linux and has it; call it before importing MLX.

    Returns whether it is in use.
    """
    if sys.platform != "linux":
        return False
    for name in ("libopenblas.so.0", "libopenblas.so"):
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


def settle_device(network: Any, device: Device, *, fast_blas: bool) -> str:
    """Turn packed weights into float32 where their arithmetic is slow, which is on a CPU.

    Returns what computes, in words.
    """
    import mlx.core as mx
    from mlx.utils import tree_flatten
    from mlx_lm.utils import dequantize_model

    on_cpu = mx.default_device().type == mx.DeviceType.cpu
    quantized = any("scales" in name for name, _ in tree_flatten(network.parameters()))
    if not on_cpu:
        mx.set_cache_limit(_CACHE_BYTES)
        return f"GPU, {'quantized' if quantized else 'float'} weights"
    blas = "OpenBLAS" if fast_blas else "MLX's own BLAS"
    if device == "quantized" and quantized:
        return "CPU, quantized weights"
    packed = {
        f"{name}.weight": int(module.bits)
        for name, module in network.named_modules()
        if hasattr(module, "bits")
    }
    count = sum(
        int(values.size) * 32 // packed.get(name, 32)
        for name, values in tree_flatten(network.parameters())
    )
    if device == "auto" and count * 4 > _memory_bytes() * _FLOAT32_MEMORY_SHARE:
        return f"CPU, {'quantized' if quantized else 'stored'} weights (float32 would not fit)"
    if quantized:
        dequantize_model(network)
    network.set_dtype(mx.float32)
    return f"CPU, float32 weights, {blas}"


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
