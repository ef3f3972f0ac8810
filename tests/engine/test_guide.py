"""The grammar of a part: all that it admits keeps the words, and it admits all that it should."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from functools import lru_cache

import llguidance
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.guided.guide import END, Guide, State
from engine.guided.vocabulary import Vocabulary
from engine.records import EnhancedWord, Layout, ModelInfo, Part, Word
from engine.text.readings import content, joins, readings
from engine.text.structure import Place
from tests import small_models

INFO = ModelInfo(
    name="test",
    path="",
    revision=None,
    quantization=None,
    tasks=("punctuate",),
    languages=(),
    template="chat",
    part_words=50,
    tail_words=5,
    lookahead_words=5,
)


@lru_cache
def vocabulary(kind: str) -> Vocabulary:
    if kind == "sentencepiece":
        tokenizer = small_models.sentencepiece_tokenizer()
        tokenizer.add_special_tokens(small_models.GEMMA_TOKENS)
    else:
        tokenizer = small_models.byte_level_tokenizer(6_000)
        tokenizer.add_special_tokens(small_models.LLAMA3_TOKENS)
    return Vocabulary(tokenizer.to_str())


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(word) for word in text.split())


def walk(guide: Guide, chooser: random.Random) -> State:
    """Write a random path through the grammar, by allowed tokens alone."""
    state = guide.start
    for _ in range(10_000):
        if guide.is_done(state):
            return state
        allowed = guide.allowed(state)
        assert allowed.ids, "the grammar has a dead end"
        token = chooser.choice(allowed.ids)
        if token == END:
            return state
        state = guide.advance(state, token)
        assert state, "an allowed token was not accepted"
    raise AssertionError("the grammar does not end")


WORD = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=6
).filter(lambda text: not any(char.isspace() for char in text))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(WORD, st.booleans(), st.sampled_from([None, "A", "B"])), min_size=1, max_size=6
    ),
    st.integers(0, 2),
    st.sampled_from(["byte", "sentencepiece"]),
    st.sampled_from([Layout(), Layout(paragraph="\n\n ", opening=" ")]),
    st.randoms(use_true_random=False),
)
def test_every_path_keeps_every_word(
    content_words: list[tuple[str, bool, str | None]],
    lookahead: int,
    kind: str,
    layout: Layout,
    chooser: random.Random,
) -> None:
    """Random text and random tokens: the words come out in order, with other marks."""
    made = tuple(Word(text, speaker=who, glued=glued) for text, glued, who in content_words)
    part = Part(0, made, after=words("and then it")[:lookahead])
    info = dataclasses.replace(INFO, layout=layout)
    guide = Guide(part, (), info, vocabulary(kind))
    enhanced = guide.enhanced(walk(guide, chooser))
    assert [word.word for word in enhanced] == list(made)
    for word in enhanced:
        assert content(word.text) == content(word.word.text)


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        ([Word("Li"), Word("\u738b"), Word("\u660e", glued=True), Word("left")], [1]),
        ([Word("was"), Word("it"), Word("?"), Word("no")], [1, 2]),
    ],
)
def test_no_mark_goes_into_a_word_or_before_a_mark(said: list[Word], settled: list[int]) -> None:
    """A name that is written without spaces gets no marks inside."""
    info = dataclasses.replace(INFO, separators=(",", "."))
    guide = Guide(Part(0, tuple(said)), (), info, vocabulary("byte"))
    for seed in range(40):
        enhanced = guide.enhanced(walk(guide, random.Random(seed)))
        assert all(enhanced[n].text.lower() == said[n].text for n in settled)
        assert not any(enhanced[n].paragraph for n in settled[:1])


def oracle(guide: Guide) -> str:
    """Return the same grammar for the judge: a rule for each word and each place before it."""
    lattice, structure = guide.lattice, guide.lattice.structure
    part = lattice.part
    following = [*part.words[1:], *part.after[:1]]
    rules: dict[str, str] = {}

    def rule(n: int, place: Place) -> str:
        """Return the name of the rule for word n and all that comes after it."""
        name = f"w{n}_{place.begins}_{place.paragraph}"
        if name in rules:
            return name
        of = [word.text for word in (*part.words, *part.after)][n]
        admitted = [
            text for m, text in enumerate(readings(of)) if structure.admits_reading(place, n, m)
        ]
        if n == len(part.words):
            rules[name] = _any(admitted)
            return name
        rules[name] = ""
        after = following[n] if n < len(following) else None
        between = joins(
            of,
            glued=after is not None and after.glued,
            turn_ends=after is not None and after.speaker != part.words[n].speaker,
            last=after is None,
            paragraph="\n\n",
            separators=(),
        )
        ways = [
            _any([join.trail + join.gap])
            + (" " + rule(n + 1, structure.after(place, n, j)) if after is not None else "")
            for j, join in enumerate(between)
            if structure.admits_join(place, n, j)
        ]
        rules[name] = _any(admitted) + " (" + " | ".join(ways) + ")"
        return name

    start = f"start: (/ /)? {rule(0, structure.start)}"
    return "\n".join([start, *(f"{name}: {text}" for name, text in rules.items())])


def _any(texts: Sequence[str]) -> str:
    ways = ["".join(f"\\x{{{ord(c):x}}}" for c in text) for text in texts]
    return "(" + " | ".join(f"/{way}/" if way else '""' for way in ways) + ")"


@pytest.mark.parametrize(
    "text",
    [
        "so the thing is",
        'he said, "Stop here." (twice) and left',
        "U.S. and Mr. Smith don't know...",
        "так вот мы не знаем",
        "été naïve 3.5 $5",
    ],
)
@pytest.mark.parametrize("lookahead", [0, 1])
def test_an_independent_grammar_engine_admits_the_same_tokens(text: str, lookahead: int) -> None:
    """Along random paths the allowed tokens are exactly those that llguidance admits."""
    vocab = vocabulary("byte")
    part = Part(0, words(text), after=words("then")[:lookahead])
    guide = Guide(part, (), INFO, vocab)
    tokens = [b""] * vocab.size
    for token, data in vocab.bytes_of.items():
        tokens[token] = data
    end_id = vocab.control_id("<|eot_id|>")
    tokens[end_id] = b"\xff<|eot_id|>"
    judge_tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(_Tokens(tokens, end_id)))
    chooser = random.Random(7)
    compared = 0
    for _ in range(3):
        judge = llguidance.LLMatcher(
            judge_tokenizer, llguidance.LLMatcher.grammar_from_lark(oracle(guide)), log_level=0
        )
        assert not judge.get_error()
        state = guide.start
        while not guide.is_done(state):
            allowed = guide.allowed(state)
            ours = {end_id if token == END else token for token in allowed.ids}
            # Not the bit mask: where bytes are forced it holds the judge's favourite token only.
            theirs = {token for token in vocab.bytes_of if judge.validate_tokens([token])}
            assert ours - {end_id} == theirs
            assert (END in allowed.ids) == judge.is_accepting()
            compared += 1
            token = chooser.choice(sorted(ours))
            if token == end_id:
                break
            state = guide.advance(state, token)
            assert judge.consume_token(token)
    assert compared > 20


class _Tokens:
    """What llguidance needs to know about a vocabulary."""

    def __init__(self, tokens: list[bytes], end_id: int) -> None:
        self.tokens = tokens
        self.special_token_ids = [end_id]
        self.bos_token_id = None
        self.eos_token_id = end_id

    def __call__(self, data: bytes | str) -> list[int]:
        return vocabulary("byte").greedy(data.encode() if isinstance(data, str) else data)


@settings(max_examples=60, deadline=None)
@given(st.lists(WORD, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_forced_tokens_are_the_same_asked_at_once_and_one_by_one(
    texts: list[str], chooser: random.Random
) -> None:
    """A draft takes a word's tokens at once, single steps one by one: both must write the same."""
    vocab = vocabulary("byte")
    guide = Guide(Part(0, tuple(Word(text) for text in texts)), (), INFO, vocab)
    state = guide.start
    while True:
        forced = guide.forced(state)
        if forced:
            state = guide.advance(state, forced[0])
            assert guide.forced(state) == forced[1:]
            continue
        token = chooser.choice(guide.allowed(state).ids)
        if token == END:
            break
        state = guide.advance(state, token)


def test_the_tail_decides_what_stands_before_the_first_word() -> None:
    """After a paragraph a part starts with a break, else with a space; there is no choice."""
    part = Part(1, words("next words"))
    vocab = vocabulary("byte")
    for paragraph, opening in ((True, b"\n\n"), (False, b" ")):
        tail = (EnhancedWord(Word("before"), "before.", paragraph=paragraph),)
        guide = Guide(part, tail, INFO, vocab)
        for token in guide.allowed(guide.start).ids:
            assert opening.startswith(vocab.bytes_of[token]) or vocab.bytes_of[token].startswith(
                opening
            )


def test_the_bias_of_a_mark_counts_once_where_the_mark_is_written() -> None:
    """A comma's bias falls on the token that writes it, a paragraph's on the break."""
    info = dataclasses.replace(INFO, bias={",": 0.5, "paragraph": -1.0})
    vocab = vocabulary("byte")
    guide = Guide(Part(1, words("so then"), after=words("it")), (), info, vocab)
    state = guide.start
    while guide.forced(state) or state == guide.start:
        token = guide.draft(state, guide.source_plan())[0]
        state = guide.advance(state, token)
    allowed = guide.allowed(state)
    bias = {
        vocab.bytes_of[token]: value for token, value in zip(allowed.ids, allowed.bias, strict=True)
    }
    assert bias[b","] == 0.5
    assert bias[b"."] == 0.0
    assert bias[b".\n\n"] == -1.0
    assert vocab.bytes_of[allowed.ids[allowed.own]].startswith(b" ")


def test_where_the_source_has_marks_its_own_reading_may_weigh_more() -> None:
    """A punctuated text has its own bias, and "own" falls on what the source wrote."""
    info = dataclasses.replace(INFO, bias={",": 0.5}, bias_marked={"own": 1.0, "own_case": 0.25})
    vocab = vocabulary("byte")
    guide = Guide(Part(0, words("so. Then"), after=words("it")), (), info, vocab)
    state = guide.start
    while not any(place.node == 1 and place.offset == 2 for place in state):
        state = guide.advance(state, guide.draft(state, guide.source_plan())[0])
    allowed = guide.allowed(state)
    bias = {vocab.bytes_of[t]: value for t, value in zip(allowed.ids, allowed.bias, strict=True)}
    assert bias[b"."] == 1.0
    assert bias[b","] == 0.0
