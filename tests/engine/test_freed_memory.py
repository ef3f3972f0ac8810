"""Freed arrays are used for the next ones, and not handed back to the system each time."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNTED = """
import ctypes, resource, sys
from engine.models.device import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    arrays = [library.malloc(size << 20) for size in [16] * 8]
    for array, size in zip(arrays, [16] * 8):
        ctypes.memset(array, 1, size << 20)
    for array in arrays:
        library.free(array)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_pages_of_freed_arrays_are_not_cleared_again() -> None:
    """Twenty rounds of the same arrays touch new pages in the first alone."""
    command = [sys.executable, "-c", COUNTED]
    faults = {
        way: int(subprocess.run([*command, way], check=True, capture_output=True, text=True).stdout)
        for way in ("plain", "kept")
    }
    assert faults["kept"] * 5 < faults["plain"]
