"""Which words of a text are used as nouns, judged by the words beside them.

A title of verbs reads badly ("Discover and perceive"), and a tagger would be the heaviest
dependency of the product. The word before shows most: articles and prepositions stand before nouns,
pronouns and modal verbs before verbs. German writes its nouns with a capital.
"""

from __future__ import annotations

import re
from collections import Counter

from engine.extract.common import words

_BEFORE_NOUNS = {
    "en": """a an the this these those my your his her our their its of in on at with from by about
        into for some any no every each both all between against through without under over another
        many most more such two three four five whose""",
    "de": """der die das des dem den ein eine einen einem einer eines kein keine keinen mein meine
        dein deine sein seine ihr ihre unser unsere euer eure dieser diese dieses diesen diesem jede
        jeder jedes jeden vom zum zur im am beim ins ans von mit für über ohne gegen durch""",
    "fr": """le la les l un une des du de d ce cet cette ces mon ma mes ton ta tes son sa ses notre
        nos votre vos leur leurs au aux en dans sur avec sans par pour chaque""",
    "es": """el la los las un una unos unas este esta estos estas ese esa mi mis tu tus su sus de
        del al en con sin por para cada""",
    "it": """il lo la i gli le un uno una questo questa questi queste mio mia suo sua di del della
        dei degli delle dal dalla al alla nel nella in con per ogni""",
    "pt": """o a os as um uma uns umas este esta esse essa meu minha seu sua de do da dos das em no
        na nos nas com sem por para cada""",
    "nl": """de het een dit deze die dat mijn jouw zijn haar ons onze hun van in op met voor door
        zonder elke elk geen""",
}
_BEFORE_VERBS = {
    "en": """to i you we they he she it who that which not can could will would shall should may
        might must don't doesn't didn't won't can't couldn't wouldn't i'll you'll we'll they'll
        he'll she'll it'll let's and then just also always never really actually i'd you'd we'd
        they'd i've you've we've they've have has had been being be was were is are am gonna i'm
        you're we're they're he's she's it's that's get got""",
    "de": "ich du er sie es wir ihr man nicht zu und hat habe haben ist sind wird auch sich so",
    "fr": "je j tu il elle on nous vous ils elles ne n se s qui pour pas est a ai ont sont",
    "es": "yo tú él ella nosotros ellos ellas no se me te nos que ha he han es son está",
    "it": "io tu lui lei noi loro non si mi ti ci che ha ho hanno è sono",
    "pt": "eu tu ele ela nós eles elas você vocês não se me que é são foi está",
    "nl": "ik jij je hij zij ze we wij jullie niet te heb heeft hebben is zijn wordt werd",
}
# Of these, the words that hardly stand before anything else.
_BEFORE_VERBS_ALONE = {
    "en": words(
        """to i you we they he she who not can could will would shall should may might must don't
        doesn't didn't won't can't couldn't wouldn't i'll you'll we'll they'll he'll she'll it'll
        let's i'd you'd we'd they'd"""
    )
}
_HEAD_FIRST = words("fr es it pt ca ro")
_NEVER = re.compile(r"(?:ly|ed|ous|able|ible|ful|less|ive|n't|'re|'ll|'ve|'d|ish)\Z")
_SELDOM = re.compile(r"(?:ing|al|ic|ent|ant|ary|er|est|en)\Z")
_DECLINED = re.compile(r"e[mnrs]?\Z")
_ALWAYS = re.compile(r"(?:tion|sion|ment|ness|ity|ism|ance|ence|ship|hood|ology|ics|ist|dom)s?\Z")


class Nouns:
    """Counts of the neighbours of each word."""

    def __init__(self, language: str | None) -> None:
        self._language = language
        self._before_nouns = words(_BEFORE_NOUNS.get(language or "", ""))
        self._before_verbs = words(_BEFORE_VERBS.get(language or "", ""))
        self._noun: Counter[str] = Counter()
        self._verb: Counter[str] = Counter()
        self._before_verbs_alone = _BEFORE_VERBS_ALONE.get(language or "", frozenset())
        self._surely_verb: Counter[str] = Counter()
        self._leads: Counter[str] = Counter()  # another content word follows directly
        self._names: Counter[str] = Counter()  # a capital inside a sentence
        self._seen: Counter[str] = Counter()
        self._inside: Counter[str] = Counter()

    def note(self, key: str, *, before: str | None, leads: bool, capital: bool) -> None:
        """Count one use of a word; `before` is None at the start of a sentence or phrase."""
        self._seen[key] += 1
        self._leads[key] += leads
        if before is not None:
            self._inside[key] += 1
            self._names[key] += capital
            self._noun[key] += before in self._before_nouns
            self._verb[key] += before in self._before_verbs
            self._surely_verb[key] += before in self._before_verbs_alone

    def is_name(self, key: str) -> bool:
        """Return whether a word mostly has a capital inside sentences."""
        return self._names[key] * 2 > self._inside[key] > 0

    def may_lead(self, key: str, text: str) -> bool:
        """Return whether a word may open a longer phrase: no verb may ("survive death").

        In German, a word in lower case before a noun is declined.
        """
        if self._language == "de" and self._writes_capitals():
            return not text.islower() or _DECLINED.search(text) is not None
        verb = self._surely_verb[key]
        return verb < 2 or verb <= self._noun[key] or self.is_name(key)

    def heads(self, keys: tuple[str, ...]) -> bool:
        """Return whether a phrase has a noun where its language requires one."""
        return self._is_noun(keys[0] if self._language in _HEAD_FIRST else keys[-1], len(keys))

    def ends(self, key: str) -> bool:
        """Return whether a word may end a heading: it is used as a noun, in every language."""
        return self._is_noun(key, 1)

    def _writes_capitals(self) -> bool:
        return self._names.total() * 20 > self._inside.total()

    def _is_noun(self, key: str, size: int) -> bool:
        if self._language == "de" and self._writes_capitals():
            return self.is_name(key) or not self._inside[key]
        if not self._before_nouns or self.is_name(key):
            return True
        noun, verb = self._noun[key] + 0.5, self._verb[key] + 0.5
        if self._language == "en":
            if _NEVER.search(key):
                return False
            if _ALWAYS.search(key):
                noun += 2
            elif _SELDOM.search(key):
                verb += 1
        # An adjective leads to its noun and says nothing alone.
        if size == 1 and self._leads[key] > 0.6 * self._seen[key]:
            return False
        return noun > verb if size == 1 else noun * 2 > verb
