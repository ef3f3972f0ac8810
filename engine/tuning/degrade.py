"""Make words look as Whisper writes them: what the model is shown, beside what it should say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.tagger.path import DASH
from engine.tuning.words import (
    ALL,
    ALWAYS_RAISED,
    COMMA,
    LABEL,
    LOWER,
    MASKED,
    NO_BREAK,
    NONE,
    QUESTION,
    TURN,
    Word,
    case_of,
    first_raised,
    lowered,
)

BARE, CASED, WHISPER, RIGHT, LOWER_MARKED = "bare", "cased", "whisper", "right", "lower-marked"
#: Shares of the ways in which a window is shown.
MIXTURE = ((BARE, 0.52), (CASED, 0.10), (WHISPER, 0.22), (RIGHT, 0.10), (LOWER_MARKED, 0.06))
#: Share of windows with known speakers whose changes are shown.
TURNS_SHOWN = 0.6
#: Share of windows with fillers and stutters.
FILLED = 0.12
FILLERS = {
    "en": ("um", "uh", "er", "you know", "I mean", "like"),
    "de": ("äh", "ähm", "also", "ja", "halt"),
    "fr": ("euh", "ben", "bon", "enfin", "voilà"),
    "es": ("eh", "este", "pues", "bueno", "o sea"),
    "it": ("eh", "ehm", "cioè", "allora", "insomma"),
    "pt": ("é", "ah", "né", "então", "assim"),
    "nl": ("uh", "eh", "nou", "ja", "zeg maar"),
    "ca": ("eh", "doncs", "bé", "vull dir"),
    "pl": ("yyy", "no", "znaczy", "właśnie"),
    "sv": ("eh", "alltså", "liksom"),
    "ru": ("э", "ну", "вот", "значит"),
    "uk": ("е", "ну", "от", "значить"),
    "tr": ("şey", "yani", "işte"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One word as the model is shown it, and its labels."""

    text: str  # the word with the marks that the source would have
    turn: bool  # a known change of speaker precedes it
    mark: int  # label of the mark, or MASKED
    case: int  # label of the case, or MASKED
    paragraph: int  # 1 where a paragraph or turn ends with it, or MASKED


def choose(rng: random.Random, mixture: Sequence[tuple[str, float]] = MIXTURE) -> str:
    """Draw a way of showing by its share."""
    (kind,) = rng.choices([k for k, _ in mixture], [share for _, share in mixture])
    return kind


def degrade(
    words: Sequence[Word], kind: str, rng: random.Random, *, following: Word | None, turns: bool
) -> list[Shown]:
    """Show every word by `kind`; the words stay, their marks and case may not.

    `following` is the word after the last one, None where the text ends. `turns` says whether
    changes of speaker are shown.
    """
    source = _Source(kind, rng)
    out = []
    after_semicolon = False
    for n, word in enumerate(words):
        text, own_mark = source.step(word)
        after = words[n + 1] if n + 1 < len(words) else following
        case = MASKED if after_semicolon else case_of(word.core)
        after_semicolon = word.mark == ";"
        mark = word.label
        if mark == MASKED and word.mark == "." and not own_mark and not word.core.endswith("."):
            mark = NONE  # nobody asks for the stop of an abbreviation where none is shown
        out.append(
            Shown(
                text=text,
                turn=turns and word.before == TURN,
                mark=mark,
                case=case,
                paragraph=_paragraph(word, after, turns=turns),
            )
        )
    return out


def as_heard(
    words: Sequence[Word], kind: str, rng: random.Random, *, following: Word | None, turns: bool
) -> list[Shown]:
    """Return words as a source of a kind has them, which does not know the style that they have."""
    heard = words if kind == RIGHT else unstyled(words, rng)
    return [
        one if one.case == MASKED else replace(one, case=case_of(word.core))
        for one, word in zip(
            degrade(heard, kind, rng, following=following, turns=turns), words, strict=True
        )
    ]


def _paragraph(word: Word, after: Word | None, *, turns: bool) -> int:
    """Return the label of the break after a word; what is shown, or lost, is not asked."""
    if not word.paragraph_known or after is None or (turns and after.before == TURN):
        return MASKED
    return int(after.before != NO_BREAK)


class _Source:
    """Decides case and marks of what is shown, word after word."""

    def __init__(self, kind: str, rng: random.Random) -> None:
        self.kind, self.rng = kind, rng
        self.titles = rng.random() < 0.5
        self.comma_kept = rng.uniform(0.5, 1.0)
        self.end_kept = rng.uniform(0.8, 1.0)
        self.false_end = rng.uniform(0.0, 0.35)
        self.to_cut = rng.randint(4, 16)
        self.lower_next = self.raise_next = False

    def step(self, word: Word) -> tuple[str, str]:
        """Return the word as it is shown and the mark that it shows."""
        core, mark = word.core, word.mark
        opening = word.opening
        if self.kind in (BARE, CASED):
            opening = ""
            mark = mark if word.label == MASKED and mark == "." and self.titles else ""
        elif self.kind == LOWER_MARKED:
            mark = mark if self.rng.random() < self.end_kept else ""
        elif self.kind == WHISPER:
            core, mark = self._whisper(word)
            opening = opening if self.rng.random() < self.end_kept else ""
        if self.kind in (BARE, LOWER_MARKED):
            core = core.lower()
        return opening + core + mark, mark

    def _whisper(self, word: Word) -> tuple[str, str]:
        rng, core, mark = self.rng, word.core, word.mark
        if self.lower_next and len(core) > 1:
            core = core.lower()
        elif self.raise_next:
            core = first_raised(core)
        self.lower_next = self.raise_next = False
        self.to_cut -= 1
        cut = self.to_cut <= 0
        if cut:
            self.to_cut = rng.randint(4, 16)
        if word.ends:
            if rng.random() >= self.end_kept or (cut and rng.random() < 0.15):
                mark = "" if rng.random() < 0.5 else ","
                self.lower_next = rng.random() < 0.8
            elif word.label == QUESTION and rng.random() < 0.15:
                mark = "."
        elif word.label == MASKED:
            mark = mark if self.titles else ""
        elif cut and rng.random() < self.false_end:
            mark, self.raise_next = ".", True
        elif mark and rng.random() >= self.comma_kept:
            mark = ""
        elif not mark and rng.random() < 0.012:
            mark = ","
        return core, mark


def unstyled(words: Sequence[Word], rng: random.Random, *, share: float = 0.5) -> list[Word]:
    """Return words whose capitals and dashes are a style, as a recogniser may have written them.

    It writes "Mr", not "MR", and a comma or nothing where a style has a dash. Which words are
    written so because of a style nobody knows, so a `share` of them is taken back. Labels stay.
    """
    out = []
    for n, word in enumerate(words):
        core, mark = word.core, word.mark
        if case_of(core) == ALL and rng.random() < share:
            following = words[n + 1].core if n + 1 < len(words) else ""
            core = core.lower()
            if n == 0 or words[n - 1].ends or following[:1].isupper() or rng.random() < 0.25:
                core = first_raised(core)
        if mark == "-" and word.label in (COMMA, DASH) and rng.random() < share:
            mark = rng.choice((",", ""))
        out.append(replace(word, core=core, mark=mark))
    return out


def with_disfluencies(words: list[Word], language: str, rng: random.Random) -> list[Word]:
    """Insert fillers and stutters, which are words like any other."""
    fillers = FILLERS.get(language)
    if not fillers:
        return words
    out: list[Word] = []
    rate = rng.uniform(0.01, 0.05)
    for word in words:
        first = not out or out[-1].ends
        if rng.random() < rate:
            if rng.random() < 0.6:
                begun = lowered(word.core) if first and language == "en" else word.core
                if first and begun == word.core and begun not in ALWAYS_RAISED:
                    out.append(word)  # nobody knows whether it is raised after a filler, too
                    continue
                out.extend(_filler(word, fillers, rng, first=first))
                word = replace(word, core=begun, before=NO_BREAK)
            elif not first and case_of(word.core) == LOWER and len(word.core) < 6:
                mark, label = rng.choice((("", NONE), ("", NONE), (",", COMMA)))
                out.append(replace(word, mark=mark, label=label))
                word = replace(word, before=NO_BREAK)
        out.append(word)
    return out


def _filler(word: Word, fillers: Sequence[str], rng: random.Random, *, first: bool) -> list[Word]:
    parts = rng.choice(fillers).split()
    plain = replace(word, mark="", label=NONE, before=NO_BREAK, opening="")
    out = [replace(plain, core=part) for part in parts]
    if first:
        out[0] = replace(out[0], core=first_raised(parts[0]))
    out[0] = replace(out[0], before=word.before)
    if rng.random() < 0.8:
        out[-1] = replace(out[-1], mark=",", label=LABEL[","])
    return out
