"""Faults of captions, names in front and phantom lines: kinds E, G and J."""

from __future__ import annotations

from dataclasses import replace

from tests.engine.reading.fuzz import shapes
from tests.engine.reading.fuzz.case import CannotApply, Case, Fault
from tests.engine.reading.fuzz.talks import Line

_PHANTOMS = {
    "en": "Thanks for watching!",
    "de": "Untertitel der Amara.org-Community",
    "fr": "Sous-titres réalisés par la communauté d'Amara.org",
    "es": "¡Gracias por ver el vídeo!",
    "ar": "اشتركوا في القناة",
    "tr": "İzlediğiniz için teşekkür ederim.",
    "ko": "시청해주셔서 감사합니다.",
}
_KARAOKE = (("<u>", "</u>"), ('<font color="#00ff00">', "</font>"))


def _shows(case: Case, cues: list[Line]) -> None:
    case.cues = cues
    case.shown = [word for cue in cues for word in _unmarked(cue).words]


def _unmarked(cue: Line) -> Line:
    text = cue.text
    for mark in _KARAOKE:
        text = text.replace(mark[0], "").replace(mark[1], "")
    return replace(cue, text=text)


def _unvoiced(case: Case) -> list[Line]:
    if len(case.cues) < 4 or case.shown != case.said:
        raise CannotApply
    return [replace(cue, speaker=None) for cue in case.cues]


def _one_voice(case: Case) -> None:
    """Captions on a screen say no speakers."""
    lines = tuple(replace(line, speaker=None) for line in case.talk.lines)
    case.talk = replace(case.talk, lines=lines)


def _scrolling(case: Case) -> None:
    cues = _unvoiced(case)
    height = case.rng.choice((2, 2, 3))
    copies = case.rng.random() < 0.3
    case.slack_s += 1.5  # a line stays until the next one comes
    out: list[Line] = []
    for n, cue in enumerate(cues):
        rows = [c.text for c in cues[max(0, n - height + 1) : n + 1]]
        until = cues[n + 1].start_s if n + 1 < len(cues) else cue.end_s
        until = until if until - cue.end_s < 1.5 else cue.end_s
        end = until - 0.01 if copies else until
        out.append(replace(cue, text="\n".join(rows), end_s=round(end, 3)))
        if copies:
            out.append(replace(cue, start_s=round(end, 3), end_s=round(until, 3)))
    _one_voice(case)
    _shows(case, out)


def _growing(case: Case) -> None:
    out = []
    for cue in _unvoiced(case):
        words = cue.text.split()
        step = (cue.end_s - cue.start_s) / len(words)
        for n in range(1, len(words) + 1):
            start = cue.start_s + (n - 1) * step
            out.append(
                Line(" ".join(words[:n]), round(start, 3), round(start + step, 3), cue.speaker)
            )
    _one_voice(case)
    _shows(case, out)


def _karaoke(case: Case) -> None:
    opening, closing = case.rng.choice(_KARAOKE)
    out, shown = [], []
    for cue in _unvoiced(case):
        words = cue.text.split()
        step = (cue.end_s - cue.start_s) / len(words)
        for n in range(len(words)):
            start = cue.start_s + n * step
            marked = [f"{opening}{w}{closing}" if m == n else w for m, w in enumerate(words)]
            out.append(Line(" ".join(marked), round(start, 3), round(start + step, 3)))
            shown += cue.words
    _one_voice(case)
    case.cues, case.shown = out, shown


def _names_in_front(case: Case) -> None:
    if any(cue.speaker is None for cue in case.cues) or len(case.cues) < 3:
        raise CannotApply
    names = ("Ada", "Bertrand Roux", "Chiara", "Dr. Okafor", "MARIA")
    voices = sorted({str(cue.speaker) for cue in case.cues})
    if len(voices) > len(names):
        raise CannotApply
    case.labels = dict(zip(voices, case.rng.sample(names, len(voices)), strict=True))
    always = case.rng.random() < 0.6
    form = case.rng.choice(("{}: ", "{}: ", "[{}]: ", ">> {}: "))
    out: list[Line] = []
    for n, cue in enumerate(case.cues):
        told = always or n == 0 or case.cues[n - 1].speaker != cue.speaker
        front = form.format(case.labels[str(cue.speaker)]) if told else ""
        out.append(replace(cue, text=front + cue.text, speaker=None))
    _shows(case, out)


def _phantom(case: Case) -> None:
    text = _PHANTOMS.get(case.talk.language or "en")
    if text is None or {"phantom", "closing words"} <= set(case.faults):
        raise CannotApply
    end = case.cues[-1].end_s
    case.document["segments"].append(
        {
            **case.document["segments"][-1],
            "start": end + 3,
            "end": end + 8,
            "text": " " + text,
            "avg_logprob": -1.4,
            "no_speech_prob": 0.95,
        }
    )
    case.document["segments"][-1].pop("words", None)
    case.shown = [*case.shown, *Line(text, 0, 0).words]


def _closing_words(case: Case) -> None:
    """Say the same with figures that doubt nothing: it was said."""
    text = _PHANTOMS.get(case.talk.language or "en")
    if text is None or {"phantom", "closing words"} <= set(case.faults):
        raise CannotApply
    end = case.cues[-1].end_s
    last = Line(text, end + 0.2, end + 2.5)
    case.document["segments"].append(
        {**case.document["segments"][-1], "start": end + 0.2, "end": end + 2.5, "text": " " + text}
    )
    case.document["segments"][-1].pop("words", None)
    case.talk = replace(case.talk, lines=(*case.talk.lines, last))
    case.shown = [*case.shown, *last.words]
    case.said = [*case.said, *last.words]


_SCREENS = frozenset(("srt", "vtt", "txt", "tsv", "csv", "list"))
_LINES = frozenset(("srt", "txt", "tsv", "openai", "list", "csv", "vtt"))
FAULTS = (
    Fault("E", "scrolling", 0, _scrolling, _SCREENS - {"txt", "tsv"}),
    Fault("E", "growing", 0, _growing, _SCREENS),
    Fault("E", "karaoke", 0, _karaoke, frozenset(("srt", "vtt"))),
    Fault("G", "names in front", 0, _names_in_front, _LINES),
    Fault("J", "phantom", 1, _phantom, frozenset(("openai", "words"))),
    Fault("J", "closing words", 1, _closing_words, frozenset(("openai", "words"))),
)
ALL_SHAPES = (*shapes.JSON_SHAPES, *shapes.TEXT_SHAPES)
