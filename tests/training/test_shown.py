"""What the model is shown at work is what it was shown in training."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tagger.pieces import shown, straight
from engine.tuning.words import parse, take_apart

CORPORA = Path(__file__).parents[3] / "shared/data/corpora"
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ca", "pl")
#: A token with a dash inside is two words to training, which is checked apart.
DASHES = "\u2012\u2014\u2015"


def learned(token: str) -> str | None:
    """Return a token as training shows it, None where it holds no word."""
    word = take_apart(straight(token))
    return word and word.opening + word.core + word.mark


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_dev_texts_are_shown_alike(language: str) -> None:
    """But one in ten thousand at the most."""
    path = CORPORA / language / "dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the corpora are not here")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        tokens = {token for line in lines for token in json.loads(line)["text"].split()}
    words = [t for t in tokens if not set(t) & set(DASHES) and "--" not in t and learned(t)]
    unlike = [(t, learned(t), shown(t)) for t in words if learned(t) != shown(t)]
    assert len(words) > 1_000
    assert len(unlike) <= len(words) / 10_000, unlike


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("\u201cHello,\u201d", "Hello,"),
        ("etc.,", "etc.,"),
        ("U.S.,", "U.S.,"),
        ("Mr.", "Mr."),
        ("'t", "'t"),
        ("\u2018tis", "'tis"),
        ("dogs\u2019", "dogs'"),
        ("man,\u2019", "man,"),
        ("Ein-", "Ein-"),
        ("nunca-,", "nunca,"),
        ("...which", "which"),
        ("\u201dSejm\u201d", "Sejm"),
        ("\u00bbJa!\u00ab", "Ja!"),
        ("\u00bfQu\u00e9", "\u00bfQu\u00e9"),
        ("-5", "-5"),
        ("wait\u2026", "wait..."),
        ("what?!", "what?"),
    ],
)
def test_a_token_is_shown_alike_by_both(token: str, expected: str) -> None:
    """Quotes, elisions, abbreviations, hyphens and marks of several languages."""
    assert learned(token) == shown(token) == expected


def test_a_dash_is_shown_with_the_word_before_it() -> None:
    """Where it touches both words, too."""
    words = parse("percent\u2014and")
    assert [w.core + w.mark for w in words] == ["percent-", "and"]
    assert shown("percent\u2014") == "percent-"


@given(
    st.from_regex(r"[\"'(\u201e]?[A-Za-z\u00e4\u00e9]{2,8}[,.?!:;]?[\"')\u201c]?", fullmatch=True)
)
def test_ordinary_tokens_are_shown_alike(token: str) -> None:
    """A word, a mark after it, quotes or brackets round both."""
    assert learned(token) == shown(token)
