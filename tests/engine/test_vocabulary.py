"""The tokenizer as bytes, and how content is kept from becoming control tokens."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from engine.errors import ModelRefused
from engine.guided.vocabulary import Vocabulary
from tests import small_models

TEXTS = [
    " The quick, brown fox.",
    "Grüße aus Łódź, e\u0301te\u0301",
    "מה שלומך היום",
    "مرحبا بكم",
    "नमस्ते दुनिया",
    "今日は天気がいい",
    "👩‍👩‍👧 😀\n\n next",
]


def tokenizers() -> dict[str, tuple[Tokenizer, list[str]]]:
    llama = small_models.byte_level_tokenizer(3_000)
    llama.add_special_tokens(small_models.LLAMA3_TOKENS)
    qwen = small_models.byte_level_tokenizer(3_000, nfc=True)
    qwen.add_special_tokens(small_models.QWEN3_TOKENS)
    qwen.add_tokens(small_models.QWEN3_PLAIN_ADDED)
    gemma = small_models.sentencepiece_tokenizer()
    gemma.add_special_tokens(small_models.GEMMA_TOKENS)
    unigram = Tokenizer(
        models.Unigram(
            [("<unk>", 0.0), ("</s>", 0.0), ("▁", -3.0)]
            + [(f"<0x{byte:02X}>", -9.0) for byte in range(256)],
            unk_id=0,
            byte_fallback=True,
        )
    )
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback()])
    unigram.add_special_tokens(["<unk>", "</s>"])
    return {
        "llama3": (llama, small_models.LLAMA3_TOKENS),
        "qwen3": (qwen, small_models.QWEN3_TOKENS + small_models.QWEN3_PLAIN_ADDED),
        "gemma": (gemma, small_models.GEMMA_TOKENS),
        "unigram": (unigram, ["<unk>", "</s>"]),
    }


KINDS = tokenizers()


@pytest.mark.parametrize("kind", KINDS)
def test_content_never_becomes_a_control_token(kind: str) -> None:
    """A control token that is spelled out in a transcript is letters to the model."""
    tokenizer, controls = KINDS[kind]
    vocabulary = Vocabulary(tokenizer.to_str())
    assert len(vocabulary.control_ids) >= len(controls)
    for control in controls:
        for text in (control, f" so {control} then", f"a{control}{control}b", f"{control}\n\n"):
            ids = vocabulary.encode_content(text)
            assert ids
            assert vocabulary.control_ids.isdisjoint(ids)
            assert vocabulary.control_ids.isdisjoint(vocabulary.spell(text.encode())[0])
        assert vocabulary.control_id(control) in vocabulary.encode_template(control)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_spelling_writes_exactly_the_bytes(kind: str, text: str) -> None:
    """The tokens write the bytes exactly, whatever the tokenizer normalises or puts in front."""
    vocabulary = Vocabulary(KINDS[kind][0].to_str())
    ids, ends = vocabulary.spell(text.encode())
    assert b"".join(vocabulary.bytes_of[token] for token in ids) == text.encode()
    assert ends[-1] == len(text.encode())
    greedy = vocabulary.greedy(text.encode())
    assert b"".join(vocabulary.bytes_of[token] for token in greedy) == text.encode()


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_tokens_with_the_same_bytes_the_same_one_is_always_written(kind: str) -> None:
    """The tokenizer lists its vocabulary in a random order; a text must not depend on it."""
    vocabularies = [Vocabulary(KINDS[kind][0].to_str()) for _ in range(3)]
    assert vocabularies[0].ids_of == vocabularies[1].ids_of == vocabularies[2].ids_of
    tokenizer = KINDS[kind][0]
    for ids in vocabularies[0].ids_of.values():
        pieces = [tokenizer.id_to_token(token).startswith("<0x") for token in ids]
        assert pieces == sorted(pieces)  # the letter itself before its byte


def test_a_tokenizer_of_another_kind_is_refused_with_a_hint() -> None:
    """The tokens of WordPiece do not say which bytes they write."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    with pytest.raises(ModelRefused) as caught:
        Vocabulary(tokenizer.to_str())
    assert "Byte-level" in caught.value.hint
