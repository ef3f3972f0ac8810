"""What all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

#: More workers than this bring little: the slowest files of tests/acceptance take minutes each.
MOST_WORKERS = 4

# A busy machine is no fault of the code: no test asserts a time.
settings.register_profile("llasa", deadline=None)
settings.load_profile("llasa")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes run the tests: some for all of them, none for a file or a room.

    Several leave each other the processor: matrices are multiplied by one thread in each, or the
    threads of all wait for each other, and what a model does takes twice as long.
    """
    if config.args == config.getini("testpaths"):
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        return min((os.cpu_count() or 1) + 1, MOST_WORKERS)  # many tests wait for a process
    config.option.dist = "no"
    return 0
