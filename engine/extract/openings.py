"""Sentences of a short text -> its title: what its beginning says that it is about.

A note of a minute repeats nothing, so counting finds no subject. But who begins to speak mostly
says what about: "a quick note about the kitchen", "what to do about the car", "how to fold a
shirt". Else the first clause that says something is a title as good as any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.extract.common import AND, LINKS, words
from engine.extract.lexicon import Lexicon
from engine.extract.phrases import Token, tokens_of
from engine.extract.sentences import Sentence
from engine.text.letters import composed

_BEGINNING = 0.2  # share of a text in which it says what it is about
_BEGINNING_LEAST = 40  # words; so many are its beginning in any case
_MOST = 9  # words of a title
_LEAST = 3  # words of an opening that stands for a title
_CUT_LEAST = 4  # words that stay of an opening that is cut at a preposition
_REACH = 6  # words between a verb of speaking and its "about", or a question word and what it asks
_NOTED = 3  # words between an article and "about": "a quick note about"

# Words before what is spoken of, and those of which one must stand before them: "it is about".
_ABOUT = {
    "en": (words("about regarding concerning"), frozenset[str]()),
    "de": (
        words("über um"),
        words("geht ging dreht reden redet sprechen spricht erzählen unterhalten notiz frage"),
    ),
    "fr": (words("de du des d sur"), words("parler parle parlons parlé parlez s'agit agit note")),
    "es": (words("sobre de del"), words("hablar hablamos habla hablando trata tema nota")),
    "it": (words("di del della dello dei delle degli dell su"), words("parlare parla nota")),
    "pt": (words("sobre de do da"), words("falar falamos fala falando trata tema nota")),
    "nl": (words("over"), words("gaat praten spreken vertellen hebben notitie vraag")),
}
# Question words that open what is told, and the words after or before them that show that it is.
_ASKING = {
    "en": (words("how what why"), words("to"), words("show explain learn discuss see teach")),
    "de": (words("wie warum"), frozenset[str](), words("zeige zeigen erkläre erklären lernen")),
    "fr": (words("comment pourquoi"), frozenset[str](), words("montrer expliquer voir apprendre")),
    "es": (words("cómo"), frozenset[str](), words("mostrar explicar ver aprender enseñar")),
    "nl": (words("hoe waarom"), frozenset[str](), words("zien uitleggen leren vertellen")),
}
# What may stand before the noun that is spoken of.
_BEFORE_NOUNS = {
    "en": words("the a an my our your his her their this these that those its"),
    "de": words(
        """der die das den dem des ein eine einen einem einer mein meine meinen meiner unser unsere
        unseren unserer dein deine ihr ihre sein seine diese dieser dieses diesen"""
    ),
    "fr": words("le la les l un une mon ma mes notre nos votre vos son sa ses ce cet cette ces"),
    "es": words("el la los las un una mi mis nuestro nuestra tu su sus este esta estos estas"),
    "it": words("il lo la i gli le l un una mio mia nostro nostra tuo tua suo sua questo questa"),
    "pt": words("o a os as um uma meu minha nosso nossa seu sua este esta esse essa"),
    "nl": words("de het een mijn onze ons jouw zijn haar deze dit die dat"),
}
# What people say before they begin.
_STARTERS = {
    "en": words("so right well okay ok yeah yes no and but um uh hey hi hello now oh er"),
    "de": words("also ja gut okay ok so genau naja äh ähm hallo und aber nun hi tja"),
    "fr": words("alors donc bon ben bien euh oui et mais voilà bonjour salut"),
    "es": words("bueno pues entonces vale sí y pero eh hola a ver"),
    "it": words("allora beh bene dunque sì e ma ehm ciao ecco quindi"),
    "pt": words("então bom bem pois sim e mas olá é"),
    "nl": words("nou dus ja oké en maar eh uh hallo goed zo"),
}
# What a clause of greeting has, or one that speaks to those who listen.
_GREETINGS = {
    "en": words(
        "hello hi hey welcome dear fellow ladies gentlemen folks everybody everyone thanks"
    ),
    "de": words("hallo willkommen liebe lieber servus moin danke guten zusammen"),
    "fr": words("bonjour bonsoir bienvenue chers chères mesdames merci salut"),
    "es": words("hola buenos buenas bienvenidos queridos señoras gracias"),
    "it": words("ciao buongiorno buonasera benvenuti cari care signore grazie"),
    "pt": words("olá bom boa bem-vindos caros senhoras obrigado obrigada"),
    "nl": words("hallo welkom beste dames heren goedemorgen dank bedankt"),
}
# An opening with one of these in front is no title where the text has any other.
_SAYERS = {
    "en": words("i i'm i've i'd we we're we've you you're he she it it's they there there's that"),
    "de": words("ich wir du ihr er sie es man das da"),
    "fr": words("je j' j nous vous tu il elle on ils elles c'est ça"),
    "es": words("yo nosotros tú usted él ella ellos eso hay"),
    "it": words("io noi tu voi lui lei loro c'è"),
    "pt": words("eu nós você ele ela eles isso há"),
    "nl": words("ik wij we jij je hij zij ze het er dat"),
}
_NO_NOUN = re.compile(r"(?:ed|ing|ly)\Z")  # "a bit worried about" holds no noun to begin with
_TURNED = words("can do does did is are was will would could should")  # how can we: it is asked
# A clause that begins so is about the one after it.
_SUBORDINATE = {
    "en": words("like as when if while although because since after before unless until despite"),
    "de": words("wenn als während obwohl weil da nachdem bevor wie falls nach trotz"),
    "fr": words("comme quand si lorsque pendant après avant parce bien"),
    "es": words("como cuando si aunque mientras después antes porque"),
    "it": words("come quando se mentre dopo prima perché"),
    "pt": words("como quando se embora enquanto depois antes porque"),
    "nl": words("als toen terwijl hoewel omdat nadat voordat zoals"),
}
# An opening that is too long ends before one of these.
_CUTS = {
    "en": words(
        """after before because since while when where which who that for from with without into
        until so but and or at on in by as if though although to than"""
    ),
    "de": words("nach vor weil da während wenn wo für von mit ohne bis und aber oder als"),
    "fr": words("après avant parce que qui où quand pour avec sans jusqu et mais ou si"),
    "es": words("después antes porque que donde cuando para con sin hasta y pero o si"),
    "it": words("dopo prima perché che dove quando per con senza fino e ma o se"),
    "pt": words("depois antes porque que onde quando para com sem até e mas ou se"),
    "nl": words("na voor omdat terwijl wanneer waar die dat met zonder tot en maar of als"),
}


def announced(
    found: Sequence[Sentence], lexicon: Lexicon, *, unlike: Sequence[str] = ()
) -> str | None:
    """Return what the beginning of a text says that it is about; None: it does not say."""
    for tokens, begins in _beginning(found, lexicon):
        stretches = sorted((*_asked(tokens, lexicon), *_spoken_of(tokens, lexicon)))
        for start, end in stretches:
            title = _text(tokens[start:end])
            if start < begins and title not in unlike:
                return title
    return None


def opening_of(
    found: Sequence[Sentence], lexicon: Lexicon, *, instead: str | None = None
) -> str | None:
    """Return the first clause that says something, for a text too short to repeat itself.

    What people say before they begin is left out. A long clause ends before a preposition, or "…".
    `instead` is returned where the text opens with no clause that could be a heading.
    """
    language = lexicon.language or ""
    weak = _GREETINGS.get(language, frozenset()), _SAYERS.get(language, frozenset())
    for sentence in found:
        for clause in _clauses(tokens_of(sentence, lexicon)):
            while clause and clause[0].key in _STARTERS.get(language, ()):
                clause = clause[1:]
            if len(clause) < _LEAST or not any(token.kind == "full" for token in clause):
                continue
            if clause[0].key in _SUBORDINATE.get(language, ()) and clause[-1].breaks_after:
                continue
            title = _shortened(clause, lexicon)
            greets = any(token.key in weak[0] for token in clause)
            if instead is None or not (greets or clause[0].key in weak[1] or title[-1] == "…"):
                return title
            return instead
    return instead


def _shortened(clause: Sequence[Token], lexicon: Lexicon) -> str:
    if len(clause) <= _MOST:
        return _text(clause)
    for end in range(_MOST, _CUT_LEAST - 1, -1):
        kept = clause[:end]
        says = any(token.kind == "full" for token in kept)
        if says and clause[end].key in _CUTS.get(lexicon.language or "", ()):
            return _text(_without_ends(kept, lexicon))
    return _text(clause[: _MOST - 1]) + "…"


def _without_ends(kept: Sequence[Token], lexicon: Lexicon) -> Sequence[Token]:
    """Return a stretch without the words at its end after which something must come."""
    cuts = _CUTS.get(lexicon.language or "", frozenset())
    dangling = cuts | _BEFORE_NOUNS.get(lexicon.language or "", frozenset())
    while len(kept) > _LEAST and kept[-1].key in dangling:
        kept = kept[:-1]
    return kept


def _beginning(found: Sequence[Sentence], lexicon: Lexicon) -> Iterator[tuple[list[Token], int]]:
    """Yield the first sentences, with how many of their words are still the beginning."""
    whole = sum(len(sentence.words) for sentence in found)
    most = max(_BEGINNING_LEAST, int(_BEGINNING * whole))
    passed = 0
    for sentence in found:
        if passed >= most:
            return
        yield tokens_of(sentence, lexicon), most - passed
        passed += len(sentence.words)


def _clauses(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    clause: list[Token] = []
    for token in tokens:
        if clause and token.breaks_before:
            yield clause
            clause = []
        clause.append(token)
        if token.breaks_after:
            yield clause
            clause = []
    if clause:
        yield clause


def _asked(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield what a question word opens: how to fold a shirt."""
    openers, after, before = _ASKING.get(lexicon.language or "", (frozenset(),) * 3)
    for at, token in enumerate(tokens[:-2]):
        if token.key not in openers or token.breaks_after or tokens[at + 1].key in _TURNED:
            continue
        told = any(t.key in before for t in tokens[max(0, at - _REACH) : at])
        if not (told or tokens[at + 1].key in after):
            continue
        end = _to_end(tokens, at, lexicon)
        if end - at > _LEAST and any(t.kind != "stop" for t in tokens[at:end]):
            yield at, end


def _to_end(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> int:
    """Return one past the end of what is said from a place on, as many words as a title has."""
    ends_at = at
    for end in range(at, min(at + _MOST, len(tokens))):
        token = tokens[end]
        if end > at and (token.breaks_before or token.key == AND.get(lexicon.language or "")):
            break
        ends_at = end
        if token.breaks_after:
            break
    else:
        if ends_at + 1 < len(tokens) and not tokens[ends_at].breaks_after:
            while ends_at > at and tokens[ends_at].kind == "stop" and not _is_last(tokens, ends_at):
                ends_at -= 1
    return ends_at + 1


def _is_last(tokens: Sequence[Token], at: int) -> bool:
    return at + 1 == len(tokens) or tokens[at].breaks_after or tokens[at + 1].text[:1].isupper()


def _spoken_of(tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Yield what follows "about", with the noun before it: a quick note about the kitchen."""
    language = lexicon.language or ""
    about, needed = _ABOUT.get(language, (frozenset(), frozenset()))
    articles = _BEFORE_NOUNS.get(language, frozenset())
    for at, token in enumerate(tokens):
        if token.key not in about or token.breaks_after:
            continue
        if needed and not any(t.key in needed for t in tokens[max(0, at - _REACH) : at]):
            continue
        end = _noun_phrase(tokens, at + 1, lexicon)
        if end is None:
            continue
        start = None if needed else _noun_before(tokens, at, articles)
        yield (at + 1 if start is None else start), end


def _noun_before(tokens: Sequence[Token], at: int, articles: frozenset[str]) -> int | None:
    """Return where a noun phrase begins that ends just before a place: a quick note about."""
    if at < 2 or _NO_NOUN.search(tokens[at - 1].key):
        return None
    for start in range(at - 1, max(-1, at - 2 - _NOTED), -1):
        if tokens[start].breaks_after:
            return None
        if tokens[start].key in articles:
            return start + 1 if at - start > 1 else None
    return None


def _noun_phrase(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> int | None:
    """Return one past the end of a noun phrase that begins at a place, None where there is none."""
    articles = _BEFORE_NOUNS.get(lexicon.language or "", frozenset())
    links = LINKS.get(lexicon.language or "", frozenset()) - {AND.get(lexicon.language or "")}
    end = None
    full = content = 0
    for place in range(at, min(at + _MOST - 1, len(tokens))):
        token = tokens[place]
        if place > at and token.breaks_before:
            break
        if token.kind != "stop":
            end = place + 1
            content += 1
            full += token.kind == "full"
        elif not (place == at and token.key in articles) and not (end and token.key in links):
            break
        if token.breaks_after:
            break
    if end is None or not full:
        return None
    named = tokens[at].key in articles or tokens[at].text[:1].isupper()
    return end if named or content > 1 else None


def _text(stretch: Sequence[Token]) -> str:
    return composed(" ".join(token.text for token in stretch))
