"""A folder of clean text -> recordings: each file is one, and a blank line ends a paragraph."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from engine import sidecars
from engine.records import Segment, Transcript
from engine.records import Word as SourceWord
from engine.text.languages import settle_language
from engine.tuning.align import parsed
from engine.tuning.records import Recording, Said, Taken

SUFFIXES: Final = (".txt", ".md", ".text")
MOST_BYTES: Final = 8 * 1024 * 1024
FEWEST_WORDS: Final = 30
_ENDS: Final = re.compile(r"[.?!…。？！।]['\"’”»)\]]*\s*$|[-—–:;,]['\"’”»)\]]*\s*$")
_LABEL: Final = re.compile(r"^([^\s:][^:\n]{0,39}): +(?=\S)")
_HEADING: Final = re.compile(r"^#{1,6} ")


def taken(
    folder: Path,
    *,
    language: str | None = None,
    files: Callable[[Path], Iterator[Path]] | None = None,
) -> Iterator[Taken]:
    """Yield what each file of a folder gives, in the order of their paths; links are not followed.

    `language` is that of all files; None: it is found from the text.
    """
    for path in (files or _files)(folder):
        yield read(path, name=os.path.relpath(path, folder), language=language)


def read(path: Path, *, name: str, language: str | None = None) -> Taken:
    """Return what one file of clean text gives."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Taken(name, "text", None, f"it is larger than {MOST_BYTES >> 20} MiB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return Taken(name, "text", None, "it cannot be read as UTF-8")
    return of_text(text, name=name, language=language)


def of_text(text: str, *, name: str, language: str | None = None) -> Taken:
    """Return what a clean text gives: its paragraphs with sentences; headings are left out."""
    chunks = [" ".join(chunk.split()) for chunk in re.split(r"\n\s*\n", text)]
    chunks, turns = spoken([chunk for chunk in chunks if chunk and not _HEADING.match(chunk)])
    kept = [n for n, chunk in enumerate(chunks) if _ENDS.search(chunk)]
    words = parsed([chunks[n] for n in kept], turns=[turns[n] for n in kept])
    if len(words) < FEWEST_WORDS:
        return Taken(name, "text", None, f"it has fewer than {FEWEST_WORDS} words in sentences")
    if not any(word.mark for word in words):
        return Taken(name, "text", None, "it has no marks")
    found = language or _language(" ".join(chunks))
    if found is None:
        return Taken(name, "text", None, "its language cannot be told; --language names it")
    said = tuple(Said(word, None) for word in words)
    left_out = sum(len(chunk.split()) for n, chunk in enumerate(chunks) if n not in set(kept))
    return Taken(name, "text", Recording(name, "text", found, said), left_out=left_out)


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            plain = not name.startswith(".") and not sidecars.is_ours(name)
            if plain and path.suffix.lower() in SUFFIXES and not path.is_symlink():
                yield path


def spoken(chunks: Sequence[str], *, known: Collection[str] = ()) -> tuple[list[str], list[bool]]:
    """Take labels of speakers off paragraphs: those that are known, and those that come again.

    The second list says which paragraphs another speaker begins.
    """
    labels = [found[1] if (found := _LABEL.match(chunk)) else None for chunk in chunks]
    counts = Counter(label for label in labels if label)
    names = {*known, *(label for label, count in counts.items() if count > 1)}
    out, turns = [], []
    speaker: str | None = None
    for chunk, label in zip(chunks, labels, strict=True):
        name = label if label in names else None
        out.append(_LABEL.sub("", chunk, count=1) if name else chunk)
        turns.append(name is not None and name != speaker)
        speaker = name or speaker
    return out, turns


def _language(text: str) -> str | None:
    words = tuple(SourceWord(word) for word in text.split()[:600])
    return settle_language(Transcript("text", (Segment(words),)), None)
