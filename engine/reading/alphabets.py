"""Which letters the languages that have code pages of their own are written with.

A language identifier knows a language by most of its words, so it also knows a text in which a few
letters are wrong. These tables tell the right letters from the wrong ones.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

# Small letters beyond a to z.
LATIN: dict[str, frozenset[str]] = {
    language: frozenset(letters)
    for language, letters in (
        ("en", "éâäçëîïôöü"),
        ("de", "äöüßé"),
        ("fr", "àâæçèéêëîïôœùûüÿ"),
        ("es", "áéíñóúü"),
        ("pt", "áàâãçéêíóôõúü"),
        ("it", "àèéìíîòóùú"),
        ("ca", "àçèéíïòóúü"),
        ("gl", "áéíñóúüï"),
        ("oc", "áàçèéíïòóúü"),
        ("nl", "áéíóúèëïöüä"),
        ("af", "áéíóúèëïöüêîôû"),
        ("da", "æøåéä"),
        ("no", "æøåéòóôä"),
        ("nn", "æøåéòóôä"),
        ("sv", "åäöéà"),
        ("fi", "äöåšž"),
        ("is", "áéíóúýðþæö"),
        ("fo", "áíóúýðæø"),
        ("et", "äöõüšž"),
        ("lv", "āčēģīķļņšūž"),
        ("lt", "ąčęėįšųūž"),
        ("pl", "ąćęłńóśźż"),
        ("cs", "áčďéěíňóřšťúůýž"),
        ("sk", "áäčďéíĺľňóôŕšťúýž"),
        ("hu", "áéíóöőúüű"),
        ("ro", "ăâîşţșț"),
        ("hr", "čćđšž"),
        ("bs", "čćđšž"),
        ("sl", "čšžćđ"),
        ("sq", "çë"),
        ("tr", "çğıiöşüâîû"),
        ("az", "çəğıöşü"),
        ("eu", "ñçü"),
        ("cy", "âêîôûŵŷáéïö"),
        ("ga", "áéíóú"),
        ("mt", "ċġħżàèìòù"),
        ("eo", "ĉĝĥĵŝŭ"),
        ("lb", "äëéöü"),
        ("br", "âêîôûùüñé"),
        ("id", "é"),
        ("ms", "é"),
        ("vi", "àáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹđ"),
    )
}
# Loans whose letters the code pages give to others: è is č in Central Europe.
LOANS = frozenset(
    "à voilà déjà crème crèmes fête tête suède señor señora señorita jalapeño jalapeños piñata"
    " niño niña mañana naïve".split()
)
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщьюя"
CYRILLIC: dict[str, frozenset[str]] = {
    language: frozenset(letters)
    for language, letters in (
        ("ru", _CYRILLIC + "ыэъё"),
        ("uk", _CYRILLIC + "єіїґ"),
        ("be", "абвгдежзйклмнопрстуфхцчшыьэюяёіў"),
        ("bg", _CYRILLIC + "ъ"),
        ("mk", "абвгдѓежзѕијклљмнњопрстќуфхцчџш"),
        ("sr", "абвгдђежзијклљмнњопрстћуфхцчџш"),
    )
}
# The commonest letters make most of a text, and less than half of one in the wrong letters.
COMMON: dict[str, frozenset[str]] = {
    "ru": frozenset("оеаинтсрвлкм"),
    "uk": frozenset("оаніивтеркслм"),
    "be": frozenset("аоніетсрклвмы"),
    "bg": frozenset("аоеитнрсвлдк"),
    "mk": frozenset("аоеитнрсвлдк"),
    "sr": frozenset("аоеинтсрвлјк"),
    "el": frozenset("αοιετσςνηυρπκμ"),
    "he": frozenset("יוהלארתבמש"),
    "yi": frozenset("יוהלארתבמשעןטנ"),
    "ar": frozenset("اليمنورتبهعد"),
    "fa": frozenset("ایيرندهموتبشسل"),
    "ur": frozenset("ایيرنکكےمتوسہلبهد"),
    "th": frozenset("านรอกเงมยลวดทสตะปคบห่้ีัิไ"),
}
SCRIPTS = {
    "el": "GREEK",
    "he": "HEBREW",
    "yi": "HEBREW",
    "ar": "ARABIC",
    "fa": "ARABIC",
    "ur": "ARABIC",
    "th": "THAI",
}
CJK = ("zh", "ja", "ko")
_COMMON_SHARE = 0.55
_CJK_SHARE = 0.9


def is_known(language: str) -> bool:
    """Return whether the letters of a language are in the tables."""
    return language in LATIN or language in CYRILLIC or language in SCRIPTS or language in CJK


def wrong_letters(language: str, words: list[str]) -> tuple[int, int]:
    """Return how many letters beyond ASCII a language does not have, and how many there are."""
    wrong = total = 0
    for word in words:
        letters = [c for c in word if not c.isascii()]
        total += len(letters)
        if language in LATIN and word.lower() in LOANS:
            continue
        mixed = any(c.isascii() for c in word) and language not in LATIN and language not in CJK
        wrong += len(letters) if mixed else sum(not _has(language, c) for c in letters)
    return wrong, total


def looks_written(language: str, words: list[str]) -> bool:
    """Return whether the letters are as common as a language has them, and its case is in order."""
    text = "".join(words)
    if language in COMMON:
        own = [_bare(c) for c in text if not c.isascii() and c.isalpha()]
        common = sum(c in COMMON[language] for c in own)
        if common < _COMMON_SHARE * len(own):
            return False
    if language in CJK:
        return _looks_cjk(language, [c for c in text if not c.isascii()])
    cased = [word for word in words if len(word) > 1 and word.upper() != word.lower()]
    turned = sum(any(a.islower() and b.isupper() for a, b in _pairs(word)) for word in cased)
    return turned <= 0.05 * len(cased)


def _pairs(word: str) -> list[tuple[str, str]]:
    return list(zip(word, word[1:], strict=False))


def _bare(char: str) -> str:
    return unicodedata.normalize("NFD", char)[0].lower()


@lru_cache(maxsize=4096)
def _has(language: str, char: str) -> bool:
    if language in LATIN:
        small = "i" if char == "İ" and language in ("tr", "az") else char.lower()
        return small in LATIN[language] or small == "i"
    if language in CYRILLIC:
        return char.lower() in CYRILLIC[language]
    name = unicodedata.name(char, "")
    if language in SCRIPTS:
        return name.startswith(SCRIPTS[language])
    if language == "ko":
        return name.startswith(("HANGUL SYLLABLE", "CJK UNIFIED"))
    kana = name.startswith(("HIRAGANA", "KATAKANA"))
    return name.startswith("CJK UNIFIED") or char in "々〇" or (kana and language == "ja")


def _looks_cjk(language: str, chars: list[str]) -> bool:
    """Return whether the characters are those that are written often."""
    if language == "ko":
        syllables = sum("가" <= c <= "힣" and _row(c, "euc-kr", 0xB0, 0xC8) for c in chars)
        return syllables >= _CJK_SHARE * len(chars)
    han = [c for c in chars if "㐀" <= c <= "鿿"]
    if language == "ja":
        kana = len(chars) - len(han)
        often = sum(_row(c, "euc-jp", 0xB0, 0xCF) for c in han)
        return kana >= 0.2 * len(chars) and often >= _CJK_SHARE * len(han)
    simple = sum(_row(c, "gb2312", 0xB0, 0xD7) for c in han)
    traditional = sum(_row(c, "big5", 0xA4, 0xC6) for c in han)
    return max(simple, traditional) >= _CJK_SHARE * len(han)


@lru_cache(maxsize=16384)
def _row(char: str, codec: str, first: int, last: int) -> bool:
    """Return whether a character is in these rows of a national table: the commonest come first."""
    try:
        coded = char.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(coded) == 2 and first <= coded[0] <= last
