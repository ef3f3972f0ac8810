"""Phrases -> titles: of the whole talk, and of each chapter."""

from __future__ import annotations

from collections.abc import Sequence

from engine.extract.chapters import Stretch
from engine.extract.common import AND
from engine.extract.headings import headings
from engine.extract.lexicon import Lexicon, is_unspaced
from engine.extract.openings import announced, opening_of
from engine.extract.phrases import Phrase, Phrasebook, distinct
from engine.extract.sentences import Sentence
from engine.extract.unspaced import unspaced_counts, unspaced_phrases
from engine.records import Document, EnhancedWord
from engine.text.letters import composed, without_marks
from engine.text.marks import CLAUSE_MARKS, SENTENCE_MARKS

_SUBJECTS = 4  # phrases of which a heading holds one
_SHORT_WORDS = 400  # a text with fewer is about what its beginning says
_FEW_WORDS = 160  # a text with fewer hardly repeats anything


def title_of(
    phrases: Sequence[Phrase], lexicon: Lexicon, *, unlike: Sequence[str] = ()
) -> str | None:
    """Return a title: the best phrase, with the next one where the first is short."""
    telling = sorted(phrases[:60], key=lambda p: -p.score * (1.5 if len(p.keys) > 1 else 1.0))
    best = distinct(telling, most=6)
    if not best:
        return None
    first = best[0]
    options = [_capital(first.text)]
    coordinator = AND.get(lexicon.language or "")  # a phrase with one already names two things
    if len(first.keys) < 3 and coordinator not in first.keys:
        seconds = [
            p for p in best[1:] if p.score > 0.25 * first.score and coordinator not in p.keys
        ]
        options = [_joined(first, second, lexicon.language or "") for second in seconds] or options
    options += [_capital(p.text) for p in best[1:]]
    return next((title for title in options if title not in unlike), options[0])


def said_title(
    plain: str | None,
    phrases: Sequence[Phrase],
    found: Sequence[Sentence],
    book: Phrasebook,
    lexicon: Lexicon,
    *,
    among: range | None = None,
    unlike: Sequence[str] = (),
) -> str | None:
    """Return a title that somebody said, in place of one of a single word or of two phrases.

    A phrase of several words that is said again and again stays: it is what the talk calls it.
    """
    telling = distinct(phrases[:60], most=_SUBJECTS)
    spoken = {phrase.text.casefold() for phrase in telling if len(phrase.keys) > 1}
    if plain is not None and plain.casefold() in spoken:
        return plain
    size = sum(len(sentence.words) for sentence in found)
    if among is None and size < _SHORT_WORDS:
        said = announced(found, lexicon, unlike=unlike)
        if said is not None:
            return _capital(said)
    for heading in headings(found, book, lexicon, telling, among=among):
        title = _capital(heading.text)
        if title not in unlike:
            return title
    if telling and len(telling[0].keys) > 1 and among is None and size < _SHORT_WORDS:
        return _capital(telling[0].text)
    if plain is not None and " " in plain:
        return plain
    few = among is None and size < _FEW_WORDS
    opened = opening_of(found, lexicon, instead=plain) if few else plain
    return _capital(opened) if opened else None


def _joined(first: Phrase, second: Phrase, language: str) -> str:
    if language in ("zh", "ja"):
        between = "、"
    else:
        between = f" {AND[language]} " if language in AND else ", "
    return _capital(first.text) + between + second.text


def chapter_titles(
    document: Document,
    parts: Sequence[Stretch],
    inside: Sequence[range],
    found: Sequence[Sentence],
    book: Phrasebook | None,
    lexicon: Lexicon,
    *,
    whole: str | None = None,
) -> list[str]:
    """Return a title for each chapter from its own words.

    It differs from the titles of the talk and of the other chapters, if the words give a choice.
    """
    titles: list[str] = []
    taken = [] if whole is None else [whole]
    everything = _words(document, range(len(document.paragraphs)))
    counts = None if book else unspaced_counts(everything, lexicon)
    for part, sentences in zip(parts, inside, strict=True):
        title = told = None
        if book:
            for least in (2, 1):
                phrases = book.ranked_in(sentences, least=least, stretches=len(parts))
                title = title or title_of(phrases, lexicon, unlike=[*taken, *titles])
                if title and not told:
                    told = said_title(
                        title,
                        phrases,
                        found,
                        book,
                        lexicon,
                        among=sentences,
                        unlike=[*taken, *titles],
                    )
            title = told or title
        else:
            words = _words(document, range(part.first, part.last + 1))
            phrases = unspaced_phrases(words, lexicon, whole=counts, stretches=len(parts))
            title = title_of(phrases, lexicon, unlike=[*taken, *titles])
        titles.append(title or opening(document, part))
    return titles


def _words(document: Document, paragraphs: range) -> list[EnhancedWord]:
    return [word for number in paragraphs for word in document.paragraphs[number]]


def opening(document: Document, part: Stretch) -> str:
    """Return the first words of a chapter, for one without a good phrase."""
    words = document.paragraphs[part.first]
    few = words[:12] if is_unspaced(words) else words[:5]
    text = "".join(("" if w.word.glued else " ") + w.text for w in few).strip()
    text = without_marks(composed(text), CLAUSE_MARKS + SENTENCE_MARKS)
    return text + ("…" if len(few) < len(words) else "")


def _capital(text: str) -> str:
    first = text.split(" ", 1)[0]
    inner = any(char.isupper() for char in first[1:])  # eBay
    return text if inner else text[:1].upper() + text[1:]
