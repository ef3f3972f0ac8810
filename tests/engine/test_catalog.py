"""Which folders are models, and which are refused before anything of them runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.child import protocol
from engine.errors import ModelNotFound, ModelRefused
from engine.models.catalog import describe
from engine.models.suitability import oddities
from engine.records import Layout
from tests import small_taggers


@pytest.fixture
def folder(model_folders: dict[str, Path], tmp_path: Path) -> Path:
    """Return a copy of a good model folder, for a test to damage."""
    return Path(shutil.copytree(model_folders["qwen3"], tmp_path / "model"))


def edit(path: Path, **changes: object) -> None:
    data = json.loads(path.read_text())
    data.update(changes)
    path.write_text(json.dumps(data))


def test_a_folder_describes_itself(folder: Path) -> None:
    """A chat model without llasa.json gets the usual shape and a fingerprint of its weights."""
    info = describe(str(folder))
    assert (info.kind, info.template, info.layout) == ("causal", "chat", Layout())
    assert info.converses
    assert info.tasks == ("punctuate",)
    assert info.languages == ()
    assert info.revision is not None
    assert len(info.revision) == 12


def test_the_embedded_model_labels_words_and_does_not_converse() -> None:
    """It knows its languages and has biases for each of them."""
    info = describe("punct")
    assert (info.kind, info.template, info.layout) == ("tagger", "labels", Layout())
    assert {"en", "de", "fr", "es", "it", "pt", "nl", "ca", "pl"} <= set(info.languages)
    assert set(info.biases) == set(info.languages)
    assert not info.converses


def test_the_embedded_model_answers_to_the_name_that_it_had() -> None:
    """Settings of earlier versions name it so."""
    assert describe("punct-en") == describe("punct")


@pytest.mark.parametrize(
    "card",
    [{"kind": "oracle"}, {"template": "verse"}, {"kind": "tagger", "template": "chat"}],
)
def test_a_kind_or_template_that_is_not_known_is_refused(
    folder: Path, card: dict[str, str]
) -> None:
    """A model of a later version is named as such, and not run as something else."""
    (folder / "llasa.json").write_text(json.dumps(card))
    with pytest.raises(ModelRefused, match="not known here") as caught:
        describe(str(folder))
    assert "Update" in caught.value.hint


def test_a_tagger_says_so_in_its_card_and_has_parts_of_its_own_size(tmp_path: Path) -> None:
    """Its biases are those of a language; it does not converse, and nothing about it is odd."""
    folder = small_taggers.tagger_like(tmp_path / "m", languages=["de"])
    edit(folder / "llasa.json", biases={"de": {"comma": 0.5}}, bias_marked={"own": 2})
    info = describe(str(folder))
    assert (info.kind, info.template, info.layout) == ("tagger", "labels", Layout())
    assert (info.part_words, info.tail_words, info.lookahead_words) == (190, 30, 24)
    assert (info.biases, info.bias_marked) == ({"de": {"comma": 0.5}}, {"own": 2.0})
    assert info.quantization == "4-bit, group 64"
    assert not info.converses
    assert not oddities(info)
    assert protocol.info_from_wire(protocol.info_to_wire(info)) == info


def test_the_fingerprint_changes_with_the_weights(folder: Path) -> None:
    """Two models of one name can be distinguished."""
    before = describe(str(folder)).revision
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))
    assert describe(str(folder)).revision != before


def test_a_relative_folder_lies_under_the_base(folder: Path) -> None:
    """A home may have its models beside its settings."""
    assert describe("model", base=folder.parent).path == str(folder)


@pytest.mark.parametrize("key", ["model_file", "auto_map"])
def test_a_folder_that_wants_its_own_code_is_refused(folder: Path, key: str) -> None:
    """Python from a model folder never runs."""
    edit(folder / "config.json", **{key: "evil.py"})
    with pytest.raises(ModelRefused) as caught:
        describe(str(folder))
    assert key in str(caught.value)


def test_a_tokenizer_that_wants_its_own_code_is_refused(folder: Path) -> None:
    """Python from a tokenizer never runs either."""
    edit(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": "evil.Tokenizer"})
    with pytest.raises(ModelRefused):
        describe(str(folder))


def test_weights_that_are_no_safetensors_are_refused(folder: Path) -> None:
    """Pickled weights can run code."""
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelRefused) as caught:
        describe(str(folder))
    assert "safetensors" in str(caught.value)


def test_an_incomplete_download_is_reported_as_such(folder: Path) -> None:
    """A missing shard does not make a broken model."""
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelNotFound) as caught:
        describe(str(folder))
    assert "model-00002-of-00002.safetensors" in str(caught.value)
    assert caught.value.hint


@pytest.mark.parametrize("left", [0, 7, 100, -1])
def test_weights_that_are_cut_off_are_an_incomplete_download(folder: Path, left: int) -> None:
    """In the first bytes, the header or the last tensor: found without loading anything."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:left])
    with pytest.raises(ModelNotFound, match="cut off") as caught:
        describe(str(folder))
    assert "again" in caught.value.hint


@pytest.mark.parametrize("how", ["absent", "dangling"])
def test_a_snapshot_without_its_weights_is_an_incomplete_download(folder: Path, how: str) -> None:
    """Small files come first; the large ones are links to files that are not there yet."""
    weights = folder / "model.safetensors"
    weights.unlink()
    if how == "dangling":
        weights.symlink_to(folder / "blobs" / "0123.incomplete")
    with pytest.raises(ModelNotFound, match=r"model\.safetensors is missing"):
        describe(str(folder))


@pytest.mark.parametrize("header", [b"[]", b"{", b'{"a": 1}', b'{"a": {"data_offsets": []}}'])
def test_weights_in_another_format_are_refused(folder: Path, header: bytes) -> None:
    """A complete file that is not safetensors is not a download to repeat."""
    weights = folder / "model.safetensors"
    weights.write_bytes(len(header).to_bytes(8, "little") + header)
    with pytest.raises(ModelRefused, match="cannot be read"):
        describe(str(folder))


def test_a_model_without_a_chat_template_is_refused_with_a_hint(folder: Path) -> None:
    """A base model cannot follow the instructions of a prompt."""
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    del settings["chat_template"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelRefused) as caught:
        describe(str(folder))
    assert "Instruct" in caught.value.hint


def test_a_hub_name_is_looked_up_in_the_local_cache_only(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached snapshot is found by its name; for a missing one the error names the download."""
    cache = tmp_path / "hub"
    snapshot = cache / "models--someone--some-model" / "snapshots" / "abc123"
    shutil.copytree(folder, snapshot)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("abc123")
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    found = describe("someone/some-model")
    assert (found.path, found.revision) == (str(snapshot), "abc123")
    with pytest.raises(ModelNotFound) as caught:
        describe("someone/another")
    assert "model pull someone/another" in caught.value.hint


def test_describing_a_model_does_not_import_mlx(folder: Path) -> None:
    """The daemon does this, and it must stay small."""
    code = (
        "import sys; from engine.child import client; from engine.models import catalog; "
        f"catalog.describe({str(folder)!r}); "
        "print([m for m in ('mlx', 'numpy', 'transformers', 'tokenizers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["~nosuch/x", "~nosuch", "a\0b", "x" * 5000])
def test_a_name_that_no_folder_can_have_is_not_found(name: str, tmp_path: Path) -> None:
    """An unknown user's home, or a character that no file name may have."""
    with pytest.raises(ModelNotFound):
        describe(name, base=tmp_path)
