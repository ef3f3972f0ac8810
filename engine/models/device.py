"""Where a model computes, and in what form its weights are there; used in the child alone.

On Linux the MLX wheel brings a slow reference BLAS. Where the system has OpenBLAS, its symbols are
put in front before MLX is imported. MLX frees the arrays between two operations and asks for others
of the same size; the C library hands large ones back to the system each time, which then clears
them page by page. It is told to keep them: a tagger takes a sixth less of the processor's time.
"""

from __future__ import annotations

import ctypes
import os
import sys
from dataclasses import dataclass
from typing import Final, Literal

Device = Literal["auto", "quantized", "float32"]

# Weights that would fill more of the memory than this keep their form.
_FLOAT32_MEMORY_SHARE: Final = 0.5
# Freed buffers that a GPU keeps for later: no pass is as long as the one before, and without a
# limit they grow until the memory is full.
_CACHE_BYTES: Final = 256 * 1024 * 1024


#: glibc's options (mallopt(3)): M_MMAP_THRESHOLD, up to which arrays are its own, at most 32 MiB;
#: M_TRIM_THRESHOLD, up to which freed memory is kept.
_KEPT: Final = ((-3, 32 << 20), (-1, 256 << 20))


@dataclass(frozen=True, slots=True)
class Form:
    """The form that weights have while they are computed with."""

    on_cpu: bool  # False: a GPU, where weights keep their form
    floats: bool  # they are turned into float32, if they are packed
    device_path: str  # what computes, in words


def use_fast_blas() -> bool:
    """Load OpenBLAS with RTLD_GLOBAL, if this is Linux and has it; call it before importing MLX.

    The process keeps memory that it frees, too. Returns whether OpenBLAS is in use.
    """
    if sys.platform != "linux":
        return False
    keep_freed_memory()
    for name in ("libopenblas.so.0", "libopenblas.so"):
        try:
            ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return True
    return False


def keep_freed_memory() -> bool:
    """Let the C library keep arrays that were freed for the next ones; return whether it does."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(option, size) for option, size in _KEPT)


def choose_form(device: Device, *, numbers: int, packed: bool, fast_blas: bool) -> Form:
    """Choose the form of `numbers` weights, some of them `packed` or none.

    The arithmetic of packed weights is slow on a CPU: there they become float32 where that fits.
    """
    import mlx.core as mx

    if mx.default_device().type != mx.DeviceType.cpu:
        mx.set_cache_limit(_CACHE_BYTES)
        return Form(False, False, f"GPU, {'quantized' if packed else 'float'} weights")
    if device == "quantized" and packed:
        return Form(True, False, "CPU, quantized weights")
    if device == "auto" and numbers * 4 > _memory_bytes() * _FLOAT32_MEMORY_SHARE:
        kind = "quantized" if packed else "stored"
        return Form(True, False, f"CPU, {kind} weights (float32 would not fit)")
    blas = "OpenBLAS" if fast_blas else "MLX's own BLAS"
    return Form(True, True, f"CPU, float32 weights, {blas}")


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
