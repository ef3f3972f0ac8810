"""What a user may type in a chat besides messages: `/help`, `/file talk.json` and so on."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from engine.chat.context import excerpt_of
from engine.cli import output as out
from engine.cli import source as sources
from engine.cli import writer
from engine.cli.answer import stats_line
from engine.cli.failure import Failure, failure
from engine.cli.talk import Talk
from engine.errors import EngineError
from engine.models import local
from engine.terminal import safe, safe_block
from engine.text.prose import printable

#: Does what a command asks for; returns whether the conversation is to end.
Action = Callable[[Talk, str], bool]


def run(talk: Talk, line: str) -> bool:
    """Do what a line that begins with `/` asks for; return whether the conversation is to end."""
    name, _, rest = line[1:].partition(" ")
    action = _ACTIONS.get(name.lower())
    if action is None:
        near = difflib.get_close_matches(name.lower(), _ACTIONS, n=1)
        guess = f"Did you mean /{near[0]}? " if near else ""
        out.say(f"There is no /{name}. {guess}/help shows what there is; // begins a message.")
        return False
    try:
        return action(talk, rest.strip())
    except EngineError as error:
        failure(error).show()
    except (Failure, click.UsageError) as error:
        error.show()
    return False


def _system(talk: Talk, text: str) -> bool:
    if text:
        talk.system = "" if text == "-" else text
    out.say(f"Instructions: {talk.system}" if talk.system else "There are no instructions.")
    return False


def _file(talk: Talk, name: str) -> bool:
    if not name:
        out.say("Name a transcript: /file talk.json")
        return False
    path = Path(os.path.abspath(os.path.expanduser(name)))
    source = sources.read(path)
    excerpt = excerpt_of(source.data, str(path))
    talk.attach(excerpt)
    out.say(f"{source.name}: {len(excerpt.text.split()):,} words, shown with your next message")
    return False


def _model(talk: Talk, name: str) -> bool:
    if name:
        talk.change_model(writer.choose(talk.context, name))
        out.say(f"{talk.model.info.name} answers from now on.")
        return False
    for model in local.chat_models(talk.context.base):
        here = "  (this one)" if model.name == talk.model.info.name else ""
        click.echo(safe(f"{model.name}{here}"), err=True)
    return False


def _save(talk: Talk, name: str) -> bool:
    if name:
        path = Path(os.path.expanduser(name))
        out.check_file(path, source=None)
        out.echo_path(out.write_text(path, as_markdown(talk), mode=0o600))
        return False
    number = talk.conversation.id
    if number:
        out.say(f"Kept as conversation {number}: llasa-cli chat --continue {number}")
    elif talk.context.conversations is None:
        out.say(f"Not kept: {talk.context.why_not_kept}. /save FILE writes it to a file.")
    else:
        out.say("There is nothing to keep yet.")
    return False


def _clear(talk: Talk, _: str) -> bool:
    talk.begin_again()
    out.say("A new conversation; the one before is kept.")
    return False


def _stats(talk: Talk, _: str) -> bool:
    used = talk.used_tokens()
    facts = talk.model.backend.facts
    if talk.last is not None:
        click.echo(stats_line(talk.last, facts), err=True)
    out.say(f"The conversation takes {used:,} of {facts.context:,} tokens.")
    return False


def _help(_: Talk, __: str) -> bool:
    for usage, what in HELP:
        click.echo(f"  {usage:16} {what}", err=True)
    return False


def _exit(_: Talk, __: str) -> bool:
    return True


HELP: Final = (
    ("/system TEXT", "instructions that the model always sees; - for none"),
    ("/file FILE", "show the model a transcript"),
    ("/model NAME", "let another model answer; without a name, those on this machine"),
    ("/save FILE", "write the conversation to a file; without one, say where it is kept"),
    ("/clear", "begin a new conversation"),
    ("/stats", "what the last answer cost, and how full the context is"),
    ("/help", "this list"),
    ("/exit", "end; so does Ctrl-D. Ctrl-C ends an answer"),
)
_ACTIONS: Final[dict[str, Action]] = {
    "system": _system,
    "file": _file,
    "model": _model,
    "save": _save,
    "clear": _clear,
    "stats": _stats,
    "help": _help,
    "exit": _exit,
    "quit": _exit,
}


def as_markdown(talk: Talk) -> str:
    """Return the conversation as a text for readers."""
    names = {
        "system": "Instructions",
        "user": "You",
        "assistant": talk.model.info.name,
        "tool": "Tool",
    }
    parts = [f"# {printable(talk.conversation.title or 'Conversation')}\n"]
    for message in talk.messages:
        body = "\n".join(printable(line) for line in message.content.split("\n"))
        parts.append(f"## {printable(names[message.role])}\n\n{body}\n")
    return "\n".join(parts)


def show(talk: Talk) -> None:
    """Print what was said so far, shortly: the last two messages."""
    for message in talk.messages[-2:]:
        who = "you> " if message.role == "user" else ""
        click.secho(safe_block(f"{who}{message.content.expandtabs(4)}"), dim=True, err=True)
