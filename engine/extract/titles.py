"""Phrases -> titles: of the whole, and of each chapter."""

from __future__ import annotations

from collections.abc import Sequence

from engine.extract.chapters import Stretch
from engine.extract.phrases import Phrase, Phrasebook, distinct
from engine.extract.terms import Lexicon, is_unspaced
from engine.extract.unspaced import unspaced_phrases
from engine.records import Document

_AND = {
    "en": "and",
    "de": "und",
    "fr": "et",
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "ca": "i",
}


def title_of(
    phrases: Sequence[Phrase], lexicon: Lexicon, *, unlike: Sequence[str] = ()
) -> str | None:
    """Return a title: the best phrase, with the next one where the first is short."""
    telling = sorted(phrases[:60], key=lambda p: -p.score * (1.5 if len(p.keys) > 1 else 1.0))
    best = distinct(telling, most=6)
    if not best:
        return None
    first = best[0]
    title = _capital(first.text)
    if len(first.keys) < 3:
        second = next((p for p in best[1:] if p.score > 0.25 * first.score), None)
        if second:
            language = lexicon.language or ""
            if language in ("zh", "ja"):
                title += f"、{second.text}"
            else:
                title += f" {_AND[language]} " if language in _AND else ", "
                title += second.text
    if title in unlike:
        longer = next((p for p in best[1:] if _capital(p.text) not in unlike), None)
        title = _capital(longer.text) if longer else title
    return title


def chapter_titles(
    document: Document,
    parts: Sequence[Stretch],
    inside: Sequence[range],
    book: Phrasebook | None,
    lexicon: Lexicon,
) -> list[str]:
    """Return a title for each chapter from the words that are its own."""
    titles: list[str] = []
    for part, sentences in zip(parts, inside, strict=True):
        title = None
        if book:
            for least in (2, 1):
                phrases = book.ranked_in(sentences, least=least, stretches=len(parts))
                title = title or title_of(phrases, lexicon, unlike=titles)
        else:
            words = [w for p in document.paragraphs[part.first : part.last + 1] for w in p]
            title = title_of(unspaced_phrases(words, lexicon), lexicon, unlike=titles)
        titles.append(title or opening(document, part))
    return titles


def opening(document: Document, part: Stretch) -> str:
    """Return the first words of a chapter, for one that has no phrase to offer."""
    words = document.paragraphs[part.first]
    few = words[:12] if is_unspaced(words) else words[:5]
    text = "".join(("" if w.word.glued else " ") + w.text for w in few).strip()
    return text.rstrip(".,;:!?") + ("…" if len(few) < len(words) else "")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
