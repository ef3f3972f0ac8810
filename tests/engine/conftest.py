"""Small random models, made once per run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.guided import model
from engine.models import catalog
from tests import small_models

SHAPES: dict[str, Callable[[Path], Path]] = {
    "llama3": small_models.llama3_like,
    "qwen3": small_models.qwen3_like,
    "sentencepiece": small_models.sentencepiece_like,
    "rotating": small_models.rotating_like,
    "convolution": small_models.convolution_like,
    "recurrent": small_models.recurrent_like,
}


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return a folder per shape."""
    base = tmp_path_factory.mktemp("models")
    return {name: make(base / name) for name, make in SHAPES.items()}


@pytest.fixture(scope="session")
def loaded_models(model_folders: dict[str, Path]) -> dict[str, model.Model]:
    """Return each shape loaded, with small parts so that tails and lookahead matter."""
    out = {}
    for name, folder in model_folders.items():
        info = dataclasses.replace(
            catalog.describe(str(folder)), part_words=9, tail_words=4, lookahead_words=5
        )
        out[name] = model.load(info)
    return out


@pytest.fixture(params=sorted(SHAPES))
def random_model(
    request: pytest.FixtureRequest, loaded_models: dict[str, model.Model]
) -> model.Model:
    """Return one loaded random model after another."""
    return loaded_models[request.param]
