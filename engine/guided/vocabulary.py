"""The tokenizer as bytes: which bytes each token writes, and how content becomes tokens.

Content must never become a control token. Two things see to it: the tokenizer that reads content is
a copy without its added tokens, and special or added tokens do not exist for the guide.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from tokenizers import Tokenizer

from engine.errors import CannotSpell, ModelRefused

# Longer tokens exist (runs of spaces, of dashes), but no word needs one.
MAX_TOKEN_BYTES: Final = 48
_BYTE_TOKEN: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class Vocabulary:
    """The bytes of every ordinary token, and the tokens of bytes.

    `ids_of` maps bytes to the tokens that write exactly these bytes. `prefixes` holds every proper
    prefix of them, so that a walk over a grammar knows where to stop.
    """

    def __init__(self, tokenizer_json: str) -> None:
        spec = json.loads(tokenizer_json)
        full = Tokenizer.from_str(tokenizer_json)
        added = {int(token["id"]): str(token["content"]) for token in spec.get("added_tokens", [])}
        model = spec.get("model") or {}
        if isinstance(model.get("unk_id"), int):
            added.setdefault(model["unk_id"], "?")  # stands for what the vocabulary does not know
        to_bytes = _token_decoder(spec)
        self.control_ids: frozenset[int] = frozenset(added)
        self.size = max([*full.get_vocab(with_added_tokens=True).values(), 0]) + 1
        self.bytes_of: dict[int, bytes] = {}
        self.ids_of: dict[bytes, list[int]] = {}
        prefixes: set[bytes] = set()
        for text, token in _in_order(full):
            if token in self.control_ids:
                continue
            data = to_bytes(text)
            if not data or len(data) > MAX_TOKEN_BYTES:
                continue
            self.bytes_of[token] = data
            self.ids_of.setdefault(data, []).append(token)
            prefixes.update(data[:n] for n in range(1, len(data)))
        self.prefixes: frozenset[bytes] = frozenset(prefixes)
        self._control_tokens = added
        self._content = _without_added_tokens(spec)
        self._template = full
        self.spell = lru_cache(maxsize=65_536)(self._spell)
        self._check()

    @classmethod
    def load(cls, folder: Path) -> Vocabulary:
        """Read `tokenizer.json` of a model folder; raises `ModelRefused` if there is none."""
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ModelRefused(
                f"The model folder {folder} has no tokenizer.json.",
                hint="Use a model that was converted with its fast tokenizer.",
            )
        return cls(path.read_text(encoding="utf-8"))

    def control_id(self, content: str) -> int:
        """Return the id of a control token by its text; raises `ModelRefused` if unknown."""
        for token, text in self._control_tokens.items():
            if text == content:
                return token
        raise ModelRefused(f"The tokenizer has no token {content!r}.")

    def encode_template(self, text: str) -> list[int]:
        """Return the ids of a piece of a chat template; control tokens are read as such."""
        ids: list[int] = self._template.encode(text, add_special_tokens=False).ids
        return ids

    def encode_mark(self, text: str) -> list[int]:
        """Return the ids of a mark inside an answer: its control token, or exactly its bytes."""
        ids = self.encode_template(text)
        return list(self.spell(text.encode())[0]) if self.control_ids.isdisjoint(ids) else ids

    def encode_content(self, text: str) -> list[int]:
        """Return the ids of what was said: never a control token, whatever the text spells.

        The ids may write a normalised form of the text. What is decided goes through `spell`.
        """
        ids: list[int] = self._content.encode(text, add_special_tokens=False).ids
        if self.control_ids.isdisjoint(ids):
            return ids
        # A unigram model may hold its control tokens as ordinary pieces: spell these out.
        out: list[int] = []
        for token in ids:
            if token in self.control_ids:
                out.extend(self.greedy(self._control_tokens[token].encode()))
            else:
                out.append(token)
        return out

    def greedy(self, data: bytes) -> list[int]:
        """Return the ids of bytes, always the longest token next; raises `CannotSpell`."""
        out: list[int] = []
        at = 0
        while at < len(data):
            out.append(self.longest(data, at))
            at += len(self.bytes_of[out[-1]])
        return out

    def longest(self, data: bytes, start: int) -> int:
        """Return the longest token that writes `data` from `start` on; raises `CannotSpell`."""
        for end in range(min(len(data), start + MAX_TOKEN_BYTES), start, -1):
            ids = self.ids_of.get(data[start:end])
            if ids:
                return ids[0]
        raise CannotSpell(f"The model's vocabulary has no token for byte 0x{data[start]:02x}.")

    def spell_rest(self, data: bytes, written: int) -> tuple[int, ...]:
        """Return the tokens for `data` from byte `written` on: the model's own where they fit.

        Called again after any of these tokens, it returns the rest of the same answer.
        """
        ids, ends = self.spell(data)
        starts = (0, *ends)
        out: list[int] = []
        while written < len(data):
            if written in starts:
                return (*out, *ids[starts.index(written) :])
            token = self.longest(data, written)
            out.append(token)
            written += len(self.bytes_of[token])
        return tuple(out)

    def _spell(self, data: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the model's own tokens for bytes inside a text, and where each of them ends.

        Uses `greedy` where the tokenizer adds or normalises something.
        """
        ids: list[int] | None = None
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        for attempt in (text, text.removeprefix(" ")) if text else ():
            found = self._content.encode(attempt, add_special_tokens=False).ids
            if b"".join(self.bytes_of.get(token, b"") for token in found) == data:
                ids = found
                break
        if ids is None:
            ids = self.greedy(data)
        ends: list[int] = []
        at = 0
        for token in ids:
            at += len(self.bytes_of[token])
            ends.append(at)
        return tuple(ids), tuple(ends)

    def _check(self) -> None:
        for probe in (" The quick, brown fox.", "Grüße ", "שלום", "日本語", "\n\n"):
            ids, _ = self._spell(probe.encode())
            if b"".join(self.bytes_of[token] for token in ids) != probe.encode():
                raise ModelRefused("The tokenizer cannot write back what it reads.")


def _in_order(tokenizer: Tokenizer) -> list[tuple[str, int]]:
    """Return the vocabulary by id, with the tokens of single bytes last.

    The tokenizer returns it in another order in each process. Where two tokens write the same
    bytes ("a" and "<0x61>"), the first one is written, so the order decides the text.
    """
    entries = tokenizer.get_vocab(with_added_tokens=False).items()
    return sorted(
        entries, key=lambda entry: (_BYTE_TOKEN.fullmatch(entry[0]) is not None, entry[1])
    )


def _token_decoder(spec: dict[str, Any]) -> Callable[[str], bytes]:
    """Return the function from a token's text to the bytes that it writes."""
    kinds = set(_types(spec.get("decoder"))) | set(_types(spec.get("pre_tokenizer")))
    model = spec.get("model") or {}
    if "ByteLevel" in kinds:
        table = _byte_level_table()

        def byte_level(text: str) -> bytes:
            try:
                return bytes(table[char] for char in text)
            except KeyError:
                return b""

        return byte_level
    if model.get("byte_fallback") or "Metaspace" in kinds or "ByteFallback" in kinds:

        def sentencepiece(text: str) -> bytes:
            byte = _BYTE_TOKEN.fullmatch(text)
            if byte:
                return bytes([int(byte.group(1), 16)])
            return text.replace("\u2581", " ").encode("utf-8", "ignore")

        return sentencepiece
    raise ModelRefused(
        f"The tokenizer is of a kind that is not supported ({model.get('type')}).",
        hint="Byte-level BPE and SentencePiece tokenizers with byte fallback are supported.",
    )


def _types(node: object) -> Iterable[str]:
    """Yield every `type` in a part of the tokenizer's JSON, however deep."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str):
            yield node["type"]
        for value in node.values():
            yield from _types(value)
    elif isinstance(node, list):
        for value in node:
            yield from _types(value)


def _byte_level_table() -> dict[str, int]:
    """Return GPT-2's printable stand-in for each byte (Radford et al. 2019, `bytes_to_unicode`)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in plain}
    others = [byte for byte in range(256) if byte not in set(plain)]
    table.update({chr(256 + n): byte for n, byte in enumerate(others)})
    return table


def _without_added_tokens(spec: dict[str, Any]) -> Tokenizer:
    bare = dict(spec)
    bare["added_tokens"] = []
    bare["post_processor"] = None
    bare["truncation"] = None
    bare["padding"] = None
    return Tokenizer.from_str(json.dumps(bare))
