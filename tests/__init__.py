"""Tests, by room; tests/acceptance drives the real processes."""
