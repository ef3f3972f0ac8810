"""Check by hand or in tests that enhanced texts keep every word: imports nothing of llasa.

`python -m tests.acceptance.fidelity FOLDER` reads every raw transcript that has sidecars beside it,
with a reading of its own of what the Whisper tools write, and compares words.

A word is a white-space-delimited piece of text; normalised it is NFC, casefolded, without the
punctuation at its edges (Unicode categories P*; symbols and emoji stay) and without invisible
control characters. Pieces that are punctuation alone say nothing and are left out. In scripts that
put no space between words (Han, kana, Thai, Lao, Khmer, Burmese, Tibetan) a word is one character,
marks left out. What must hold:

- the source's words are the text's words (labels taken off) and the removals' words, shuffled into
  each other with the order of each kept: nothing dropped, invented, moved, listed too often;
- of cues that show again what is on the screen, the beginning that they share with the end of the
  cue before may be left out; the metadata counts how many words were;
- the speaker in front of a paragraph is that of each of its words; only where the metadata tells of
  words given to another speaker, up to three beside a change may go with the other side;
- `words_in - words_out == sum(removed)`, and `removed` adds up the listed removals;
- the text ends in one newline, paragraphs are one line each, parted by one blank line;
- the metadata names this file and its hash, and validates against docs/metadata.schema.json.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.acceptance import raw_text
from tests.acceptance.raw_text import read_text
from tests.acceptance.raw_words import Word, few_with_others, read_source, words_of

TEXTS = (".srt", ".vtt", ".tsv", ".csv", ".txt")
SCHEMA = Path(__file__).parents[2] / "docs" / "metadata.schema.json"


# The comparison


def compare(
    document: Any, text: str, metadata: dict[str, Any], names: Mapping[str, str] | None = None
) -> list[str]:
    """Return what is wrong with the enhanced text of a raw transcript; empty if nothing is.

    `names` are what the user calls the speakers.
    """
    coverage = metadata["coverage"]
    source = read_source(document)
    if coverage.get("changes", {}).get("speakers"):
        source = few_with_others(source)
    if names:
        source = [
            Word(word.text, word.speakers and frozenset(names.get(k, k) for k in word.speakers))
            for word in source
        ]
    wrong = list(_counts(coverage))
    output: list[Word] = []
    for number, paragraph in enumerate(_paragraphs(text, wrong)):
        known = {label for word in source for label in word.speakers or ()}
        label = None
        if known:
            label = next(
                (k for k in sorted(known, key=len, reverse=True) if paragraph.startswith(f"{k}: ")),
                None,
            )
            if label is None:
                wrong.append(f"paragraph {number} opens with no speaker of the source")
            else:
                paragraph = paragraph[len(label) + 2 :]
        output += [Word(w, frozenset([label]) if label else None) for w in words_of(paragraph)]
    removed = words_of(
        " ".join(str(r["text"]) for r in coverage["removals"] if r["kind"] != "captions")
    )
    swaps = [(words_of(r["from"]), words_of(r["to"])) for r in coverage["replaced"]]
    shown: list[bool] = []
    if coverage["removed"].get("captions"):
        shown = raw_text.shown(document)
        if len(shown) != len(source):
            wrong.append("captions were removed from what has none")
            shown = []
        gone = len(source) - len(output) - len(removed)
        told = coverage["removed"]["captions"]
        if not swaps and not gone <= told <= gone + _marks_alone(document):
            wrong.append(f"{gone} words were shown again, {told} are told")
    return wrong + list(_shuffled(source, output, removed, swaps, shown))


def _marks_alone(document: Any) -> int:
    """Return how many pieces say nothing."""
    pieces = [piece for segment in document["segments"] for piece in segment["text"].split()]
    return sum(not words_of(piece) for piece in pieces)


def _counts(coverage: dict[str, Any]) -> Iterator[str]:
    lost = coverage["words_in"] - coverage["words_out"]
    if lost != sum(coverage["removed"].values()):
        yield f"words_in - words_out is {lost}, removed is {coverage['removed']}"
    listed: Counter[str] = Counter()
    for removal in coverage["removals"]:
        listed[removal["kind"]] += removal["count"]
    if listed != Counter(coverage["removed"]):
        yield f"removed is {coverage['removed']}, the removals add up to {dict(listed)}"


def _paragraphs(text: str, wrong: list[str]) -> list[str]:
    if not text:
        return []
    if not text.endswith("\n") or text.endswith("\n\n") or text.startswith("\n"):
        wrong.append("the text does not end in exactly one newline")
    if "\n\n\n" in text or "\r" in text:
        wrong.append("paragraphs are not parted by one blank line")
    paragraphs = text.strip("\n").split("\n\n")
    wrong += [f"a newline inside paragraph {n}" for n, p in enumerate(paragraphs) if "\n" in p]
    return paragraphs


def _shuffled(
    source: list[Word],
    output: list[Word],
    removed: list[str],
    swaps: list[tuple[list[str], list[str]]],
    shown: list[bool],
) -> Iterator[str]:
    """Walk the source with every way to tell kept from removed words at once; yield a failure.

    A state is (words of the output taken, removed words taken, replacements made).
    """
    states: dict[int, set[tuple[int, int, int]]] = {0: {(0, 0, 0)}}
    for place, word in enumerate(source):
        here = states.pop(place, set())
        after = states.setdefault(place + 1, set())
        for kept, gone, swapped in here:
            if kept < len(output) and _same(word, output[kept]):
                after.add((kept + 1, gone, swapped))
            if gone < len(removed) and word.text == removed[gone]:
                after.add((kept, gone + 1, swapped))
            if shown and shown[place]:
                after.add((kept, gone, swapped))
            if swapped < len(swaps):
                old, new = swaps[swapped]
                if [w.text for w in source[place : place + len(old)]] == old and (
                    [w.text for w in output[kept : kept + len(new)]] == new
                ):
                    further = states.setdefault(place + len(old), set())
                    further.add((kept + len(new), gone, swapped + 1))
        if not any(states.values()):
            kept = max(kept for kept, *_ in here)
            said = " ".join(w.text for w in source[max(0, place - 3) : place + 4])
            wrote = " ".join(w.text for w in output[max(0, kept - 3) : kept + 4])
            who = "" if word.speakers is None else f" ({', '.join(sorted(word.speakers))})"
            yield f"word {place}{who}: source ... {said} ... | text ... {wrote} ..."
            return
    if (len(output), len(removed), len(swaps)) not in states[len(source)]:
        kept, gone, swapped = max(states[len(source)])
        yield (
            f"over at the end: {len(output) - kept} words of the text, "
            f"{len(removed) - gone} removed, {len(swaps) - swapped} replaced"
        )


def _same(word: Word, written: Word) -> bool:
    if word.text != written.text:
        return False
    return written.speakers is None or word.speakers is None or written.speakers <= word.speakers


# Files


def check_file(source: Path, text: Path, metadata: Path) -> list[str]:
    """Return what is wrong with the sidecars of a source file; empty if nothing is."""
    raw = source.read_bytes()
    about = json.loads(metadata.read_bytes())
    wrong = []
    if about["source"]["sha256"] != hashlib.sha256(raw).hexdigest():
        wrong.append("the metadata is of another version of the file")
    if SCHEMA.exists() and importlib.util.find_spec("jsonschema"):
        import jsonschema  # type: ignore[import-untyped]

        errors = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).iter_errors(about)
        wrong += [f"schema: {error.json_path}: {error.message}" for error in errors]
    decoded = raw_text.decoded(raw, about)
    suffix = raw_text.ending(source, about)
    if suffix in TEXTS:
        document = read_text(decoded, suffix, _names_in_front(about))
    else:
        document = raw_text.parsed(decoded, about, parse_int=_whole)
    with open(text, encoding="utf-8", newline="") as stream:
        return wrong + compare(document, stream.read(), about, names_beside(text))


def _names_in_front(about: dict[str, Any]) -> list[str]:
    """Return the speakers whose names stood in front of what they said."""
    if not any(note["note"] == "names_in_front" for note in about.get("notes") or []):
        return []
    return [speaker["label"] for speaker in about["speakers"]]


def names_beside(text: Path) -> dict[str, str]:
    """Return the names for the speakers of one text, from its own file or its folder's."""
    names: dict[str, str] = {}
    base = re.sub(r"\.enhanced(\.\d+)?\.txt$", "", text.name)
    for name in ("speakers.toml", f"{base}.speakers.toml"):
        if text.with_name(name).is_file():
            names |= tomllib.loads(text.with_name(name).read_text(encoding="utf-8"))
    return names


def _whole(digits: str) -> float:
    return int(digits) if len(digits) < 20 else float(digits)  # Python refuses 4,300 digits


def pairs(folder: Path) -> Iterator[tuple[Path, Path, Path]]:
    """Yield every source below a folder that has sidecars, with its text and metadata."""
    for metadata in sorted(folder.rglob("*.metadata*.json")):
        match = re.fullmatch(r"(.+)\.metadata((?:\.\d+)?)\.json", metadata.name, re.DOTALL)
        if match is None:
            continue
        text = metadata.with_name(f"{match[1]}.enhanced{match[2]}.txt")
        if match[2] and not text.is_file():
            continue  # only one of the two stands beside an edited file
        for name in (_told(metadata), f"{match[1]}.json", match[1]):
            source = metadata.with_name(name or metadata.name)
            if name and source.is_file():
                yield source, text, metadata
                break


def _told(metadata: Path) -> str | None:
    """Return the source that the metadata names; broken metadata is for `check_file` to report."""
    try:
        name = json.loads(metadata.read_bytes())["source"]["name"]
    except (ValueError, KeyError, TypeError):
        return None
    return name if isinstance(name, str) and "/" not in name else None


def check_folder(folder: Path) -> dict[Path, list[str]]:
    """Return what is wrong with each source below a folder that has sidecars."""
    return {source: check_pair(source, text, about) for source, text, about in pairs(folder)}


def check_pair(source: Path, text: Path, metadata: Path) -> list[str]:
    """Return what is wrong, unreadable files among it."""
    try:
        return check_file(source, text, metadata)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"{type(error).__name__}: {error}"]


def main(arguments: Iterable[str] | None = None) -> int:
    """Print a line for every file and a summary; return 1 if anything is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.fidelity")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(None if arguments is None else list(arguments)).folder
    results = check_folder(folder)
    for source, wrong in results.items():
        print("FAIL" if wrong else "ok  ", ascii(str(source.relative_to(folder)))[1:-1])
        for line in wrong[:5]:
            print("     ", ascii(line)[1:-1])
    bad = sum(bool(wrong) for wrong in results.values())
    print(f"{len(results)} files with sidecars, {bad} wrong")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    raise SystemExit(main())
