"""Measure a model through the engine: a labelled word list, the corpus, real transcripts."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from engine.text.readings import take_apart
from engine.training.clean import documents
from engine.training.corpus import STYLE_SHARES, read_corpus
from engine.training.guided import Guided
from engine.training.scores import figures, label, marked, p_k, punctuation
from engine.training.words import ABBREVIATION, NO_BREAK, SENTENCE_ENDS, SEPARATORS, TURN, Word

#: Words of an excerpt of the corpus, and words that are shown after it and do not count.
EXCERPT_WORDS, SHOWN_WORDS = 200, 15


def read_tsv(path: Path, limit: int | None = None) -> tuple[list[str], list[str], int]:
    """Words and labels of a token-per-line file, and the number of tokens read.

    A token that begins with an apostrophe, or is "n't", is joined to the word before; a token
    without letters or digits is left out. The word carries the last label.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    words: list[str] = []
    labels: list[str] = []
    tokens = 0
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            token, _, name = line.rstrip("\n").partition("\t")
            if not token or (limit is not None and tokens >= limit):
                continue
            tokens += 1
            if not any(c.isalnum() for c in token):
                if labels and name != "O":
                    labels[-1] = name
            elif words and (token[0] in "'\u2019" or token == "n't"):  # noqa: S105 - a word
                words[-1] += token
                labels[-1] = name
            else:
                words.append(token)
                labels.append(name)
    return words, labels, tokens


def tsv(engine: Guided, path: Path, limit: int | None) -> dict[str, Any]:
    """F1 of the marks on a labelled word list."""
    words, labels, tokens = read_tsv(path, limit)
    written = engine.text(words)
    table: dict[str, Any] = punctuation(labels, [label(word.text) for word in written])
    return {
        **table,
        "tokens": tokens,
        "words": len(words),
        "words_per_second": engine.words_per_second,
    }


def corpus(
    engine: Guided,
    path: Path,
    *,
    words: int,
    styles: Iterable[str] = tuple(STYLE_SHARES),
    seed: int = 1,
) -> dict[str, Any]:
    """Per style: marks, capitals and breaks, from lower case without marks."""
    texts: dict[str, list[list[Word]]] = {style: [] for style in styles}
    for record in read_corpus(path):
        if record["style"] not in texts:
            continue
        texts[record["style"]].extend(documents(record, random.Random(f"{seed}:{record['id']}")))
    return {style: _style(engine, found, words) for style, found in texts.items() if found}


def excerpts(texts: Sequence[list[Word]], limit: int) -> list[tuple[list[Word], int]]:
    """Take about `limit` words from the middle of documents spread evenly over all.

    With each excerpt comes how many of its words count: a few more are shown, because the
    engine ends a sentence where its text ends and the excerpt ends anywhere.
    """
    wanted = min(len(texts), max(1, limit // EXCERPT_WORDS))
    count = max(EXCERPT_WORDS, limit // wanted)
    out = []
    for number in range(wanted):
        text = texts[number * len(texts) // wanted]
        start = max(0, (len(text) - count) // 2)
        while start and text[start - 1].separator not in SENTENCE_ENDS:
            start -= 1
        part = text[start : start + count + SHOWN_WORDS]
        out.append((part, len(part) if start + len(part) == len(text) else len(part) - SHOWN_WORDS))
    return out


def is_measured(word: Word) -> bool:
    """False where a stop belongs to the word (Mr., U.S.): none was decided there."""
    return word.separator != ABBREVIATION and not word.core.endswith(".")


def _style(engine: Guided, texts: Sequence[list[Word]], limit: int) -> dict[str, Any]:
    """Figures of one style over about `limit` words; stops of abbreviations are left out."""
    right: list[str] = []
    guess: list[str] = []
    capitals: tuple[list[bool], list[bool]] = ([], [])
    breaks: tuple[list[bool], list[bool]] = ([], [])
    words = 0
    for part, count in excerpts(texts, limit):
        written = engine.text([w.core.lower() for w in part], _turns(part))
        words += count
        before = [False, *(w.paragraph for w in written[:-1])]
        for word, guessed, paragraph in list(zip(part, written, before, strict=True))[:count]:
            if is_measured(word):
                right.append(label("x" + SEPARATORS[word.separator]))
                guess.append(label(guessed.text))
            capitals[0].append(word.core[:1].isupper())
            capitals[1].append(guessed.text[:1].isupper())
            if word.before != TURN:  # those are shown to the model, and certain
                breaks[0].append(word.before != NO_BREAK)
                breaks[1].append(paragraph)
    return {
        **punctuation(right, guess),
        "capitals": marked(*capitals),
        "paragraphs": marked(*breaks),
        "pk": p_k(*breaks) if any(breaks[0]) else None,
        "words": words,
    }


def _turns(words: Sequence[Word]) -> list[str | None] | None:
    """One of two labels per word where the text has turns."""
    if not any(word.before == TURN for word in words):
        return None
    out: list[str | None] = []
    turn = 0
    for word in words:
        turn ^= word.before == TURN
        out.append("AB"[turn])
    return out


def kept(engine: Guided, paths: Iterable[Path]) -> dict[str, Any]:
    """How much of real, punctuated transcripts comes back as it was.

    `sentence_ends` and `marks` are the shares of the source's that stayed, `case` that of words
    whose case stayed; `added` is the number of sentence ends added, in percent of the source's.
    """
    ends = [0, 0, 0]
    marks = [0, 0]
    case = [0, 0]
    for path in paths:
        for word in engine.transcript(path.read_bytes(), path.name):
            source, written = label(word.word.text), label(word.text)
            was, is_ = source in ("PERIOD", "QUESTION"), written in ("PERIOD", "QUESTION")
            ends = [ends[0] + (was and is_), ends[1] + was, ends[2] + (is_ and not was)]
            marks = [marks[0] + (source != "O" and source == written), marks[1] + (source != "O")]
            core = take_apart(word.word.text).core
            case = [case[0] + (core in word.text), case[1] + 1]
    return {
        "sentence_ends": figures(ends[0], ends[0] + ends[2], ends[1])["recall"],
        "added": round(100 * ends[2] / max(1, ends[1]), 2),
        "marks": figures(marks[0], marks[1], marks[1])["recall"],
        "case": figures(case[0], case[1], case[1])["recall"],
        "words": case[1],
        "words_per_second": engine.words_per_second,
    }
