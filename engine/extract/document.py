"""Document -> extracts: the steps in order."""

from __future__ import annotations

from collections.abc import Sequence

from engine.extract.chapters import Stretch, start_s, stretches
from engine.extract.lexicon import Lexicon, is_unspaced, lexicon_for
from engine.extract.phrases import Phrase, Phrasebook, distinct
from engine.extract.sentences import Sentence, sentences
from engine.extract.summary import Ranking, describe
from engine.extract.titles import chapter_titles, said_title, title_of
from engine.extract.unspaced import unspaced_phrases
from engine.records import Chapter, Document, Extracts, Point

_TAGS = 10
_SUMMARY = 7  # sentences at most, 3 at least
_POINTS = 12
_FEWEST = 6  # sentences; a shorter text is its own summary
_WORDS_PER_SENTENCE = 60.0  # a larger average means that the text has no real sentences


def extract(document: Document) -> Extracts:
    """Return title, summary and the other extracts of a transcript.

    Everything is quoted from the document. Pure and deterministic. What a text does not have is
    None or empty: a text without sentence marks has no summary, a short one no chapters.
    """
    words = [word for paragraph in document.paragraphs for word in paragraph]
    if not words:
        return Extracts()
    lexicon = lexicon_for(document)
    unspaced = is_unspaced(words)
    found = sentences(document)
    book = None if unspaced else Phrasebook(found, lexicon)
    phrases = _phrases(document, book, lexicon, len(words))
    parts = stretches(document, lexicon, unspaced=unspaced)
    inside = [_sentences_in(found, part) for part in parts]
    ranking = Ranking(found, book, lexicon)
    summary: list[int] = []
    points: list[int] = []
    if _has_sentences(found, len(words), unspaced=unspaced):
        summary, points = _choose(ranking, inside, len(words))
    description = describe(ranking, summary)
    title = title_of(phrases, lexicon)
    if book is not None:
        title = said_title(title, phrases, found, book, lexicon)
    chapters: tuple[Chapter, ...] = ()
    if len(parts) > 1:
        titles = chapter_titles(document, parts, inside, found, book, lexicon, whole=title)
        chapters = tuple(
            Chapter(name, start_s(document, part.first), part.first)
            for name, part in zip(titles, parts, strict=True)
        )
    return Extracts(
        title=title,
        description=" ".join(found[i].text for i in description) or None,
        summary=tuple(_point(found[i]) for i in summary),
        key_points=tuple(_point(found[i]) for i in points),
        tags=tuple(p.text for p in distinct(phrases, most=_TAGS)),
        chapters=chapters,
    )


def _phrases(
    document: Document, book: Phrasebook | None, lexicon: Lexicon, words: int
) -> list[Phrase]:
    if book is None:
        flat = [word for paragraph in document.paragraphs for word in paragraph]
        return unspaced_phrases(flat, lexicon)
    for least in (3, 2) if words > 1500 else (2,):
        ranked = book.ranked(least=least)
        if len(ranked) >= _TAGS:
            return ranked
    return ranked


def _choose(ranking: Ranking, inside: Sequence[range], words: int) -> tuple[list[int], list[int]]:
    """Return the sentences of the summary and the key points, both in order.

    Every sentence of the summary is also a key point, so that each has its time.
    """
    most = min(_SUMMARY, 3 + words // 1200)
    pools: Sequence[Sequence[int]] = inside
    if len(inside) < most:
        pools = _even(len(ranking.sentences), most)
    best = [i for pool in pools for i in ranking.best(pool, most=1)]
    summary = ranking.best(best, most=most)
    if len(summary) < most:
        everything = range(len(ranking.sentences))
        summary += ranking.best(everything, most=most - len(summary), taken=summary)
    if len(summary) < 3:
        return [], []
    points = list(summary)
    for pool in (best, range(len(ranking.sentences))):
        more = min(_POINTS, most + 3) - len(points)
        points += ranking.best(pool, most=more, taken=points)
    return sorted(summary), sorted(points)


def _even(count: int, pieces: int) -> list[range]:
    return [range(i * count // pieces, (i + 1) * count // pieces) for i in range(pieces)]


def _has_sentences(found: Sequence[Sentence], words: int, *, unspaced: bool) -> bool:
    whole = sum(sentence.whole for sentence in found)
    per_sentence = _WORDS_PER_SENTENCE * (2 if unspaced else 1)
    return whole >= _FEWEST and words / whole <= per_sentence


def _sentences_in(found: Sequence[Sentence], part: Stretch) -> range:
    inside = [i for i, s in enumerate(found) if part.first <= s.paragraph <= part.last]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def _point(sentence: Sentence) -> Point:
    return Point(sentence.text, sentence.start_s, sentence.paragraph)
