"""What a word is."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.words import SplitWord, clean, join, split_words


def texts(text: str) -> list[str]:
    return [token.text for token in split_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (" He's 3.5 m tall, isn't he? ", ["He's", "3.5", "m", "tall,", "isn't", "he?"]),
        ("l'esquelet -65% U.S.", ["l'esquelet", "-65%", "U.S."]),
        ("Bonjour !", ["Bonjour", "!"]),
        ("שלום, עולם", ["שלום,", "עולם"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("안녕 하세요.", ["안녕", "하세요."]),
        ("a\u00a0b\u3000c\nd\x1ce", ["a", "b", "c", "d", "e"]),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_words_are_separated_by_white_space(text: str, words: list[str]) -> None:
    """They keep their own marks, in every script that has spaces."""
    assert texts(text) == words
    assert not any(token.glued for token in split_words(text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("你好。世界", ["你", "好。", "世", "界"]),
        ("「はい」と", ["「は", "い」", "と"]),
        ("ラーメン", ["ラ", "ー", "メ", "ン"]),
        ("か\u3099く", ["か\u3099", "く"]),
        ("𠮷野", ["𠮷", "野"]),
        ("iPhone15を買う", ["iPhone15", "を", "買", "う"]),
        ("v3.5です", ["v3.5", "で", "す"]),
        ("A、B社", ["A、", "B", "社"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("家👨‍👩‍👧族", ["家", "👨‍👩‍👧", "族"]),
    ],
)
def test_scripts_without_spaces_are_split_into_clusters(text: str, words: list[str]) -> None:
    """Marks stay with their cluster, and Latin runs stay whole."""
    tokens = split_words(text)
    assert [token.text for token in tokens] == words
    assert [token.glued for token in tokens] == [False] + [True] * (len(words) - 1)


def test_mixed_text_is_glued_only_where_no_space_stood() -> None:
    """A space in Chinese text stays a space."""
    assert split_words("我有 iPhone 吗") == [
        SplitWord("我", False),
        SplitWord("有", True),
        SplitWord("iPhone", False),
        SplitWord("吗", False),
    ]


def test_control_characters_and_bidi_overrides_are_removed() -> None:
    """ESC, NUL, C1, overrides, isolates and the byte order mark never reach an output."""
    assert clean("a\x1b[31mb\x00\x9bc\u202ed\u2066e\ufefff") == "a[31mbcdef"


def test_lone_surrogates_become_replacement_characters() -> None:
    """The result can be written as UTF-8."""
    assert texts("a\ud800b \udc00") == ["a\ufffdb", "\ufffd"]


def test_joiners_that_scripts_need_are_kept() -> None:
    """Persian's half space, Indic joiners, emoji families, Hebrew's direction mark."""
    for text in ("می\u200cخواهم", "क्\u200dष", "👩\u200d🚀", "ab\u200e"):
        assert texts(text) == [text]


def test_invisible_watermarks_are_removed() -> None:
    """A real subtitle file has thousands of zero-width characters between two words."""
    assert texts("才有" + "\u200b\u200c" * 900 + "面") == ["才", "有", "面"]
    assert texts("a \u200b b") == ["a", "b"]


@given(st.text())
def test_nothing_is_lost_or_invented(text: str) -> None:
    """Joined, the words are the text, except for white space and what `clean` removes."""
    tokens = split_words(text)
    pieces = clean(text).split()
    seen = [p for p in pieces if not all(category(c)[0] == "Z" or category(c) == "Cf" for c in p)]
    assert join(tokens).split() == seen
    assert all(len(token.text.split()) == 1 for token in tokens)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"])))
def test_visible_text_stays_whole(text: str) -> None:
    """Without a space in it, a text is its words joined."""
    assert join(split_words(text)) == text
