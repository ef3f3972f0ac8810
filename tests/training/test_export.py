"""The exported folder holds what the engine needs, quantised as said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

mx = pytest.importorskip("mlx.core")

from engine.tagger import known  # noqa: E402
from engine.training.export import GROUP, bits_of, common_words, export, unpack  # noqa: E402


@pytest.fixture
def floats(tmp_path: Path) -> Path:
    """A folder of floats as training writes it."""
    folder = tmp_path / "floats"
    folder.mkdir()
    mx.random.seed(1)
    tensors = {
        "pieces.weight": mx.random.normal((30, GROUP)),
        "positions.weight": mx.random.normal((16, GROUP)),
        "norm.bias": mx.zeros((GROUP,)),
        "layers.0.up.weight": mx.random.normal((2 * GROUP, GROUP)),
        "mark.weight": mx.random.normal((4, GROUP)),
    }
    mx.save_safetensors(str(folder / "model.safetensors"), tensors)
    facts = {"shape": {"pieces": 30, "hidden": GROUP}}
    (folder / "training.json").write_text(json.dumps(facts))
    (folder / "tokenizer.json").write_text("{}")
    return folder


def test_matrices_are_quantised_and_the_rest_is_float16(floats: Path, tmp_path: Path) -> None:
    """What comes back is near what went in; sizes and languages stand beside it."""
    out = export(floats, tmp_path / "punct", languages=("de", "fr"))
    written = mx.load(str(out / "model.safetensors"))
    source = mx.load(str(floats / "model.safetensors"))
    for name, bits in (("pieces", 6), ("layers.0.up", 8)):
        packed = [written[f"{name}.{part}"] for part in ("weight", "scales", "biases")]
        back = mx.dequantize(*packed, group_size=GROUP, bits=bits)
        assert float(mx.abs(back - source[f"{name}.weight"]).max()) < 8 / 2**bits
    assert written["positions.weight"].dtype == mx.float16
    config = json.loads((out / "config.json").read_text())
    assert config["quantization"] == {"group_size": GROUP, "bits": 8, "embedding_bits": 6}
    assert config["pieces"] == 30
    manifest = json.loads((out / "llasa.json").read_text())
    assert manifest["languages"] == ["de", "fr"]
    assert manifest["kind"] == "tagger"
    assert (out / "tokenizer.json").exists()


def test_a_model_card_and_tuned_biases_survive_a_new_export(floats: Path, tmp_path: Path) -> None:
    """The rest of the old folder is gone."""
    out = export(floats, tmp_path / "punct")
    (out / "MODEL_CARD.md").write_text("card")
    (out / "stray").write_text("")
    manifest = json.loads((out / "llasa.json").read_text())
    (out / "llasa.json").write_text(json.dumps({**manifest, "biases": {"de": {"comma": 0.2}}}))
    export(floats, tmp_path / "punct")
    assert (out / "MODEL_CARD.md").read_text() == "card"
    assert not (out / "stray").exists()
    assert json.loads((out / "llasa.json").read_text())["biases"] == {"de": {"comma": 0.2}}


def test_what_was_exported_becomes_floats_again(floats: Path, tmp_path: Path) -> None:
    """As near as the bits allow, so that training can go on from what ships."""
    out = export(floats, tmp_path / "punct")
    unpack(out, tmp_path / "again")
    source = mx.load(str(floats / "model.safetensors"))
    again = mx.load(str(tmp_path / "again" / "model.safetensors"))
    assert set(again) == set(source)
    for name, tensor in again.items():
        assert tensor.dtype == mx.float32
        assert float(mx.abs(tensor - source[name]).max()) < 8 / 2**6, name
    facts = json.loads((tmp_path / "again" / "training.json").read_text())
    assert facts["shape"] == {"pieces": 30, "hidden": GROUP}


def test_common_words_are_those_that_the_corpora_do_not_raise(prepared: Path) -> None:
    """Names are none of them; in German nouns are raised, so all words count."""
    found = common_words(prepared, ("en", "de"))
    assert {"know", "said"} <= set(found["en"])
    assert not {"smith", "york"} & set(found["en"])
    assert found["de"]
    assert all(word == word.lower() for own in found.values() for word in own)


def test_the_lists_of_common_words_are_written_and_kept(
    floats: Path, prepared: Path, tmp_path: Path
) -> None:
    """An export without the prepared corpora keeps those of the one before."""
    out = export(floats, tmp_path / "punct", prepared=prepared, languages=("en",))
    written = (out / known.FILE).read_bytes()
    export(floats, tmp_path / "punct", languages=("en",))
    assert (out / known.FILE).read_bytes() == written


def test_heads_and_positions_stay_floats() -> None:
    """They are small, and vectors are never quantised."""
    names = ("mark.weight", "positions.weight", "layers.1.up.bias")
    assert [bits_of(n, 1 if "bias" in n else 2, bits=8, embedding_bits=6) for n in names] == [
        16
    ] * 3
