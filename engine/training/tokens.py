"""The model's tokenizer: byte-level BPE in which separators and digits never merge."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
SPECIAL = (PAD, USER, ASSISTANT, END)
BREAK = "\n\n"
_PATTERN = (
    r"\n\n|[,.?!:;]| ?[\p{L}\p{M}]+(?:'[\p{L}\p{M}]+)*| ?\p{N}|"
    r" ?[^\s\p{L}\p{M}\p{N},.?!:;]+|\s"
)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Train the tokenizer on `texts`; specials take the first ids, then bytes, then merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and the config that transformers' AutoTokenizer reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "additional_special_tokens": [USER, ASSISTANT],
        "clean_up_tokenization_spaces": False,
        "model_max_length": 1024,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


class Codec:
    """Encode words one by one with a cache; words never merge across the space before them."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self._cache: dict[str, tuple[int, ...]] = {}
        self.pad, self.user, self.assistant, self.end = (
            tokenizer.token_to_id(token) for token in SPECIAL
        )
        (self.paragraph,) = tokenizer.encode(BREAK).ids
        self.marks = {mark: tokenizer.encode(mark).ids[0] for mark in ",.?!:;"}

    @classmethod
    def load(cls, folder: Path) -> Codec:
        """Read the tokenizer that `save_tokenizer` wrote."""
        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")))

    def word(self, word: str) -> tuple[int, ...]:
        """Token ids of the word with one space before it."""
        ids = self._cache.get(word)
        if ids is None:
            ids = tuple(self.tokenizer.encode(" " + word).ids)
            self._cache[word] = ids
        return ids
