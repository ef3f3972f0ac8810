"""A quotation is a path through what was said: no model, however random, can invent one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from engine.ask import writing
from engine.ask.answer import Answer
from engine.ask.asked import Asked, ask, folded_stops
from engine.ask.evidence import Retrieved
from engine.ask.passages import Passage, Spoken, Turn
from engine.guided import model
from engine.guided.calls import CallGrammar
from engine.guided.generate import Options, Quotable, Writer
from engine.guided.quoting import QuoteGuide
from engine.models import catalog
from tests import small_models

ADA = 'We met "here" in May. It cost 15,000 € [gross], they said. I left.'
BOB = "No. Это было дорого. 高い。"
OWN = re.compile(r'[^\s"\[\]][^"\n\[\]]+[.!?] \[(\d)\]')


def retrieved(number: int, *turns: tuple[str | None, str]) -> Retrieved:
    made = tuple(
        Turn(
            speaker,
            tuple(Spoken(word, 60.0 * n + at, False) for at, word in enumerate(text.split())),
            n,
        )
        for n, (speaker, text) in enumerate(turns)
    )
    return Retrieved(number, f"/{number}.json", None, Passage(0, made, 0.0, 60.0 * len(turns)))


SHOWN = [retrieved(1, ("Ada", ADA), ("Bob", BOB)), retrieved(2, (None, "The river was cold."))]
PLAIN = Answer("Why was it cold?", "answered", "", (), (), 0.9, 2, 2)
QUOTABLE = Quotable(writing.quotable(SHOWN), writing.NOT_THERE)


def read(text: str, about: str = "Why was it cold?") -> Answer:
    asked = question(about)
    return writing.read(text, PLAIN, SHOWN, asked=asked, model="m", stops=folded_stops("en"))


def question(text: str) -> Asked:
    return ask(text, frequency=lambda token: 1, passages=2)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Writer:
    folder = small_models.tools_like(tmp_path_factory.mktemp("quoter") / "m")
    return Writer(model.load(catalog.describe(str(folder))))


@pytest.mark.parametrize("seed", range(4))
def test_a_random_model_quotes_only_what_was_said(writer: Writer, seed: int) -> None:
    """Every whole line is a run of sentences of one speaker, or a sentence with its number."""
    pieces: list[str] = []
    took = writer.write(
        writing.messages("Why?", SHOWN),
        options=Options(max_tokens=150, temperature=3.0, seed=seed),
        on_text=pieces.append,
        quotable=QUOTABLE,
    )
    text = "".join(pieces)
    lines = text.split("\n")
    whole = lines if took.finish == "stop" else lines[:-1]
    if text != writing.NOT_THERE:
        assert lines[0].startswith('" ')
        found = [line for line in whole if line.startswith('" ')]
        for line in found:
            said, number = re.fullmatch(r'" (.+)" \[(\d)\]', line).groups()  # type: ignore[union-attr]
            turns = QUOTABLE.passages[int(number) - 1]
            assert any(said in " ".join(turn) for turn in turns)
        own = [line for line in whole if line and not line.startswith('" ')]
        assert all(OWN.fullmatch(line) for line in own)
        quoted = {line for line in found if line.endswith("[2]")}  # the other is about no cold
        assert len(read(text).quotes) == len(quoted)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ('" I left." [1]\n', True),
        ('" We met "here" in May. It cost 15,000 € [gross], they said." [1]\n', True),
        ('" Это было дорого. 高い。" [1]\nIt was dear, he says. [1]\n', True),
        ('" The river was cold." [2]\n" I left." [1]\n', True),
        (writing.NOT_THERE, True),
        ("The passages do not say.", False),
        ('" I left." [2]\n', False),
        ('" We met "here" in May. I left." [1]\n', False),
        ('" I left. No." [1]\n', False),
        ('" It cost 50,000 €', False),
        ('" left." [1]\n', False),
        ('" " [1]\n', False),
        ("It was cold. [2]\n", False),
        ('" I left." [1]\nHe said "no". [1]\n', False),
        ('" I left." [1]\nThe river was cold. [2]\n', False),
    ],
)
def test_what_the_grammar_allows(writer: Writer, text: str, allowed: bool) -> None:
    """Whole sentences, one speaker, the right number; no sentence before a quotation."""
    vocabulary = writer._model.vocabulary
    grammar = CallGrammar(vocabulary, vocabulary.control_id("<|im_end|>"))
    guide = QuoteGuide(grammar, QUOTABLE.passages, not_there=QUOTABLE.not_there, thinking=None)
    consumed = guide._matcher.consume_tokens(list(vocabulary.spell(text.encode())[0]))
    assert consumed is allowed


def test_a_quotation_of_several_sentences_is_short(writer: Writer) -> None:
    """A weak model would go on to the end of the passage; one sentence may be long."""
    vocabulary = writer._model.vocabulary
    grammar = CallGrammar(vocabulary, vocabulary.control_id("<|im_end|>"))
    turn = [f"This is sentence number {n} of a long talk." for n in range(30)]
    long = " ".join(["word"] * 200) + "."
    for said, allowed in ((turn[3:5], True), (turn[3:25], False), ([long], True)):
        guide = QuoteGuide(grammar, [[turn, [long]]], not_there="", thinking=None)
        text = '" ' + " ".join(said) + '" [1]\n'
        consumed = guide._matcher.consume_tokens(list(vocabulary.spell(text.encode())[0]))
        assert consumed is allowed


def test_a_quotation_has_its_time_and_speaker_from_its_passage() -> None:
    """The same words elsewhere do not matter; what is not there is left out."""
    answer = read('" Это было дорого." [1]\n" I stayed." [1]\n" I le', about="Было это дорого?")
    assert [(q.text, q.speaker, q.start_s) for q in answer.quotes] == [
        ("Это было дорого.", "Bob", 61.0)
    ]
    assert answer.written is not None
    assert answer.written.claims == ()


def test_a_quotation_about_something_else_is_left_out() -> None:
    """It is real and no answer; the sentence after it goes with it, and no other takes it."""
    answer = read(
        '" The river was cold." [2]\nThe river was cold. [2]\n'
        '" I left." [1]\nI left. [1]\n" The river was cold." [2]\nThe cold river was cold. [2]\n'
    )
    assert [quote.text for quote in answer.quotes] == ["The river was cold."]
    assert answer.written is not None
    assert (answer.written.beside, answer.written.sentences, answer.written.dropped) == (1, 3, 1)
    assert [(claim.text, claim.cites) for claim in answer.written.claims] == [
        ("The river was cold.", (1,)),
        ("The cold river was cold.", (1,)),
    ]


@pytest.mark.parametrize(
    ("sentence", "kept", "unsupported"),
    [
        ("The cold river was cold.", True, ()),
        ("It was cold because of the river.", True, ()),
        ("The river was 5 degrees cold.", False, ()),
        ("The river was cold in Edinburgh.", False, ()),
        ("The river was not cold.", False, ()),
        ("The deep wide river pleased swimmers.", False, ()),
    ],
)
def test_a_sentence_is_held_against_its_quotation(
    sentence: str, kept: bool, unsupported: tuple[str, ...]
) -> None:
    """Numbers, names, negations and most words must stand there."""
    written = read(f'" The river was cold." [2]\n{sentence} [2]\n').written
    assert written is not None
    assert (written.sentences, written.dropped) == (1, 0 if kept else 1)
    assert [claim.unsupported for claim in written.claims] == ([unsupported] if kept else [])


def test_where_a_model_finds_no_answer_the_sentences_that_fit_are_quoted() -> None:
    """Its word is not taken for it: what was found is shown."""
    plain = replace(PLAIN, quotes=read('" The river was cold." [2]\n').quotes)
    asked = question(PLAIN.question)
    answer = writing.read(writing.NOT_THERE, plain, SHOWN, asked=asked, model="m", stops=())
    assert answer.quotes == plain.quotes
    assert answer.written is not None
    assert (answer.written.claims, answer.written.refused) == ((), True)
    assert answer.remark.startswith("m finds no answer")
    assert plain.remark == ""


def test_a_model_can_be_made_to_quote(writer: Writer) -> None:
    """Without a way to say that nothing answers, it begins with a quotation."""
    vocabulary = writer._model.vocabulary
    grammar = CallGrammar(vocabulary, vocabulary.control_id("<|im_end|>"))
    guide = QuoteGuide(grammar, QUOTABLE.passages, not_there="", thinking=None)
    refusal = list(vocabulary.spell(writing.NOT_THERE.encode())[0])
    assert not guide._matcher.deep_copy().consume_tokens(refusal)
    assert guide._matcher.consume_tokens(list(vocabulary.spell(b'" I left." [1]\n')[0]))
