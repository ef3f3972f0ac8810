"""What a raw transcript says, read again for `fidelity`: nothing of llasa is used.

Every producer's segments are read for their text and speakers alone.
"""

from __future__ import annotations

import bisect
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.acceptance.raw_shapes import as_segments

UNKNOWN = "UNKNOWN"
_CONTROLS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF, 0xFFFD)))
_WATERMARK = re.compile("[\u200b-\u200d\u2060]{3,}")  # thousands of them hide a message
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


class Word(NamedTuple):
    """A normalised word and who may have said it; None: anybody."""

    text: str
    speakers: frozenset[str] | None = None


def normalised(piece: str) -> list[str]:
    """Return the words of a piece without white space: none, one, or one a character."""
    piece = _WATERMARK.sub("", piece)
    piece = unicodedata.normalize("NFC", unicodedata.normalize("NFC", piece).casefold())
    spaceless = _SPACELESS.search(piece) is not None
    piece = "".join(c for c in piece if not (_is_mark(c) and spaceless) and not _is_control(c))
    while piece and _is_mark(piece[0]):
        piece = piece[1:]
    while piece and _is_mark(piece[-1]):
        piece = piece[:-1]
    if spaceless:
        return re.findall(rf"{_SPACELESS.pattern}|[^\s{_SPACELESS.pattern[1:-1]}]+", piece)
    return [piece] if piece else []


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "P"


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs") or char in _CONTROLS


def words_of(text: str) -> list[str]:
    """Return the normalised words of a text."""
    return [word for piece in _WATERMARK.sub("", text).split() for word in normalised(piece)]


def read_source(document: Any) -> list[Word]:
    """Return the words of a raw transcript; raises ValueError for what is none."""
    document = as_segments(document)
    segments = [s for s in _segments(document) if s[0].strip()]
    if not segments and isinstance(document, dict):
        segments = [(str(document.get("text") or ""), None, [])]
    if not any(speaker or any(w[1] for w in words) for _, speaker, words in segments):
        nobody: frozenset[str] | None = frozenset()
    else:
        nobody = frozenset([UNKNOWN])
    later = [text for text, *_ in segments[1:]]
    singles = sum(len(text.split()) == 1 for text in later) > len(later) / 2
    own_spaces = sum(text[:1].isspace() for text in later) >= len(later) / 10
    is_cpp = isinstance(document, dict) and "transcription" in document
    glue = "" if later and own_spaces and (singles or is_cpp) else " "
    starts, at = [], 0
    for text, *_ in segments:
        starts.append(at)
        at += len(text) + len(glue)
    found: list[Word] = []
    told = 0  # tokens of this segment so far
    before = -1
    for match in re.finditer(r"\S+", glue.join(text for text, *_ in segments)):
        place = bisect.bisect_right(starts, match.start()) - 1
        told = told + 1 if place == before else 0
        before = place
        said_by = _speakers(segments[place], told) or nobody
        found += [Word(word, said_by) for word in normalised(match.group())]
    return found


def few_with_others(words: list[Word]) -> list[Word]:
    """Let up to three words beside a change of speaker have the label of the other side."""
    told = [word.speakers for word in words]
    allowed = list(told)
    for n in range(1, len(words)):
        if told[n - 1] != told[n]:
            for m in range(max(0, n - 3), min(len(words), n + 3)):
                beside = told[n] if m < n else told[n - 1]
                allowed[m] = None if beside is None else (allowed[m] or frozenset()) | beside
    return [Word(word.text, speakers) for word, speakers in zip(words, allowed, strict=True)]


_Segment = tuple[str, str | None, list[tuple[str, str | None]]]


def _segments(document: Any) -> list[_Segment]:
    """Return (text, speaker, [(word, speaker)]) of each segment, whoever wrote them."""
    items: Any = document
    if isinstance(document, dict):
        chunks, speakers = document.get("chunks"), document.get("speakers")
        if isinstance(chunks, list) and speakers and _joined(chunks) != _joined(speakers):
            labels = {_label(s) for s in speakers} | {None}  # by time, which is not our subject
            return [(_text(c), None, [("", label) for label in labels]) for c in chunks]
        if isinstance(document.get("results"), dict):
            return list(_service(document["results"]))
        keys = ("transcription", "segments", "speakers", "chunks", "utterances")
        items = next((document[k] for k in keys if document.get(k)), [])
        if not items and not {"transcription", "segments", "chunks", "text"} & document.keys():
            raise ValueError("not a Whisper transcript")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ValueError("not a Whisper transcript")
    result: list[_Segment] = []
    for item in items:
        raw = [w for w in item.get("words") or [] if isinstance(w, dict)]
        words = [(str(w.get("word", w.get("text", ""))).strip(), _label(w)) for w in raw]
        result.append((_text(item) or " ".join(w for w, _ in words), _label(item), words))
    return result


def _service(results: dict[str, Any]) -> Iterator[_Segment]:
    """Yield the whole texts of Deepgram (its channels) and Amazon Transcribe."""
    for channel in results.get("channels") or []:
        best = channel["alternatives"][0]
        words = [(str(w.get("punctuated_word")), _label(w)) for w in best.get("words") or []]
        yield str(best["transcript"]), None, words
    labels = results.get("speaker_labels") or {}
    speakers = {str(s["speaker_label"]) for s in labels.get("segments") or []}
    for whole in results.get("transcripts") or []:
        yield str(whole["transcript"]), None, [("", speaker) for speaker in speakers]


def _text(item: dict[str, Any]) -> str:
    value = item.get("text", item.get("word"))
    return "" if value is None else str(value)


def _joined(items: list[dict[str, Any]]) -> list[str]:
    return words_of(" ".join(map(_text, items)))


def _label(item: dict[str, Any]) -> str | None:
    label = item.get("speaker")
    return " ".join(str(label).split())[:80] or None if label is not None else None


def _speakers(segment: _Segment, place: int) -> frozenset[str] | None:
    """Return the labels that a word may have: its own, or where it has none those around it."""
    text, own, words = segment
    pieces = text.split()
    if len(words) == len(pieces) and words[place][0] == pieces[place]:
        said_by = words[place][1]
        if said_by is not None:
            return frozenset([said_by])
    around = {own, *(speaker for _, speaker in words)} - {None}
    return frozenset(label for label in around if label) or None
