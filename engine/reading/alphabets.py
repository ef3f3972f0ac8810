"""Which letters the languages that have code pages of their own are written with.

A language identifier knows a language by most of its words, so it also knows a text in which a few
letters are wrong. These tables tell the right letters from the wrong ones.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import pairwise

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
# Of these, letters of loans and names alone.
_RARE = {"fi": frozenset("šž"), "et": frozenset("šž")}
_RARE_SHARE = 0.3  # of the letters beyond ASCII
# Loans whose letters the code pages give to others: è is č in Central Europe.
_LOANS = """
à voilà déjà crème crèmes fête tête suède señor señora señorita jalapeño jalapeños piñata niño niña
mañana naïve
"""
LOANS = frozenset(_LOANS.split())
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
# These make two fifths of a Chinese text.
_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道"
    "行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日"
    "這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實點很早呢吧吗嗎啊点"
)
_HANGUL = frozenset("이다는을가에고하의지은로기어도사한자나리아그인라해있서요를들니습시수여게")
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
_COMMON_SHARE = {"el": 0.8, "ar": 0.65, "fa": 0.65, "th": 0.7, "he": 0.62, "yi": 0.62}
_COMMON_ELSE = 0.65
_LESS_IN_A_LINE = 0.045  # than in a whole text
_LETTERS_OF_A_LINE = 16  # fewer show nothing
_LETTERS_OF_TWO = 48  # in both halves of a text
_OTHER_LINES = 0.1  # of all lines, those with names and rare words
_MOST_OF_ONE = 0.25  # of the letters of a text
_CJK_SHARE = 0.9
_HAN_SHARE = 0.3
_HANGUL_SHARE = 0.2


def is_known(language: str) -> bool:
    """Return whether the letters of a language are in the tables."""
    return language in LATIN or language in CYRILLIC or language in SCRIPTS or language in CJK


def letters(language: str) -> frozenset[str]:
    """Return the small Latin letters beyond a to z of a language."""
    return LATIN.get(language, frozenset())


def wrong_letters(language: str, words: list[str]) -> tuple[int, int]:
    """Return how many letters beyond ASCII a language does not have, and how many there are."""
    wrong = total = 0
    for word in words:
        own = [c for c in word if not c.isascii()]
        total += len(own)
        if language in LATIN and word.lower() in LOANS:
            continue
        mixed = any(c.isascii() for c in word) and language not in LATIN and language not in CJK
        wrong += sum(a.islower() and b.isupper() and not b.isascii() for a, b in _pairs(word))
        wrong += len(own) if mixed else sum(not _has(language, c) for c in own)
    return wrong, total


def looks_written(language: str, words: list[str]) -> bool:
    """Return whether the letters are as common as a language has them, and its case is in order."""
    text = "".join(words)
    if language in COMMON:
        own = [_bare(c) for c in text if not c.isascii() and c.isalpha()]
        common = sum(c in COMMON[language] for c in own)
        if common < _COMMON_SHARE.get(language, _COMMON_ELSE) * len(own):
            return False
        if any(own.count(c) > _MOST_OF_ONE * len(own) for c in set(own)):
            return False  # the first bytes of pairs are few
    if language in CJK:
        return _looks_cjk(language, [c for c in text if not c.isascii()])
    if _has_too_many_rare(language, [c for c in text.lower() if not c.isascii()]):
        return False
    cased = [word for word in words if len(word) > 1 and word.upper() != word.lower()]
    turned = sum(any(a.islower() and b.isupper() for a, b in _pairs(word)) for word in cased)
    return turned <= 0.05 * len(cased)


def is_one(language: str, lines: list[str]) -> bool:
    """Return whether all of a text has the letters of its language: no part is in another page.

    The letters of a part in another code page are letters of the same script, others than those
    that are common.
    """
    if language in CJK or language in _RARE:
        own = [c for line in lines for c in line.lower() if not c.isascii() and c.isalpha()]
        halves = own[: len(own) // 2], own[len(own) // 2 :]
        if language in _RARE:
            return not any(_has_too_many_rare(language, half) for half in halves)
        return len(own) < _LETTERS_OF_TWO or all(_looks_cjk(language, half) for half in halves)
    if language not in COMMON:
        return True
    least = _COMMON_SHARE.get(language, _COMMON_ELSE) - _LESS_IN_A_LINE
    shares = []
    for line in lines:
        own = [_bare(c) for c in line if not c.isascii() and c.isalpha()]
        if len(own) >= _LETTERS_OF_A_LINE:
            shares.append(sum(c in COMMON[language] for c in own) / len(own))
    return sum(share < least for share in shares) <= _OTHER_LINES * len(shares)


def _has_too_many_rare(language: str, own: list[str]) -> bool:
    return sum(c in _RARE.get(language, ()) for c in own) > _RARE_SHARE * len(own)


def _pairs(word: str) -> list[tuple[str, str]]:
    return list(pairwise(word))


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
        often = sum(c in _HANGUL for c in chars)
        return syllables >= _CJK_SHARE * len(chars) and often >= _HANGUL_SHARE * len(chars)
    han = [c for c in chars if "㐀" <= c <= "鿿"]
    if language == "ja":
        kana = sum("ぁ" <= c <= "ゖ" for c in chars)
        often = sum(_row(c, "euc-jp", 0xB0, 0xCF) for c in han)
        return kana >= 0.15 * len(chars) and often >= _CJK_SHARE * len(han)
    simple = sum(_row(c, "gb2312", 0xB0, 0xD7) for c in han)
    traditional = sum(_row(c, "big5", 0xA4, 0xC6) for c in han)
    often = sum(c in _HAN for c in han)
    return max(simple, traditional) >= _CJK_SHARE * len(han) and often >= _HAN_SHARE * len(han)


@lru_cache(maxsize=16384)
def _row(char: str, codec: str, first: int, last: int) -> bool:
    """Return whether a character is in these rows of a national table: the commonest come first."""
    try:
        coded = char.encode(codec)
    except UnicodeEncodeError:
        return False
    return len(coded) == 2 and first <= coded[0] <= last
