"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A busy machine is no fault of the code: no test asserts a time.
settings.register_profile("llasa", deadline=None)
settings.load_profile("llasa")
