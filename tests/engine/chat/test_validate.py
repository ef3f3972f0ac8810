"""Answers that are empty, cut off, too long or repetitive, and calls that go round in circles."""

from __future__ import annotations

import pytest

from engine.chat.records import ToolCall
from engine.chat.validate import check_answer, check_calls

ENGLISH = (
    "So the allotment is finally coming along after that wet spring. I put the beans in three "
    "weeks ago, and nothing happened at all. Then last Tuesday I went up there, and the whole row "
    "had come through. My neighbour Martin says it was the cold soil, and I think he is right. "
)
JAPANESE = (
    "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で"
    "ニャーニャー泣いていた事だけは記憶している。吾輩はここで始めて人間というものを見た。"
)


def faults(text: str, finish: str = "stop") -> list[str]:
    """Return the names of what is wrong."""
    return [problem.fault for problem in check_answer(text, finish=finish)]


@pytest.mark.parametrize(
    "text",
    [
        ENGLISH,
        JAPANESE,
        "Yes. Yes. Yes.",
        " ".join(f"{n // 60}:{n % 60:02d}" for n in range(0, 3000, 10)),
        "\n".join(f"| {n}:00 | Ada | she agrees |" for n in range(60)),
        "\n".join(f"- Ada speaks from 0:{n:02d} to 0:{n + 1:02d}" for n in range(59)),
        " ".join(str(n * n) for n in range(300)),
    ],
)
def test_sound_answers_have_no_faults(text: str) -> None:
    """A list of times and a table of the same words are no gibberish."""
    assert faults(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "the beans " * 60,
        "I do not know what to say about it. " * 10,
        ENGLISH * 2 + "and so on and on " * 60,
        "はい、そうです。" * 12,
        "a" * 500,
        "1, 2, " * 60,
    ],
)
def test_an_answer_that_repeats_itself_is_named(text: str) -> None:
    """Also where only its end does, without spaces, and in one endless word."""
    assert faults(text) == ["repetitive"]


def test_what_else_is_wrong_is_said() -> None:
    """Every problem is a sentence with what to do."""
    assert faults("  \n") == ["empty"]
    assert faults("Half an", finish="length") == ["cut_off"]
    long = " ".join(str(n) for n in range(2_001))
    assert faults(long) == ["too_long"]
    assert "2,001 words" in check_answer(long)[0].message


def calls(*names: str) -> list[ToolCall]:
    """Return calls; equal names are equal calls."""
    return [ToolCall(str(n), name[0], {"a": name}) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("names", "in_a_row", "loops"),
    [
        (["f"] * 3, 3, False),
        (["f"] * 4, 4, True),
        (["f1", "f2", "f3", "f4"], 4, False),
        (["f", "g", "f", "g", "f", "g", "f"], 1, True),
        (["f", *"abcdeghij", "f", "f", "f"], 1, False),  # the first is out of the window
        (["f", "f", "f", "g"], 1, False),
        (["a", "b", "c", "d", "e"], 5, False),
        (["a", "b", "c", "d", "e", "g"], 6, True),
    ],
)
def test_calls_in_circles_are_found(names: list[str], in_a_row: int, loops: bool) -> None:
    """At most five in a row, and four equal ones among the last ten are too many."""
    assert (check_calls(calls(*names), in_a_row=in_a_row) is not None) == loops


def test_equal_arguments_count_in_any_order_and_a_loop_is_explained() -> None:
    """The model reads what it did and what to do now."""
    one, two = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    found = [ToolCall("c", "f", given) for given in (one, two, one, two)]
    problem = check_calls(found, in_a_row=1)
    assert problem is not None
    assert problem.message.startswith("4 equal calls of f: their result is known. Answer now")
