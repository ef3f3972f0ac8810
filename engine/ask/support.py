"""Does a sentence stand in what it cites? Numbers, names, negations and content words, compared.

Pure, and strict: what cannot be found is reported, never guessed. Words may be inflected
("promise", "promised", "paid" for "pay"), numbers written out ("fifteen thousand" for "15,000").
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.ask.tokens import fold, tokens
from engine.extract.common import words

SHORTEST_STEM: Final = 4  # letters that two forms of a word have in common, at least
_SHORTEST_ROOT: Final = 3  # letters that a word without its ending has, at least
_NEAR: Final = 4  # words on either side of one that a "not" may negate
_ENDING: Final = 3  # letters in which two forms of a word may differ at their ends

_PIECE = regex.compile(r"\p{N}+[.,]\p{N}+|[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*")
_DECIMAL = regex.compile(r"\p{Nd}+(?:[.,]\p{Nd}+)?")
_SCALED = regex.compile(r"(\p{N}+)(k|m|bn|b|th|st|nd|rd|s)")
_WITHIN_NUMBERS: Final = frozenset(" \u00a0\t$€£")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*")
_SENTENCE_END = regex.compile(r"(?<=[.?!。？！])\s+|\n+")
_GROUPS = regex.compile(r"(?<=\p{N})[.,'’\u00a0](?=\p{N}{3}(?!\p{N}))")

_ONES: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "  # noqa: SIM905
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS: Final = {
    word: 10 * tens
    for tens, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(),  # noqa: SIM905
        start=2,
    )
}
_SCALES: Final = {
    "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "k": 10**3, "m": 10**6, "bn": 10**9, "b": 10**9,
}  # fmt: skip
_SHORT_SCALES: Final = frozenset(("k", "m", "b"))  # only right after digits: "15k"

#: Forms of common verbs that have no beginning in common. Every line is one verb.
_IRREGULAR: Final = """
be is are was were been being am|have has had having|do does did done doing|go goes went gone going
say says said saying|pay pays paid paying|make makes made making|buy buys bought buying
sell sells sold selling|tell tells told telling|think thinks thought thinking|get gets got gotten
give gives gave given giving|take takes took taken taking|leave leaves left leaving
find finds found finding|begin begins began begun beginning|write writes wrote written writing
speak speaks spoke spoken speaking|win wins won winning|lose loses lost losing
build builds built building|send sends sent sending|spend spends spent spending
keep keeps kept keeping|meet meets met meeting|run runs ran running|come comes came coming
become becomes became becoming|hold holds held holding|bring brings brought bringing
teach teaches taught teaching|feel feels felt feeling|know knows knew known knowing
see sees saw seen seeing|grow grows grew grown growing|rise rises rose risen rising
fall falls fell fallen falling|break breaks broke broken breaking|choose chooses chose chosen
drive drives drove driven driving|fly flies flew flown flying|eat eats ate eaten eating
drink drinks drank drunk drinking|hear hears heard hearing|steal steals stole stolen stealing
fight fights fought fighting|catch catches caught catching|stand stands stood standing
understand understands understood|lead leads led leading|sleep sleeps slept sleeping
man men|woman women|child children|person people|foot feet|wife wives|life lives
mean means meant meaning|lie lies lay lain lying|wear wears wore worn wearing
throw throws threw thrown|draw draws drew drawn|show shows showed shown|die dies died dying death
""".replace("\n", "|")

#: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish, Catalan.
_NEGATIONS: Final = words(
    """
    not no never nobody none nothing neither nor cannot without nicht kein keine keinen keinem
    keiner nie niemals niemand nichts ohne ne pas jamais rien aucun aucune sans nunca nada nadie
    sin mai niente nessuno nessuna senza nao nenhum nenhuma ninguem sem niet geen nooit niets
    niemand zonder nie nigdy nikt nic bez cap mai ningu res sense
    """
)


@dataclass(frozen=True, slots=True)
class Support:
    """What of a sentence does not stand in what it cites; empty where all of it does."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    negation: bool = False  # one has a negation and the other has none

    @property
    def complete(self) -> bool:
        """Return whether everything stands in what is cited."""
        return not (self.numbers or self.names or self.words or self.negation)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what is missing, each once."""
        negation = ("not",) if self.negation else ()
        return tuple(dict.fromkeys((*self.numbers, *self.names, *self.words, *negation)))


def check(
    sentence: str,
    cited: Sequence[str],
    *,
    stops: Collection[str] = (),
    speakers: Iterable[str] = (),
) -> Support:
    """Return what of a sentence does not stand in the texts that it cites.

    Args:
        sentence: What is claimed.
        cited: The texts that it refers to.
        stops: Words that say nothing, folded; they need not be there.
        speakers: Who speaks in these texts: their names may be used.
    """
    heard = Heard([*cited, *speakers])
    sentence = _GROUPS.sub("", sentence)
    numbers = tuple(text for text, value in numbers_in(sentence) if value not in heard.numbers)
    counted = {token for text, _ in numbers_in(sentence) for token in tokens(text)}
    names: list[str] = []
    others: list[str] = []
    for text, is_name in _words_in(sentence):
        for token in tokens(text):
            if token in counted or token in stops or is_negation(text) or heard.has(token):
                continue
            (names if is_name else others).append(text)
            break
    return Support(
        numbers,
        tuple(dict.fromkeys(names)),
        tuple(dict.fromkeys(others)),
        negation=bool(cited) and negated_otherwise(sentence, cited, stops=stops),
    )


def negated_otherwise(sentence: str, cited: Sequence[str], *, stops: Collection[str] = ()) -> bool:
    """Return whether a sentence negates what is said there, or says what is negated there.

    It is compared with the sentence that has most of its words.
    """
    wanted = {token for token in tokens(sentence) if token not in stops} - _NEGATIONS
    best: tuple[int, str] = (0, "")
    for text in cited:
        for piece in _SENTENCE_END.split(text):
            heard = Heard([piece])
            shared = sum(map(heard.has, wanted))
            if shared > best[0]:
                best = shared, piece
    negated = bool(negations_in(sentence))
    if best[0] * 2 < len(wanted):  # it is not about one sentence: any negation may be meant
        return negated and not any(map(negations_in, cited))
    return negated != bool(negations_in(best[1]))


class Heard:
    """The words and numbers of some texts, to be asked whether something is among them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.tokens: frozenset[str] = frozenset(token for text in texts for token in tokens(text))
        self.numbers: frozenset[float] = frozenset(
            value for text in texts for _, value in numbers_in(text)
        )

    def has(self, token: str) -> bool:
        """Return whether a token is there, in some form."""
        return token in self.tokens or any(same_word(token, other) for other in self.tokens)


@lru_cache(maxsize=1 << 16)
def same_word(one: str, other: str) -> bool:
    """Return whether two tokens are forms of one word, as far as their beginnings tell."""
    if one == other:
        return True
    if one in _forms().get(other, ()):
        return True
    if not (one.isalpha() and other.isalpha()):
        return False
    if len(root := _root(one)) >= _SHORTEST_ROOT and root == _root(other):
        return True
    shared = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        shared += 1
    short = min(len(one), len(other))
    if shared < SHORTEST_STEM or max(len(one), len(other)) - shared > _ENDING:
        return False
    return shared >= short - 1


def _root(word: str) -> str:
    """Return a word without an English ending: "hides" and "hiding" as "hid"."""
    for ending in ("ings", "ing", "ies", "ied", "ers", "es", "ed", "er", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORTEST_ROOT and word[-1] == word[-2] else word


def numbers_in(text: str) -> list[tuple[str, float]]:
    """Return the numbers of a text as they are written, with their values, in order.

    Written-out English numbers count: "fifteen thousand" is 15,000, and "nineteen eighty six" is
    also the year.
    """
    found: list[tuple[str, float]] = []
    run: list[tuple[str, float]] = []  # of consecutive parts of one number
    text = _GROUPS.sub("", text)
    last = 0
    for match in _PIECE.finditer(text):
        gap = text[last : match.start()]
        if run and not set(gap) <= _WITHIN_NUMBERS:
            found.extend(_composed(run))
            run = []
        last = match.end()
        for word in match[0].casefold().split("-"):
            value = _value_of(word)
            if value is not None and (run or word not in _SCALES):
                run.append((word, value))
                continue
            if word == "and" and run and run[-1][0] in _SCALES:
                continue
            found.extend(_composed(run))
            run = []
            if (scaled := _SCALED.fullmatch(word)) is not None:
                scale = _SCALES.get(scaled[2], 1)
                found.append((word, float(_ascii_digits(scaled[1])) * scale))
    found.extend(_composed(run))
    return [(written, value) for written, value in found if written != "one"]


def negations_in(text: str) -> list[str]:
    """Return the words of a text that negate."""
    return [word for word in _WORD.findall(text) if is_negation(word)]


def negated_here(text: str, words: Collection[str]) -> bool:
    """Return whether a text negates one of some tokens: a "not" stands near it."""
    pieces = _WORD.findall(text)
    nots = [at for at, piece in enumerate(pieces) if is_negation(piece)]
    for at, piece in enumerate(pieces):
        if any(same_word(token, word) for token in tokens(piece) for word in words) and any(
            abs(at - place) <= _NEAR for place in nots
        ):
            return True
    return False


def is_negation(word: str) -> bool:
    """Return whether a word negates: "not", "never", "don't"."""
    folded = fold(word.replace("’", "'"))
    return folded in _NEGATIONS or folded.endswith("n't")


def names_in(text: str) -> list[str]:
    """Return the words of a text that look like names: raised, and not because a sentence begins.

    In a language that raises all nouns these are nouns too.
    """
    return [word for word, is_name in _words_in(text) if is_name]


def _words_in(text: str) -> Iterator[tuple[str, bool]]:
    begins = True
    last = 0
    for match in _WORD.finditer(text):
        gap = text[last : match.start()]
        begins = begins or any(mark in gap for mark in ".?!:\n。？！")
        word = match[0]
        letter = word[:1]
        acronym = len(word) > 1 and word.isupper()
        yield (
            word,
            acronym or (letter.isupper() and not begins and word not in {"I", "I'm", "I'll"}),
        )
        begins = False
        last = match.end()


def _value_of(word: str) -> float | None:
    if _DECIMAL.fullmatch(word):
        return float(_ascii_digits(word).replace(",", "."))
    if word in _SHORT_SCALES:
        return None
    return next((float(table[word]) for table in (_ONES, _TENS, _SCALES) if word in table), None)


def _ascii_digits(text: str) -> str:
    return "".join(
        str(unicodedata.digit(char)) if unicodedata.digit(char, None) is not None else char
        for char in text
    )


def _composed(run: Sequence[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Yield the numbers in consecutive number words: their sum by scales, and a year."""
    whole: list[tuple[list[str], float]] = []
    total = group = 0.0
    written: list[str] = []

    def end() -> None:
        nonlocal total, group
        if written:
            whole.append((list(written), total + group))
            written.clear()
        total = group = 0.0

    for word, value in run:
        if word in _SCALES:
            if value == 100:
                group *= value
            else:
                total += group * value
                group = 0.0
        elif group and not (
            (word in _ONES and value < 10 and group % 100 >= 20 and group % 10 == 0)
            or group % 100 == 0
        ):
            end()
            group = value
        else:
            group += value
        written.append(word)
    end()
    for parts, value in whole:
        yield " ".join(parts), value
    for (first, century), (second, year) in pairwise(whole):
        if 10 <= century <= 21 and 0 <= year <= 99:
            yield " ".join((*first, *second)), 100 * century + year


def forms_of(token: str) -> frozenset[str]:
    """Return the forms of a common verb or noun that have no beginning in common with it."""
    return _forms().get(token, frozenset())


@lru_cache(maxsize=1)
def _forms() -> dict[str, frozenset[str]]:
    forms: dict[str, frozenset[str]] = {}
    for line in _IRREGULAR.split("|"):
        verb = frozenset(line.split())
        for word in verb:
            forms[word] = forms.get(word, frozenset()) | verb
    return forms
