"""The commands once more as options of `llasa-cli`: `--prompt TEXT` is `prompt TEXT`.

A form is turned into its command before click reads the arguments, so that every option of the
command may stand beside it and means the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import click

Takes = Literal["nothing", "one", "many"]


@dataclass(frozen=True, slots=True)
class Form:
    """An option that stands for a command."""

    command: str
    takes: Takes  # what follows the option itself


FORMS: Final = {
    "--prompt": Form("prompt", "one"),
    "--chat": Form("chat", "nothing"),
    "--enhance-transcript": Form("enhance", "one"),
    "--task": Form("describe", "one"),
    "--batch-enhance": Form("batch", "many"),
}
TASKS: Final = ("describe-audio",)
_TRANSCRIPT: Final = "--transcript"
_USAGE: Final = "llasa-cli enhance FILE --model M"


def form_options(function: Any) -> Any:
    """Give the group the options, for its help; `translated` reads them."""
    shown = (
        ("--prompt", "TEXT", "Same as `prompt TEXT`."),
        ("--chat", None, "Same as `chat`."),
        ("--enhance-transcript", "FILE", "Same as `enhance FILE`."),
        ("--task", "TASK", "describe-audio: same as `describe FILE`, with --transcript."),
        (_TRANSCRIPT, "FILE", "The transcript for --task."),
        ("--batch-enhance", "FILE...", "Same as `batch FILE...`."),
    )
    for name, metavar, text in reversed(shown):
        kind: dict[str, Any] = {"is_flag": True} if metavar is None else {"metavar": metavar}
        function = click.option(name, help=text, expose_value=False, **kind)(function)
    return function


def translated(arguments: Sequence[str], known: Sequence[str], own: Sequence[str]) -> list[str]:
    """Return the arguments with a form as its command; raises `click.UsageError`.

    `known` are the options of any command, `own` those of the group itself.
    """
    if not arguments or not arguments[0].startswith("-"):
        return list(arguments)
    for n, argument in enumerate(arguments):
        name, equals, value = argument.partition("=")
        if argument == "--":
            break
        if name in FORMS:
            rest = [value] if equals else []
            return _command(FORMS[name], name, [*arguments[:n]], [*rest, *arguments[n + 1 :]])
    first = arguments[0].partition("=")[0]
    if first == _TRANSCRIPT:
        raise click.UsageError("--transcript needs --task describe-audio beside it.")
    if first in known and first not in own:
        raise click.UsageError(f"Options go after the command: {_USAGE}")
    return list(arguments)


def _command(form: Form, name: str, before: list[str], after: list[str]) -> list[str]:
    values: list[str] = []
    if form.takes == "one":
        if not after:
            raise click.UsageError(f"Option {name} needs something after it.")
        values = [after.pop(0)]
    while form.takes == "many" and after and not _is_option(after[0]):
        values.append(after.pop(0))
    if name == "--task":
        if values[0] not in TASKS:
            raise click.UsageError(f"--task knows {', '.join(TASKS)} only.")
        values = _taken(_TRANSCRIPT, before) or _taken(_TRANSCRIPT, after)
        if not values:
            raise click.UsageError("--task describe-audio needs --transcript FILE.")
    if after and after[0] in _COMMANDS:
        raise click.UsageError(f"{name} is a command already; options go after it: {_USAGE}")
    return [form.command, *before, *after, *(["--", *values] if values else [])]


_COMMANDS: Final = frozenset(form.command for form in FORMS.values())


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def _taken(option: str, words: list[str]) -> list[str]:
    """Take an option with its value out of words; return the value, nothing where it is not."""
    for n, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name == option and equals:
            del words[n]
            return [value]
        if word == option and n + 1 < len(words):
            value = words[n + 1]
            del words[n : n + 2]
            return [value]
    return []
