"""Part -> grammar: the lattice of everything that may be written, walked byte by byte.

The lattice is a line of nodes: what stands before the first word, the first word's readings, what
may stand between it and the second, and so on. Each node offers options; every path writes every
word once, in order. The walk keeps all options alive that agree with the bytes written so far, so
a token may end anywhere: inside a word, a mark or a UTF-8 character.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.errors import AlignmentError
from engine.guided.vocabulary import Vocabulary
from engine.records import EnhancedWord, ModelInfo, Part
from engine.text.readings import (
    SENTENCE_MARKS,
    Join,
    is_mark,
    is_marked,
    is_shouting,
    joins,
    readings,
)

# A term takes the place of what was heard only where the model finds it clearly more likely.
TERM_BIAS = -1.0
END = -1  # stands for the end-of-text token in a set of allowed tokens

# One way of having written the bytes so far: node, option, bytes of it written, and the options
# chosen before, newest first, as (earlier, option).
_History = tuple[Any, int] | None
_Alive = tuple[int, int, int, _History]
State = tuple[_Alive, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One string that a node may write."""

    text: bytes
    bias_at: tuple[tuple[int, float], ...] = ()  # (byte, log-probability added when it is written)


@dataclass(frozen=True, slots=True)
class Allowed:
    """The tokens that may come next in a state."""

    ids: tuple[int, ...]  # `END` among them where the text may end
    bias: tuple[float, ...]  # one per id
    own: int  # index of the token that leads towards the source's own reading; -1: none


class Guide:
    """The grammar of one part, for one vocabulary. Immutable; a `State` is a value."""

    def __init__(
        self, part: Part, tail: Sequence[EnhancedWord], info: ModelInfo, vocabulary: Vocabulary
    ) -> None:
        self.part = part
        self.vocabulary = vocabulary
        marked = is_marked([word.text for word in part.words])
        self._bias = info.bias_marked if marked else info.bias
        paragraph = "\n\n " if info.template == "punct" else "\n\n"
        words = part.words
        shouting = is_shouting([word.text for word in words])
        self._joins: list[tuple[Join, ...]] = []
        self._readings: list[tuple[str, ...]] = []
        following = [*words[1:], *part.after[:1]]
        for n, word in enumerate(words):
            after = following[n] if n < len(following) else None
            usual = readings(word.text, shouting=shouting)
            self._readings.append(tuple(dict.fromkeys((*usual, *word.offered))))
            self._joins.append(
                joins(
                    word.text,
                    glued=after is not None and after.glued,
                    turn_ends=after is not None and after.speaker != word.speaker,
                    last=after is None,
                    paragraph=paragraph,
                    separators=info.separators,
                    settled=after is not None
                    and (is_mark(after.text) or (after.glued and bool(info.separators))),
                )
            )
        self.nodes: list[tuple[Option, ...]] = [self._opening(tail, info, paragraph)]
        for n in range(len(words)):
            self.nodes.append(self._word_options(n))
            self.nodes.append(
                tuple(
                    self._join_option(join, own=not place)
                    for place, join in enumerate(self._joins[n])
                )
            )
        self._last_join = len(self.nodes) - 1
        if part.after:
            stop = readings(part.after[0].text, shouting=shouting)
            self.nodes.append(tuple(Option(text.encode()) for text in stop))
        self._memo: dict[tuple[object, ...], Allowed] = {}

    def _opening(
        self, tail: Sequence[EnhancedWord], info: ModelInfo, paragraph: str
    ) -> tuple[Option, ...]:
        first = self.part.words[0]
        if tail:
            gap = paragraph if tail[-1].paragraph else "" if first.glued else " "
            return (Option(gap.encode()),)
        if info.template == "punct":
            return (Option(b" "),)
        return (Option(b""), Option(b" "))  # SentencePiece tokenizers write a space first

    def _word_options(self, n: int) -> tuple[Option, ...]:
        own, *others = self._readings[n]
        raised = self._bias.get("raise", 0.0)
        kept = self._bias.get("own_case", 0.0)
        offered = self.part.words[n].offered
        return (
            Option(own.encode(), ((0, kept),) if kept else ()),
            *(
                Option(text.encode(), ((0, TERM_BIAS),))
                if text in offered
                else Option(
                    text.encode(), ((0, raised),) if raised and text != text.lower() else ()
                )
                for text in others
            ),
        )

    def _join_option(self, join: Join, *, own: bool) -> Option:
        bias: list[tuple[int, float]] = []
        mark = self._bias.get(join.mark, 0.0) if join.mark else 0.0
        mark += self._bias.get("own", 0.0) if own else 0.0
        if mark:
            bias.append((0, mark))
        if join.paragraph and self._bias.get("paragraph", 0.0):
            bias.append((len(join.trail.encode()), self._bias["paragraph"]))
        return Option((join.trail + join.gap).encode(), tuple(bias))

    @property
    def start(self) -> State:
        """Return the state in which nothing is written."""
        return tuple((0, option, 0, None) for option in range(len(self.nodes[0])))

    def advance(self, state: State, token: int) -> State:
        """Return the state after a token; empty where the grammar does not admit it."""
        data = self.vocabulary.bytes_of.get(token)
        if not data:
            return ()
        out: dict[tuple[int, int, int], _Alive] = {}
        for node, option, offset, history in state:
            self._feed(node, option, offset, history, data, out)
        return tuple(out.values())

    def _feed(
        self,
        node: int,
        option: int,
        offset: int,
        history: _History,
        data: bytes,
        out: dict[tuple[int, int, int], _Alive],
    ) -> None:
        text = self.nodes[node][option].text
        rest = len(text) - offset
        if len(data) <= rest:
            if text.startswith(data, offset):
                # The first way to reach a place wins: options stand in order, the source's first.
                out.setdefault(
                    (node, option, offset + len(data)), (node, option, offset + len(data), history)
                )
            return
        if not data.startswith(text[offset:]) or node + 1 >= len(self.nodes):
            return
        beyond = data[rest:]
        chosen = (history, option)
        for following in range(len(self.nodes[node + 1])):
            self._feed(node + 1, following, 0, chosen, beyond, out)

    def is_done(self, state: State) -> bool:
        """Tell whether everything that the part must decide is decided."""
        return bool(self.part.after) and len(self._decided(state)) == 1

    def _decided(self, state: State) -> set[int]:
        found: set[int] = set()
        for node, option, _, history in state:
            if node < self._last_join:
                return set()
            if node == self._last_join:
                found.add(option)
            else:
                assert history is not None
                found.add(history[1])
        return found

    def may_end(self, state: State) -> bool:
        """Tell whether the text may end here; only where nothing follows the part."""
        return any(self._ending(alive) is not None for alive in state)

    def _ending(self, alive: _Alive) -> int | None:
        """Return the option of the last join with which the text may end here, if it may."""
        node, option, offset, _ = alive
        if self.part.after or offset < len(self.nodes[node][option].text):
            return None
        if node == self._last_join:
            return option
        if node == self._last_join - 1:
            for join, choice in enumerate(self.nodes[self._last_join]):
                if not choice.text:
                    return join
        return None

    def forced(self, state: State) -> tuple[int, ...]:
        """Return the tokens that finish the word the state is in, when there is nothing to choose.

        They are the tokenizer's own spelling of the word, so that the model reads what it knows.
        """
        if len(state) != 1:
            return ()
        node, option, offset, history = state[0]
        text = self.nodes[node][option].text
        if node % 2 == 0 or offset >= len(text) or history is None:
            return ()
        before = self.nodes[node - 1][history[1]].text
        return self._rest(before + text, len(before) + offset)

    def _rest(self, full: bytes, written: int) -> tuple[int, ...]:
        """Return the tokens for what is left of `full`: the tokenizer's own from where they fit.

        Asking again after any of them gives the rest of the same answer.
        """
        ids, ends = self.vocabulary.spell(full)
        starts = (0, *ends)
        out: list[int] = []
        while written < len(full):
            if written in starts:
                return (*out, *ids[starts.index(written) :])
            token = self.vocabulary.longest(full, written)
            out.append(token)
            written += len(self.vocabulary.bytes_of[token])
        return tuple(out)

    def draft(self, state: State, wanted: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """Return the tokens from the state to the end of the next word, along the wanted options.

        `wanted[n]` is (option of the join before word n, option of word n); n = len(words) is the
        word after the part. Where the state already differs, it goes on from where it is.
        """
        forced = self.forced(state)
        if forced:
            return forced
        for alive in sorted(state, key=lambda alive: not self._agrees(alive, wanted)):
            node, option, offset, history = alive
            text = self.nodes[node][option].text
            if node % 2 == 1 and offset < len(text):  # several readings are alive inside a word
                assert history is not None
                before = self.nodes[node - 1][history[1]].text
                return self._rest(before + text, len(before) + offset)
            if node % 2 == 1:  # a word is complete: the join after it comes next
                if node + 1 >= len(self.nodes):
                    return ()
                choice = wanted[(node + 1) // 2] if (node + 1) // 2 < len(wanted) else (0, 0)
                join = self.nodes[node + 1][choice[0]].text
                after = self.nodes[node + 2][choice[1]].text if node + 2 < len(self.nodes) else b""
                return self._rest(join + after, 0) if join + after else ()
            choice = wanted[node // 2] if node // 2 < len(wanted) else (0, 0)
            after = self.nodes[node + 1][choice[1]].text if node + 1 < len(self.nodes) else b""
            if len(text) + len(after) > offset:
                return self._rest(text + after, offset)
        return ()

    def _agrees(self, alive: _Alive, wanted: Sequence[tuple[int, int]]) -> bool:
        node, option, _, _ = alive
        return node // 2 < len(wanted) and wanted[node // 2][node % 2] == option

    def allowed(self, state: State) -> Allowed:
        """Return the tokens that may come next, with their bias."""
        key = self._memo_key(state)
        found = self._memo.get(key)
        if found is None:
            found = self._walk(state)
            self._memo[key] = found
        return found

    def _memo_key(self, state: State) -> tuple[object, ...]:
        return tuple(alive[:3] for alive in state)

    def _walk(self, state: State) -> Allowed:
        tokens: dict[int, float] = {}
        for node, option, offset, _ in state:
            self._descend(node, option, offset, b"", 0.0, tokens)
        ids = list(tokens)
        bias = list(tokens.values())
        path = self.draft(state, [(0, 0)] * (len(self.part.words) + 1))
        own = ids.index(path[0]) if path and path[0] in tokens else -1
        if self.may_end(state):
            if any(self._ending(alive) == 0 for alive in state):
                own = len(ids)
            ids.append(END)
            bias.append(0.0)
        return Allowed(tuple(ids), tuple(bias), own)

    def _descend(
        self,
        node: int,
        option: int,
        offset: int,
        prefix: bytes,
        bias: float,
        tokens: dict[int, float],
    ) -> None:
        known = self.vocabulary.ids_of
        prefixes = self.vocabulary.prefixes
        choice = self.nodes[node][option]
        text = choice.text
        for at in range(offset, len(text)):
            for place, amount in choice.bias_at:
                if place == at:
                    bias += amount
            prefix += text[at : at + 1]
            for token in known.get(prefix, ()):
                tokens.setdefault(token, bias)
            if prefix not in prefixes:
                return
        if node + 1 < len(self.nodes):
            for following in range(len(self.nodes[node + 1])):
                self._descend(node + 1, following, 0, prefix, bias, tokens)

    def learn(self, state: State, token: int, wanted: list[tuple[int, int]]) -> None:
        """Note in `wanted` what deciding on a token in a state says of the next word."""
        after = self.advance(state, token)
        if not after:
            return
        node, option, _, history = after[0]
        if node % 2 == 1 and history is not None:
            wanted[node // 2] = (history[1], option)
        elif node % 2 == 0 and 0 < node // 2 < len(wanted):
            n = node // 2
            wanted[n] = (option, self._usual_case(n, option, wanted[n][1]))

    def _usual_case(self, n: int, join: int, current: int) -> int:
        """Return the option of word n with a raised first letter after a sentence end."""
        chosen = self._joins[n - 1][join]
        words = self._readings[n] if n < len(self._readings) else ()
        if chosen.paragraph or any(char in SENTENCE_MARKS for char in chosen.trail):
            for option, text in enumerate(words):
                if text[:1].isupper():
                    return option
        return current

    def choices(self, state: State) -> list[int]:
        """Return the option of every decided node; raises `AlignmentError` before the end."""
        for alive in state:
            node, option, _, history = alive
            last = self._ending(alive)
            if last is not None and node < self._last_join:
                history, option = (history, option), last
                break
            if last is not None or (self.part.after and node >= self._last_join):
                break
        else:
            raise AlignmentError()
        chosen = [option]
        while history is not None:
            history, earlier = history
            chosen.append(earlier)
        chosen.reverse()
        return chosen[: self._last_join + 1]

    def enhanced(self, choices: Sequence[int]) -> tuple[EnhancedWord, ...]:
        """Return the part's words with the readings that were chosen."""
        if len(choices) != self._last_join + 1:
            raise AlignmentError()
        out = []
        for n, word in enumerate(self.part.words):
            reading = self._readings[n][choices[1 + 2 * n]]
            join = self._joins[n][choices[2 + 2 * n]]
            out.append(EnhancedWord(word, reading + join.trail, paragraph=join.paragraph))
        return tuple(out)

    @cached_property
    def text_bytes(self) -> int:
        """Return how many bytes the source's own reading has, a bound for progress."""
        return sum(len(node[0].text) for node in self.nodes)
