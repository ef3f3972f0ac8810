"""Numbers in words and figures -> their values, each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from engine.claims.knowledge import Knowledge
from engine.claims.tokens import GROUP_SIGN, Token

_FIGURES: Final = re.compile(rf"(?P<digits>\d+(?:[.,:]\d+|{GROUP_SIGN}\d{{3}})*)(?P<rest>\D*)\Z")
_ORDINAL: Final = re.compile(r"(?:st|nd|rd|th|s|er|re|e|ème|º|ª|ste|de)\Z")
_COUNTING: Final = frozenset(
    ("st", "nd", "rd", "th", "er", "re", "e", "ème", "º", "ª", "ste", "de")
)
_SCALE_LETTERS: Final = {"k": 1_000, "m": 1_000_000, "bn": 1_000_000_000, "b": 1_000_000_000}
_DECIMAL_SIGN: Final = {"en": ".", "": ""}  # "": the language is not known, and no sign is sure
_SPACED: Final = frozenset(("fr", "es", "it", "pt"))  # where spaces group thousands
_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,]\d{3})+\Z")


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it stands in a text."""

    values: frozenset[str]  # what it may mean: "nineteen eighty six" is a year, or 19 and 86
    text: str  # as it is written
    start: int  # its first token
    end: int  # one past its last
    wanted: frozenset[str]  # of these, one must have been said where the number is claimed
    ordinal: bool = False


def numbers(tokens: Sequence[Token], known: Knowledge) -> list[Number]:
    """Return the numbers of a text in order."""
    return list(_numbers(tokens, known))


def _numbers(tokens: Sequence[Token], known: Knowledge) -> Iterator[Number]:
    at = 0
    while at < len(tokens):
        end, found = _figure(tokens, at, known) or _words(tokens, at, known) or (at + 1, None)
        if found is not None:
            yield found
        at = end


def _figure(tokens: Sequence[Token], at: int, known: Knowledge) -> tuple[int, Number | None] | None:
    token = tokens[at]
    match = _FIGURES.fullmatch(token.text)
    if match is None or not token.is_figure:
        return None
    rest = match["rest"].casefold()
    values = _of_digits(match["digits"], known.code)
    end, text = at + 1, token.text
    if known.code in _SPACED and not rest and (spaced := _spaced(tokens, at)) is not None:
        text = " ".join(token.text for token in tokens[at:spaced])
        whole = {_plain(Decimal(re.sub(r"\D", "", text)))}
        return spaced, _number(whole, text, at, spaced)
    if rest in _SCALE_LETTERS:
        values = {_times(value, _SCALE_LETTERS[rest]) for value in values}
    elif rest and _ORDINAL.fullmatch(rest) is None:
        return at + 1, _number({token.key}, text, at, end)  # 4K, 3D: a name
    while not rest and end < len(tokens) and tokens[end].key in known.scales:
        if tokens[end].parted:
            break
        values = {_times(value, known.scales[tokens[end].key]) for value in values}
        text += " " + tokens[end].text
        end += 1
    wanted = {match["digits"]} if ":" in match["digits"] else values
    return end, _number(values, text, at, end, wanted=wanted, ordinal=rest in _COUNTING)


def _spaced(tokens: Sequence[Token], at: int) -> int | None:
    """Return one past the end of a figure that spaces group, 15 000; None: none does."""
    end = at + 1
    while end < len(tokens) and re.fullmatch(r"\d{3}", tokens[end].text) and not tokens[end].parted:
        end += 1
    return end if end > at + 1 and re.fullmatch(r"[1-9]\d{0,2}", tokens[at].text) else None


def _of_digits(digits: str, language: str) -> set[str]:
    """Return what a figure may mean: the sign that groups thousands depends on the language."""
    digits = re.sub(GROUP_SIGN, "", digits)
    if ":" in digits:  # a time of day; its parts count, too
        return {digits, *(_plain(Decimal(part)) for part in re.split(r"\D", digits))}
    signs = [char for char in digits if char in ".,"]
    decimal = _DECIMAL_SIGN.get(language, ",")
    found = set()
    if len(set(signs)) == 2 and signs.count(signs[-1]) == 1:  # 1,234.56
        digits = digits.replace(signs[0], "")
        signs = signs[-1:]
    elif _GROUPED.fullmatch(digits) and not digits.startswith("0"):
        if signs != ["."] or decimal != ".":
            found.add(_plain(Decimal(re.sub(r"\D", "", digits))))
        # Where a comma parts decimals, "1,250" may be either.
        if len(signs) > 1 or (found and signs[0] != decimal):
            return found
    try:
        found.add(_plain(Decimal(digits.replace(",", "."))))
    except InvalidOperation:
        found.add(re.sub(r"\D", "", digits))
    return found


def _words(tokens: Sequence[Token], at: int, known: Knowledge) -> tuple[int, Number | None] | None:
    """Return a number that is written in words, and where it ends."""
    key = tokens[at].key
    if key in known.fractions:
        return at + 1, _number({f"~{key}"}, tokens[at].text, at, at + 1)
    run: list[int] = []
    end = at
    ordinal = False
    while end < len(tokens) and not ordinal and not (run and tokens[end].parted):
        key = tokens[end].key
        joins = key == known.joiner and run and end + 1 < len(tokens)
        if joins and _value(tokens[end + 1].key, known) is not None and _goes_on(run, known):
            end += 1
            continue
        value = _value(key, known)
        if value is None:
            break
        ordinal = key in known.ordinals and key not in known.numbers and key not in known.scales
        run.append(value)
        end += 1
    if not run:
        return None
    text = " ".join(token.text for token in tokens[at:end])
    values, wanted = _readings(run, known)
    return end, _number(values, text, at, end, wanted=wanted, ordinal=ordinal)


def _number(
    values: set[str],
    text: str,
    start: int,
    end: int,
    *,
    wanted: set[str] | None = None,
    ordinal: bool = False,
) -> Number:
    chosen = frozenset(values if wanted is None else wanted)
    return Number(frozenset(values), text, start, end, chosen, ordinal)


def _value(key: str, known: Knowledge) -> int | None:
    for table in (known.numbers, known.scales, known.ordinals):
        if key in table:
            return table[key]
    split = re.fullmatch(r"(.+?)(tausend|duizend|mila)(.*)", key)
    if split is not None and split[1] in known.numbers:
        rest = known.numbers.get(split[3], 0) if split[3] else 0
        if not split[3] or split[3] in known.numbers:
            return known.numbers[split[1]] * 1000 + rest
    return None


def _goes_on(run: Sequence[int], known: Knowledge) -> bool:
    """Return whether "and" may stand inside a number here: a hundred and two, treinta y cinco."""
    return run[-1] >= 100 or (known.code in ("es", "pt", "fr") and run[-1] % 10 == 0)


def _readings(run: Sequence[int], known: Knowledge) -> tuple[set[str], set[str]]:
    """Return what number words in a row may mean, together or each, and together alone."""
    whole = 0
    group = 0
    pieces: list[int] = []
    last = 0
    for value in run:
        if value >= 1000 and value in known.scales.values():
            whole += max(1, group) * value
            group = 0
        elif value == 100 and group and group < 100:
            group *= 100
        elif _fits(group, last, value, known):
            group = group * 20 if (value, group, known.code) == (20, 4, "fr") else group + value
            if (value, known.code) == (20, "fr") and group == 80:
                last = 80
                continue
        else:
            pieces.append(whole + group)
            whole, group = 0, value
        last = value
    pieces.append(whole + group)
    if len(pieces) == 1:
        return {str(pieces[0])}, {str(pieces[0])}
    together = {"+".join(map(str, pieces))}
    if len(pieces) == 2 and 10 <= pieces[0] < 100 and 0 < pieces[1] < 100:
        together.add(str(pieces[0] * 100 + pieces[1]))  # nineteen eighty six
    if all(piece < 10 for piece in pieces):
        together.add("".join(map(str, pieces)))  # digit by digit
    return {*together, *map(str, pieces)}, together


def _fits(group: int, last: int, value: int, known: Knowledge) -> bool:
    """Return whether a number word goes on with the number before it."""
    if group == 0:
        return True
    if (value, group, known.code) == (20, 4, "fr"):  # quatre-vingts
        return True
    if known.code == "fr" and last in (60, 80) and value < 20:
        return True
    if known.code == "fr" and last == 10 and 7 <= value <= 9:  # dix-sept
        return True
    if last >= 100:
        return value < 100
    return last >= 20 and last % 10 == 0 and value < 10


def _times(value: str, scale: int) -> str:
    try:
        return _plain(Decimal(value) * scale)
    except InvalidOperation:
        return value


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f")
