"""What no path may do: the structure of sentences and paragraphs, a table of rules by language.

The rules bind what a model adds. What the source itself wrote stays possible: its own marks always,
its own small letters where it has capitals elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.records import EnhancedWord, Part, Word
from engine.text.marks import has_end
from engine.text.readings import (
    Join,
    begins_small,
    is_mark,
    is_sentence_end,
    is_shouting,
    take_apart,
)

#: Words of the shortest paragraph inside one speaker's turn.
SHORTEST_PARAGRAPH: Final = 4
#: What begins with a word: nothing, a sentence after the source's own end, one after an added end.
INSIDE, OWN, ADDED = range(3)


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a language."""

    raised: frozenset[str] = frozenset()  # words that always have a capital, in lower case
    answers: frozenset[str] | None = None  # words that may be a sentence alone; None: every word


class Place(NamedTuple):
    """Where a path stands before a word."""

    begins: int  # INSIDE, OWN or ADDED
    paragraph: int  # words of its paragraph so far, `SHORTEST_PARAGRAPH` for that many or more


def _rules(answers: str, raised: str = "") -> Rules:
    return Rules(frozenset(raised.split()), frozenset(answers.split()))


#: A language that is not here has the rules of `ANY`.
RULES: Final[dict[str, Rules]] = {
    "en": _rules(
        "yes no yeah yep nope okay ok right sure exactly absolutely definitely certainly correct "
        "really well hello hi hey bye goodbye thanks please sorry what why how who where when "
        "which great good wow oh ah um uh hmm mm-hmm uh-huh true maybe perhaps never always "
        "nothing indeed agreed amen cheers congratulations",
        raised="i i'm i've i'll i'd",
    ),
    "de": _rules(
        "ja nein doch genau gut okay ok klar richtig stimmt natürlich bestimmt absolut vielleicht "
        "hallo hi tschüss danke bitte entschuldigung was warum wieso wie wer wo wann welche na ach "
        "oh hm super toll schön nie nichts eben"
    ),
    "fr": _rules(
        "oui non si ouais okay ok d'accord exactement exact absolument bien bon bonjour bonsoir "
        "salut merci pardon quoi pourquoi comment qui où quand lequel voilà ah oh euh hein "
        "parfait super jamais rien évidemment"
    ),
    "es": _rules(
        "sí no okay ok vale claro exacto exactamente bueno bien hola adiós gracias perdón qué "
        "cómo quién dónde cuándo cuál nunca nada verdad ah oh eh perfecto correcto quizás"
    ),
    "it": _rules(
        "sì no okay ok certo esatto esattamente bene buono ciao grazie prego scusi scusa cosa che "
        "perché come chi dove quando quale mai niente vero ah oh eh perfetto giusto ecco forse"
    ),
    "nl": _rules(
        "ja nee jawel oké okay ok precies juist goed zeker natuurlijk misschien hallo hoi dag "
        "bedankt dank sorry wat waarom hoe wie waar wanneer welke nooit niets ach oh hm mooi"
    ),
    "pt": _rules(
        "sim não okay ok claro certo exato exatamente bom bem olá oi tchau obrigado obrigada "
        "desculpe quê como quem onde quando qual nunca nada verdade ah oh né perfeito talvez"
    ),
    "pl": _rules(
        "tak nie okej okay ok dobrze jasne dokładnie właśnie oczywiście może cześć hej dzięki "
        "dziękuję przepraszam co dlaczego jak kto gdzie kiedy który nigdy nic prawda no ach oh"
    ),
    "sv": _rules(
        "ja nej jo okej okay ok precis just visst absolut kanske hej hejdå tack förlåt vad varför "
        "hur vem var när vilken aldrig inget bra oj åh"
    ),
    "ca": _rules(
        "sí no okay ok d'acord exacte exactament bé bo clar hola adéu gràcies perdó què per "
        "com qui on quan quin mai res veritat ah oh eh perfecte"
    ),
    "tr": _rules(
        "evet hayır tamam peki elbette tabii kesinlikle belki merhaba selam teşekkürler sağol "
        "pardon ne neden niçin nasıl kim nerede hangisi asla hiç doğru ah oh güzel"
    ),
    "ru": _rules(
        "да нет ладно хорошо окей ок точно конечно именно возможно привет здравствуйте пока "
        "спасибо извините что почему как кто где когда какой никогда ничего правда ну ах ох"
    ),
    "uk": _rules(
        "так ні гаразд добре окей ок точно звичайно саме можливо привіт вітаю дякую вибачте що "
        "чому як хто де коли який ніколи нічого правда ну ах ох"
    ),
}
ANY: Final = Rules()


def rules_of(language: str | None) -> Rules:
    """Return the rules of a language."""
    return RULES.get(language or "", ANY)


def always_raised(text: str, rules: Rules) -> bool:
    """Return whether a word always has a capital, whatever stands before it."""
    return take_apart(text).core.casefold().replace("’", "'") in rules.raised


def may_stand_alone(text: str, rules: Rules) -> bool:
    """Return whether a word may be a whole sentence: an answer, a figure, or no word at all."""
    if rules.answers is None:
        return True
    core = take_apart(text).core.casefold().replace("’", "'")
    return core in rules.answers or not core.isalpha()


def is_ellipsis(trail: str) -> bool:
    """Return whether the marks after a word are dots that leave open whether a sentence ends."""
    return ("…" in trail or ".." in trail) and "?" not in trail and "!" not in trail


def ends(trail: str, core: str) -> bool:
    """Return whether marks after a word are sure to end its sentence; dots leave that open."""
    return trail != "" and not is_ellipsis(trail) and is_sentence_end(trail, core)


def is_end_alone(text: str) -> bool:
    """Return whether a word is a mark on its own that ends a sentence, as in "Vraiment ?"."""
    return is_mark(text) and has_end(text) and not is_ellipsis(text)


def is_cased(words: Sequence[str]) -> bool:
    """Return whether a text has capitals on purpose: one word in forty begins with one.

    The English pronoun is no sign of that.
    """
    cores = [take_apart(word).core for word in words]
    raised = sum(core[:1].isupper() and core[:2] not in ("I", "I'", "I’") for core in cores)
    return 40 * raised >= len(words) > 0


def place_after(part: Part, tail: Sequence[EnhancedWord]) -> Place:
    """Return where a part begins, after the end of the part before it.

    Where nothing of it is shown, only the first part is known to begin a text.
    """
    if not part.words or not tail:
        return Place(OWN, 0) if part.index == 0 else Place(INSIDE, SHORTEST_PARAGRAPH)
    words = 0
    speaker = part.words[0].speaker
    for word in reversed(tail):
        if word.paragraph or word.word.speaker != speaker:
            break
        words += 1
    if words == 0:
        return Place(OWN, 0)
    words = SHORTEST_PARAGRAPH if words == len(tail) else min(words, SHORTEST_PARAGRAPH)
    return Place(_begins_after(tail[-1]), words)


def _begins_after(last: EnhancedWord) -> int:
    if is_end_alone(last.text):
        return OWN
    split = take_apart(last.text)
    if not ends(split.trail, split.core):
        return INSIDE
    return OWN if split.trail == take_apart(last.word.text).trail else ADDED


def words_left(words: Sequence[Word], shown: int) -> list[int | None]:
    """Return how many words the speaker still says after each of the first `shown` words.

    None where the end of the turn is not among the words. With the last word everything ends only
    if nothing is shown after it.
    """
    left: list[int | None] = [None] * len(words)
    following: int | None = 0 if shown == len(words) else None
    for n in range(len(words) - 1, -1, -1):
        if n + 1 < len(words) and words[n + 1].speaker != words[n].speaker:
            following = 0
        left[n] = following
        following = None if following is None else following + 1
    return left[:shown]


class Structure:
    """The rules of one part: what its paths may take, word by word.

    `readings[n]` are of word n and `joins[n]` of the gap after it, the source's own first; the
    readings of the word after the part come last.
    """

    def __init__(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        readings: Sequence[Sequence[str]],
        joins: Sequence[Sequence[Join]],
    ) -> None:
        words = [*part.words, *part.after]
        count = len(part.words)
        texts = [word.text for word in words]
        rules = rules_of(part.language)
        own = [take_apart(text) for text in texts]
        self.start = place_after(part, tail)
        self._cased = is_cased(texts[:count]) and not is_shouting(texts[:count])
        self._small = [[begins_small(text) for text in of] for of in readings]
        self._alone = [not any(char.isalnum() for char in text) for text in texts]
        self._own_end = [
            is_end_alone(text) or ends(split.trail, split.core)
            for text, split in zip(texts, own, strict=True)
        ]
        self._answer = [may_stand_alone(text, rules) for text in texts]
        self._always = [always_raised(text, rules) for text in texts]
        self._left = words_left(words, count)
        self._ends = [
            [join.paragraph or ends(join.trail, split.core) for join in of]
            for of, split in zip(joins, own, strict=False)
        ]
        self._kept = [
            [join.trail == split.trail and (not join.paragraph or left == 0) for join in of]
            for of, split, left in zip(joins, own, self._left, strict=False)
        ]
        self._breaks = [[join.paragraph for join in of] for of in joins]

    def admits_reading(self, place: Place, n: int, reading: int) -> bool:
        """Return whether a path that stands at `place` may write word n so.

        No small letter begins a sentence, unless the source has both the end and the letter.
        """
        small = self._small[n]
        if not small[reading] or all(small):
            return True
        own = reading == 0 and self._cased
        if self._always[n]:
            return own
        return place.begins == INSIDE or (own and place.begins == OWN)

    def admits_join(self, place: Place, n: int, join: int) -> bool:
        """Return whether a path that stands at `place` before word n may go on so after it.

        What the source has is always admitted. Else no sentence has one word, unless it is an
        answer, and inside a turn no paragraph has less than `SHORTEST_PARAGRAPH` words.
        """
        left = self._left[n]
        if self._kept[n][join] or left == 0 or not self._ends[n][join]:
            return True
        if place.begins != INSIDE and not self._answer[n]:
            return False
        if self._ends_after(n + 1) and not self._answer[n + 1]:
            return False
        if not self._breaks[n][join]:
            return True
        return place.paragraph + 1 >= SHORTEST_PARAGRAPH and (
            left is None or left >= SHORTEST_PARAGRAPH
        )

    def _ends_after(self, n: int) -> bool:
        """Return whether a sentence is sure to end after word n: by its own mark, or the turn."""
        return n < len(self._own_end) and (
            self._own_end[n] or (n < len(self._left) and self._left[n] == 0)
        )

    def after(self, place: Place, n: int, join: int) -> Place:
        """Return the place before the next word, after a join that was admitted."""
        paragraph = 0 if self._breaks[n][join] else min(place.paragraph + 1, SHORTEST_PARAGRAPH)
        if self._ends[n][join]:
            own = self._kept[n][join] or self._left[n] == 0
            return Place(OWN if own else ADDED, paragraph)
        if self._alone[n]:
            return Place(OWN if self._own_end[n] else place.begins, paragraph)
        return Place(INSIDE, paragraph)
