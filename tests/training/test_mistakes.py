"""Mistakes are shown in answers, never asked for."""

import random
from pathlib import Path

import pytest

pytest.importorskip("numpy")
pytest.importorskip("tokenizers")

from engine.training.corpus import Corpus
from engine.training.degrade import LOWER, RIGHT, WHISPER, Unit, degrade
from engine.training.examples import READ, Shape, assemble, batches, draw_example, leave_to_choices
from engine.training.mistakes import Guesser, show
from engine.training.tokens import Codec

Loaded = tuple[Corpus, Codec, Guesser]


@pytest.fixture
def loaded(prepared: Path) -> Loaded:
    """A tiny corpus, its tokenizer, a guesser that knows it."""
    corpus = Corpus(prepared / "data" / "train.npz")
    return corpus, Codec.load(prepared / "data" / "tokenizer"), Guesser(corpus)


def window(corpus: Corpus, kind: str, seed: int) -> list[Unit]:
    """Forty words of prose."""
    words, _, _ = corpus.draw(random.Random(seed), "prose", 40)
    return degrade(words, kind, random.Random(seed))


def test_other_marks_are_shown_for_the_same_words(loaded: Loaded) -> None:
    """Marks go missing and are put where none belongs; words differ in their first letter."""
    corpus, _, guesser = loaded
    missed = guessed = 0
    for seed in range(60):
        units = window(corpus, LOWER, seed)
        shown = show(units, LOWER, guesser, random.Random(seed))
        assert [u.core.lower() for u in shown] == [u.core.lower() for u in units]
        assert [u.raw for u in shown] == [u.raw for u in units]
        missed += sum(bool(u.mark) and s.mark != u.mark for u, s in zip(units, shown, strict=True))
        guessed += sum(not u.mark and bool(s.mark) for u, s in zip(units, shown, strict=True))
    assert missed > 20
    assert guessed > 20


def test_case_follows_the_marks_that_are_shown(loaded: Loaded) -> None:
    """After a stop that is shown a capital is; after one that is missed none is, but for names."""
    corpus, _, guesser = loaded
    lowered = 0
    for seed in range(60):
        units = window(corpus, LOWER, seed)
        shown = show(units, LOWER, guesser, random.Random(seed))
        for number in range(1, len(units)):
            before, unit = shown[number - 1], shown[number]
            if before.mark and before.mark in ".?!" and unit.core[:1].isalpha():
                assert unit.core[:1].isupper()
            elif units[number - 1].mark in (".", "?") and not guesser.is_name(unit.core):
                lowered += 1
                assert unit.core[:1].islower()
    assert lowered


@pytest.mark.parametrize("kind", [RIGHT, WHISPER])
def test_a_mark_that_the_transcript_has_is_left_alone(loaded: Loaded, kind: str) -> None:
    """What can be read off the raw side is hard to get wrong."""
    corpus, _, guesser = loaded
    for seed in range(30):
        units = window(corpus, kind, seed)
        for unit, seen in zip(units, show(units, kind, guesser, random.Random(seed)), strict=True):
            if unit.raw.endswith((",", ".", "?", "!")):
                assert seen.mark == unit.mark


def test_the_right_marks_are_asked_for_whatever_is_shown(loaded: Loaded) -> None:
    """Between two words the first choice asks for the right mark, or for none."""
    corpus, codec, guesser = loaded
    names = {token: mark for mark, token in codec.marks.items()}
    differ = 0
    for seed in range(30):
        units = window(corpus, LOWER, seed)
        shown = show(units, LOWER, guesser, random.Random(seed))
        example = assemble(units, codec, lookahead=0, ends=True, skip=0, copied=1.0, shown=shown)
        asked = [names.get(example.choices[at + 1][0], "") for at in example.decisions]
        assert asked == [unit.mark for unit in units]
        seen = [names.get(example.ids[at + 1], "") for at in example.decisions]
        assert seen == [unit.mark for unit in shown]
        differ += seen != asked
    assert differ > 10


def test_no_mistake_is_learned_among_the_whole_vocabulary(loaded: Loaded) -> None:
    """Some choices are left to the whole vocabulary, which asks for what stands there."""
    corpus, codec, guesser = loaded
    rng = random.Random(7)
    kept = left = 0
    for _ in range(60):
        example = draw_example(corpus, codec, rng, Shape(20, 40, 1.0), kind=LOWER, guesser=guesser)
        before = dict(example.choices)
        leave_to_choices(example, rng)
        for position, (right, *_) in before.items():
            if right != example.ids[position]:
                assert position in example.choices
                kept += 1
            else:
                left += position not in example.choices
    assert kept > 50
    assert left > 50


def test_windows_without_choices_show_no_mistakes(loaded: Loaded) -> None:
    """There a mistake would be learned."""
    corpus, codec, guesser = loaded
    with pytest.raises(ValueError, match="choices"):
        next(batches(corpus, codec, Shape(20, 40, 0.0), READ, seed="1", tokens=99, guesser=guesser))
