"""Walk a lattice byte by byte: which tokens may come next, and which words they have written.

The guide puts the options of the lattice in a line of nodes: what stands before the first word, the
readings of the first word, the joins after it, the readings of the second word, and so on. The walk
keeps every position that agrees with the bytes written so far. So a token may end anywhere: inside
a word, a mark or a UTF-8 character.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from engine.errors import AlignmentError
from engine.guided.vocabulary import Vocabulary
from engine.records import EnhancedWord, Layout, ModelInfo, Part
from engine.text.lattice import Choice, Lattice, Reading, WeighedJoin
from engine.text.structure import Place

END: Final = -1  # stands for the end-of-text token in a set of allowed tokens

# The option that a draft takes at every node. 0 is the source's own.
DraftPlan = list[int]


class Chosen(NamedTuple):
    """The option that was taken at a node, and those taken before it."""

    before: Chosen | None
    option: int


class Position(NamedTuple):
    """One way to have written the bytes so far, and the place that it has reached."""

    node: int
    option: int
    offset: int  # bytes of the option that are written
    chosen: Chosen | None  # the options of the nodes before; None at the first node
    place: Place  # before the word that the node belongs to


State = tuple[Position, ...]


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


def is_word(node: int) -> bool:
    """Return whether a node holds the readings of a word, and not what stands before one."""
    return node % 2 == 1


def word_of(node: int) -> int:
    """Return the word whose readings a node holds, or the word after the gap that it holds."""
    return node // 2


class Guide:
    """The grammar of one part, for one vocabulary. Immutable; a `State` is a value.

    Node 2n holds what may stand before word n, node 2n + 1 its readings. The word after the part
    counts as a word here, so that the last join is decided by what follows it.
    """

    def __init__(
        self, part: Part, tail: Sequence[EnhancedWord], info: ModelInfo, vocabulary: Vocabulary
    ) -> None:
        self.lattice = Lattice(part, info, tail)
        self.vocabulary = vocabulary
        nodes = [tuple(Option(text.encode()) for text in _openings(part, tail, info.layout))]
        for readings, joins in zip(self.lattice.readings, self.lattice.joins, strict=True):
            nodes.append(tuple(_reading_option(reading) for reading in readings))
            nodes.append(tuple(_join_option(join) for join in joins))
        self._last_join = len(nodes) - 1
        if self.lattice.stops:
            nodes.append(tuple(Option(text.encode()) for text in self.lattice.stops))
        self.nodes = tuple(nodes)
        self._word_follows = bool(self.lattice.stops)
        self._source_plan = self.source_plan()
        self._memo: dict[tuple[object, ...], Allowed] = {}

    @property
    def start(self) -> State:
        """Return the state in which nothing is written."""
        place = self.lattice.structure.start
        return tuple(Position(0, option, 0, None, place) for option in range(len(self.nodes[0])))

    def source_plan(self) -> DraftPlan:
        """Return the plan of a draft that writes what the source has."""
        return [0] * len(self.nodes)

    def advance(self, state: State, token: int) -> State:
        """Return the state after a token; empty where the grammar does not admit it."""
        data = self.vocabulary.bytes_of.get(token)
        if not data:
            return ()
        reached: dict[tuple[int, int, int], Position] = {}
        for position in state:
            self._write(position, data, reached)
        return tuple(reached.values())

    def _write(
        self, position: Position, data: bytes, reached: dict[tuple[int, int, int], Position]
    ) -> None:
        """Add the positions that writing `data` from a position leads to."""
        node, option, offset, chosen, before = position
        text = self.nodes[node][option].text
        left = len(text) - offset
        if len(data) <= left:
            if text.startswith(data, offset):
                # The first way to reach a place wins: options stand in order, the source's first.
                place = (node, option, offset + len(data))
                reached.setdefault(place, Position(*place, chosen, before))
            return
        if node + 1 == len(self.nodes) or not data.startswith(text[offset:]):
            return
        beyond = data[left:]
        chosen = Chosen(chosen, option)
        for following, there in self._following(node, option, before):
            self._write(Position(node + 1, following, 0, chosen, there), beyond, reached)

    def _following(self, node: int, option: int, place: Place) -> Iterator[tuple[int, Place]]:
        """Yield the options of the next node that the rules admit, each with its place."""
        structure = self.lattice.structure
        n = word_of(node)
        if is_word(node):
            for join in range(len(self.nodes[node + 1])):
                if structure.admits_join(place, n, join):
                    yield join, place
            return
        if node > 0:
            place = structure.after(place, n - 1, option)
        for reading in range(len(self.nodes[node + 1])):
            if structure.admits_reading(place, n, reading):
                yield reading, place

    def is_done(self, state: State) -> bool:
        """Return whether everything that the part must decide is decided."""
        return self._word_follows and len(self._last_joins(state)) == 1

    def _last_joins(self, state: State) -> set[int]:
        """Return the last joins that a state may have taken; none while one is still before it."""
        found: set[int] = set()
        for node, option, _, chosen, _ in state:
            if node < self._last_join:
                return set()
            if node == self._last_join:
                found.add(option)
            else:
                assert chosen is not None, "the last join stands before the word after the part"
                found.add(chosen.option)
        return found

    def may_end(self, state: State) -> bool:
        """Return whether the text may end here; it may only where nothing follows the part."""
        return any(self._ending(position) is not None for position in state)

    def _ending(self, position: Position) -> int | None:
        """Return the option of the last join with which the text may end here, if it may."""
        node, option, offset, _, _ = position
        if self._word_follows or offset < len(self.nodes[node][option].text):
            return None
        if node == self._last_join:
            return option
        if node == self._last_join - 1:
            for join, choice in enumerate(self.nodes[self._last_join]):
                if not choice.text:
                    return join
        return None

    def allowed(self, state: State) -> Allowed:
        """Return the tokens that may come next, with their bias."""
        places = tuple((*position[:3], position.place) for position in state)
        found = self._memo.get(places)
        if found is None:
            found = self._memo[places] = self._find_allowed(state)
        return found

    def _find_allowed(self, state: State) -> Allowed:
        tokens: dict[int, float] = {}
        for node, option, offset, _, place in state:
            self._collect(node, option, offset, place, b"", 0.0, tokens)
        ids = list(tokens)
        bias = list(tokens.values())
        path = self.draft(state, self._source_plan)
        own = ids.index(path[0]) if path and path[0] in tokens else -1
        if self.may_end(state):
            if any(self._ending(position) == 0 for position in state):
                own = len(ids)
            ids.append(END)
            bias.append(0.0)
        return Allowed(tuple(ids), tuple(bias), own)

    def _collect(
        self,
        node: int,
        option: int,
        offset: int,
        place: Place,
        prefix: bytes,
        bias: float,
        tokens: dict[int, float],
    ) -> None:
        """Add the tokens that write `prefix` and on from a place in the lattice, with their bias.

        `prefix` and `bias` are what the walk to this place has gathered.
        """
        known = self.vocabulary.ids_of
        prefixes = self.vocabulary.prefixes
        choice = self.nodes[node][option]
        for at in range(offset, len(choice.text)):
            for byte, amount in choice.bias_at:
                if byte == at:
                    bias += amount
            prefix += choice.text[at : at + 1]
            for token in known.get(prefix, ()):
                tokens.setdefault(token, bias)
            if prefix not in prefixes:
                return
        if node + 1 < len(self.nodes):
            for following, there in self._following(node, option, place):
                self._collect(node + 1, following, 0, there, prefix, bias, tokens)

    def forced(self, state: State) -> tuple[int, ...]:
        """Return the tokens that finish the word the state is in, when there is nothing to choose.

        They are the tokenizer's own spelling of the word, so that the model reads what it knows.
        """
        if len(state) == 1 and self._is_inside_word(state[0]):
            return self._finish_word(state[0])
        return ()

    def draft(self, state: State, plan: Sequence[int]) -> tuple[int, ...]:
        """Return the tokens from the state to the end of the next word, as planned.

        Where the state already differs from the plan, the draft goes on from where the state is.
        """
        forced = self.forced(state)
        if forced:
            return forced
        for position in sorted(state, key=lambda place: plan[place.node] != place.option):
            node, option, offset, _, place = position
            if self._is_inside_word(position):  # several readings are possible
                return self._finish_word(position)
            if is_word(node):
                return self.vocabulary.spell_rest(self._planned(node, option, place, plan, 2), 0)
            planned = self._planned(node, option, place, plan, 1)
            gap_and_word = self.nodes[node][option].text + planned
            if len(gap_and_word) > offset:
                return self.vocabulary.spell_rest(gap_and_word, offset)
        return ()

    def _is_inside_word(self, position: Position) -> bool:
        node, option, offset = position[:3]
        return is_word(node) and offset < len(self.nodes[node][option].text)

    def _finish_word(self, position: Position) -> tuple[int, ...]:
        node, option, offset, chosen, _ = position
        assert chosen is not None, "a gap stands before every word"
        gap = self.nodes[node - 1][chosen.option].text
        return self.vocabulary.spell_rest(gap + self.nodes[node][option].text, len(gap) + offset)

    def _planned(
        self, node: int, option: int, place: Place, plan: Sequence[int], count: int
    ) -> bytes:
        """Return what a draft writes at the next `count` nodes; nothing behind the last one.

        Where the rules do not admit what is planned, it is the first option that they admit.
        """
        text = b""
        for _ in range(count):
            if node + 1 == len(self.nodes):
                break
            options = list(self._following(node, option, place))
            node += 1
            option, place = next((one for one in options if one[0] == plan[node]), options[0])
            text += self.nodes[node][option].text
        return text

    def note_decision(self, state: State, token: int, plan: DraftPlan) -> None:
        """Change the plan to what deciding on a token in a state means for the next word."""
        node, option, _, chosen, _ = self.advance(state, token)[0]
        if node == 0:
            return
        plan[node] = option
        if is_word(node):
            assert chosen is not None, "a gap stands before every word"
            plan[node - 1] = chosen.option
            return
        raised = self.lattice.raised_after(word_of(node) - 1, option)
        if raised is not None:
            plan[node + 1] = raised

    def path(self, state: State) -> tuple[Choice, ...]:
        """Return what was chosen for every word; raises `AlignmentError` before the end."""
        for position in state:
            ending = self._ending(position)
            if ending is None and not (self._word_follows and position.node >= self._last_join):
                continue
            options = _options_of(position)
            if ending is not None and position.node < self._last_join:
                options.append(ending)
            options = options[1 : self._last_join + 1]
            return tuple(map(Choice, options[::2], options[1::2]))
        raise AlignmentError()

    def enhanced(self, state: State) -> tuple[EnhancedWord, ...]:
        """Return the words of the part as they are written; raises `AlignmentError`."""
        return self.lattice.enhanced(self.path(state))


def _openings(part: Part, tail: Sequence[EnhancedWord], layout: Layout) -> tuple[str, ...]:
    """Return what may stand before the first word of a part."""
    if tail:
        glued = part.words[0].glued
        return (layout.paragraph if tail[-1].paragraph else "" if glued else " ",)
    # A SentencePiece tokenizer writes a space first, whatever the layout.
    return tuple(dict.fromkeys((layout.opening, " ")))


def _reading_option(reading: Reading) -> Option:
    return Option(reading.text.encode(), ((0, reading.bias),) if reading.bias else ())


def _join_option(weighed: WeighedJoin) -> Option:
    """Return the bytes of a join; a bias counts at the byte that writes what it is for."""
    join, mark_bias, paragraph_bias = weighed
    places = ((0, mark_bias), (len(join.trail.encode()), paragraph_bias))
    bias_at = tuple((place, amount) for place, amount in places if amount)
    return Option((join.trail + join.gap).encode(), bias_at)


def _options_of(position: Position) -> list[int]:
    """Return the options that lead to a position, one for every node up to its own."""
    options = [position.option]
    chosen = position.chosen
    while chosen is not None:
        options.append(chosen.option)
        chosen = chosen.before
    return options[::-1]
