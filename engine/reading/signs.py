"""Where signs stand beside letters: what tells a sign of a text from a byte of another page."""

from __future__ import annotations

import regex  # type: ignore[import-untyped]

from engine.models.common_words import has_list, is_common
from engine.reading import alphabets
from engine.text.letters import is_letter

_DIGIT_INSIDE = regex.compile(r"[\p{L}--\p{ASCII}]\d[\p{L}--\p{ASCII}]", regex.V1)
_SIGN_INSIDE = regex.compile(r"\p{L}(?!’)[^\p{L}\s]*[«»‹›„‚§°²³¹£¥©®±×÷¼½¾€™•][^\p{L}\s]*\p{L}")
_MARK_FIRST = regex.compile(r"(?<![\p{L}\p{M}])[\p{M}--\uFE0F]", regex.V1)
_MARK = regex.compile(r"\p{M}")
_SIGNS = tuple("€£¥§©•·½¼¾±×÷♪♫")
_LAST_WORD = regex.compile(r"[\p{L}\p{M}]+\Z")
_CLOSES = regex.compile(r"[\p{L}\p{M}]«(?![\p{L}\p{M}])")
_TOUCHED_BY_NONE = frozenset("°²³ªº€£¥§½¼¾±×÷")
_ARABIC_MARKS = frozenset("،؛؟٪٫٬۔٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹\u200c\u200d\u200e\u200f")
_CJK_MARKS = regex.compile(r"[\u3000-\u303f\uff01-\uff5e\u30fb\u30fc\u2014\u2026]")


def are_wrong(line: str, language: str, *, alone: bool) -> bool:
    """Return whether a line has signs that stand in no text, or where none stands."""
    if _MARK_FIRST.search(line):
        return True
    if language not in alphabets.CJK and (_DIGIT_INSIDE.search(line) or _SIGN_INSIDE.search(line)):
        return True
    for place, char in enumerate(line):
        if char.isascii():
            if char < " " and char not in "\t\f":
                return True
        elif char.isalpha() or _MARK.match(char):
            if "\uff61" <= char <= "\uff9f":
                return True  # half-width kana are what other code pages look like
        elif char == "…" and not alone:  # letters have shown the code page
            if _is_vowel(line[:place], language):
                return True
        elif not fits(char, line[place - 1 : place], line[place + 1 : place + 2], language):
            return True
    return False


def _is_vowel(before: str, language: str) -> bool:
    """Return whether "…" is à: the word is common with it, and none without (DOS has à there)."""
    word = _LAST_WORD.search(before)
    if word is None or "à" not in alphabets.letters(language) or not has_list(language):
        return False
    return bool(is_common(language, f"{word[0]}à")) and not is_common(language, word[0])


def are_halves(text: str) -> bool:
    """Return whether a quotation ends with « that no » began: German has both, others never."""
    return "»" not in text and _CLOSES.search(text) is not None


def _is_letter(char: str) -> bool:
    """Return whether a character is a letter or a mark on one: "é" may be two characters."""
    return char.isalpha() or _MARK.match(char) is not None


def _can_follow(sign: str, after: str) -> bool:
    """Return whether a character can stand right behind a sign such as "°" or "£"."""
    if after == "" or after.isspace() or after.isdigit():
        return True
    if sign == "°" and after in tuple("CF"):
        return True
    return after in tuple(".,;:!?)('\"-/+%<") or after == sign


def fits(char: str, before: str, after: str, language: str) -> bool:
    """Return whether a sign can stand between these two characters."""
    if language in alphabets.CJK and _CJK_MARKS.match(char):
        return True
    if char in "¿¡":
        return language in ("es", "gl", "ca", "eu") and not _is_letter(before)
    if char in _ARABIC_MARKS:
        return language in ("ar", "fa", "ur")
    if char in "’‘":
        return True
    if char == "\u00a0":
        return not _is_letter(before) or after in tuple("?!:;»%")
    if char == "…":  # DOS has à in its place
        is_vowel = _is_letter(before) and "à" in alphabets.letters(language)
        return not _is_letter(after) and not is_vowel
    if char in "–—":
        return language == "en" or not (_is_letter(before) and _is_letter(after))
    if char == "·" and language in ("ca", "oc"):  # l·l, or an item of a list
        return _is_letter(before) == _is_letter(after) and before not in tuple("'’")
    if char in "™®" and after in _SIGNS:
        return False  # one byte of two
    if char in "“”„‚«»‹›™®":
        return not (_is_letter(before) and is_letter(after))
    if char in _TOUCHED_BY_NONE and not _can_follow(char, after):
        return False  # one byte of two, whose second one is a letter or a mark of ASCII
    if char in "°²³ªº":
        return before.isdigit() or before == "m" or (char == "°" and before.isspace())
    return char in _SIGNS and not _is_letter(before) and before not in tuple("™®")
