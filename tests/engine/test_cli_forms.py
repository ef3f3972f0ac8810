"""Every command is an option too, and the options of the command mean the same beside it."""

from __future__ import annotations

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.forms import FORMS, translated
from engine.cli.main import llasa_cli

KNOWN = ("--model", "--output", "--output-dir", "--system", "--help")


def form(*words: str) -> list[str]:
    return translated(words, known=KNOWN, own=["--help", *FORMS])


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        (["--prompt", "Why?"], ["prompt", "--", "Why?"]),
        (["--prompt=Why?"], ["prompt", "--", "Why?"]),
        (["--prompt", "--help me"], ["prompt", "--", "--help me"]),
        (["--prompt", "-"], ["prompt", "--", "-"]),
        (["--model", "m", "--prompt", "Why?"], ["prompt", "--model", "m", "--", "Why?"]),
        (["--chat"], ["chat"]),
        (["--chat", "--system", "Be short."], ["chat", "--system", "Be short."]),
        (
            ["--enhance-transcript", "a.json", "--output", "a.txt"],
            ["enhance", "--output", "a.txt", "--", "a.json"],
        ),
        (
            ["--task", "describe-audio", "--transcript", "a.txt", "--output", "b.txt"],
            ["describe", "--output", "b.txt", "--", "a.txt"],
        ),
        (
            ["--transcript=a.txt", "--task", "describe-audio"],
            ["describe", "--", "a.txt"],
        ),
        (
            ["--batch-enhance", "a.json", "b.json", "--output-dir", "d/"],
            ["batch", "--output-dir", "d/", "--", "a.json", "b.json"],
        ),
        (["prompt", "--chat"], ["prompt", "--chat"]),
        (["--help"], ["--help"]),
        ([], []),
    ],
)
def test_a_form_is_its_command(typed: list[str], means: list[str]) -> None:
    """What follows the form is the argument of the command, whatever it looks like."""
    assert form(*typed) == means


@pytest.mark.parametrize(
    "typed",
    [
        ["--prompt"],
        ["--task"],
        ["--task", "transcribe", "--transcript", "a"],
        ["--task", "describe-audio"],
        ["--task", "describe-audio", "--transcript"],
        ["--transcript", "a"],
        ["--model", "m"],
        ["--chat", "enhance", "a"],
    ],
)
def test_a_form_that_lacks_something_says_what(typed: list[str]) -> None:
    """Nothing is silently left out."""
    with pytest.raises(click.UsageError):
        form(*typed)


@given(st.text(), st.lists(st.sampled_from(["--model", "m", "--system", "s"])))
def test_a_prompt_is_one_argument_whatever_it_says(text: str, rest: list[str]) -> None:
    """It stands behind `--`, so that no option can be made of it."""
    assert form("--prompt", text, *rest) == ["prompt", *rest, "--", text]


def test_every_form_is_in_the_help_and_has_its_command() -> None:
    """A form without a command could not be run."""
    shown = llasa_cli.get_help(click.Context(llasa_cli))
    for name, one in FORMS.items():
        assert name in shown
        assert one.command in llasa_cli.commands
