"""Reader for whisper.cpp: `-oj`, `-ojf` (with tokens) and lists made from them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from engine.reading import roles
from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.fields import Object, is_objects, label, objects, share, text, wrong_type
from engine.reading.notes import NoteName
from engine.reading.times import Timed, moment
from engine.records import Transcript
from engine.text.languages import normalize
from engine.text.letters import is_letter
from engine.text.words import is_spaceless

_SPECIAL_TOKEN = re.compile(r"\[_[A-Z]+_?\d*_?\]|<\|.*\|>")


def producer_of(document: Any) -> str | None:
    """Return "whisper.cpp" where the document is its own, else None."""
    if isinstance(document, dict):
        items = document.get("transcription")
        own = {"systeminfo", "params", "result"} & document.keys()
        if isinstance(items, list) and (own or (items and _is_segments(items))):
            return "whisper.cpp"
    elif isinstance(document, list) and document and _is_segments(document):
        return "whisper.cpp"
    return None


def _is_segments(items: list[Any]) -> bool:
    return is_objects(items, "offsets", "timestamps")


def read(document: Any, producer: str) -> Transcript:
    """Read a document for which `producer_of` gave this name."""
    items = document if isinstance(document, list) else document["transcription"]
    items = objects(items, "transcription")
    found = roles.of(items)
    keys = _Keys(
        found.text or "text", roles.of(_tokens(items)).text or "text", found.speaker or "speaker"
    )
    notes = [note for note in found.notes() if note.name == NoteName.SPEAKERS_UNREAD]
    raws = [_segment(item, f"transcription[{i}]", keys) for i, item in enumerate(items)]
    result = document.get("result") if isinstance(document, dict) else None
    language = normalize(result.get("language")) if isinstance(result, dict) else None
    spaced = _brings_its_spaces(raws)
    if is_word_list(raws):  # -ml 1: a segment per token
        return build(producer, [merged(raws)], language=language, regroup=True, notes=notes)
    return build(producer, _rejoined(raws) if spaced else raws, language=language, notes=notes)


class _Keys(NamedTuple):
    """What the text of a segment and of a token is called, and the speaker of a segment."""

    segment: str
    token: str
    speaker: str


def _tokens(items: list[Object]) -> list[Object]:
    lists = [item["tokens"] for item in items if isinstance(item.get("tokens"), list)]
    return [token for tokens in lists for token in tokens if isinstance(token, dict)]


def _segment(item: Object, where: str, keys: _Keys) -> RawSegment:
    start, end = _span(item)
    words = _words(item.get("tokens"), f"{where}.tokens", keys.token)
    content = text(item.get(keys.segment), f"{where}.{keys.segment}")
    return RawSegment(
        content, start, end, label(roles.speaker_of(item.get(keys.speaker))), tuple(words)
    )


def _span(item: Object) -> tuple[float | None, float | None]:
    offsets, stamps = item.get("offsets"), item.get("timestamps")
    start = end = None
    if isinstance(offsets, dict):
        start = moment(offsets.get("from"), scale=0.001)
        end = moment(offsets.get("to"), scale=0.001)
    if isinstance(stamps, dict):
        start = moment(stamps.get("from")) if start is None else start
        end = moment(stamps.get("to")) if end is None else end
    return start, end


def _words(tokens: Any, where: str, key: str) -> list[Timed]:
    if tokens is None:
        return []
    if not isinstance(tokens, list):
        raise wrong_type(where, "a list", tokens)
    words: list[Timed] = []
    for index, token in enumerate(tokens):
        if not isinstance(token, dict):
            continue  # plain token ids, which have no times
        said = text(token.get(key), f"{where}[{index}]")
        if said and not _SPECIAL_TOKEN.fullmatch(said.strip()):
            start, end = _span(token)
            words.append(Timed(said, start, end, None, share(token.get("p"))))
    return words


def _brings_its_spaces(raws: list[RawSegment]) -> bool:
    later = [raw for raw in raws[1:] if raw.text.strip()]
    return bool(later) and 2 * sum(raw.text[0].isspace() for raw in later) > len(later)


def _rejoined(raws: list[RawSegment]) -> list[RawSegment]:
    """Rejoin words that `-ml N` cut in two: a text without its space continues a word."""
    result: list[RawSegment] = []
    for raw in raws:
        if result and _continues(result[-1].text, raw.text):
            fragment = raw.text.split(maxsplit=1)[0]
            taken, length = 0, 0
            while taken < len(raw.words) and length < len(fragment):
                length += len(raw.words[taken].text.strip())
                taken += 1
            last = result[-1]
            result[-1] = replace(
                last, text=last.text + fragment, words=last.words + raw.words[:taken]
            )
            raw = replace(raw, text=raw.text[len(fragment) :], words=raw.words[taken:])
        result.append(raw)
    return result


def _continues(before: str, here: str) -> bool:
    return is_letter(before[-1:]) and is_letter(here[:1]) and not is_spaceless(before[-1] + here[0])
