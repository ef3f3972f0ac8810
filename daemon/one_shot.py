"""`llasa-cli` with a home: its settings, its conversations, its tools, its model on loan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import NoReturn

import click

from daemon.errors import DaemonError, HomeError
from daemon.home import Home
from daemon.operations import chat_tools, corrected, lending
from daemon.operations.asking import AskLibrary
from daemon.operations.conversations import KeptConversations
from daemon.operations.session import Session
from daemon.terminal import safe
from engine.ask.evidence import Found
from engine.audio.backends import Setup
from engine.chat.records import Conversation, Tool
from engine.cli.context import CliContext, Conversations, Kept, Lease, Library
from engine.cli.main import main as run
from engine.cli.run import EXIT_ENVIRONMENT, UserMessage
from engine.errors import EngineError
from engine.records import ModelInfo
from engine.tuning.records import Taken
from state.errors import StateError

AGAIN_S = 60.0  # between two lines about one wait


class HomeContext(CliContext):
    """What a command gets from the home, if there is one."""

    @cached_property
    def session(self) -> Session:
        """Return the home as this command sees it."""
        return Session(self.home)

    @cached_property
    def why_not_kept(self) -> str:
        """Return why conversations are not kept, "" where they are."""
        try:
            _ = self.session.home
        except HomeError as error:
            if self.home is not None:  # the user named it
                raise shown(error) from error
            return f"{str(error).rstrip('.')}; `llasactl install` makes a home"
        return ""

    @property
    def base(self) -> Path | None:
        """Return the folder of the home."""
        return None if self.why_not_kept else self.session.home.path

    @property
    def chat_model(self) -> str | None:
        """Return the `chat_model` of llasa.toml."""
        if self.why_not_kept:
            return None
        with told():
            return self.session.config.chat_model

    @property
    def sound(self) -> Setup:
        """Return what llasa.toml says of tools for sound."""
        if self.why_not_kept:
            return Setup()
        with told():
            return self.session.config.sound

    @cached_property
    def conversations(self) -> Conversations | None:
        """Return the conversations of the home."""
        return None if self.why_not_kept else _Shown(KeptConversations(self.session))

    @property
    def library(self) -> Library | None:
        """Return the finished transcripts of the home."""
        return (
            None
            if self.why_not_kept
            else _ShownLibrary(AskLibrary(self.session, on_problem=_say_words_alone))
        )

    def tools(self) -> Sequence[Tool]:
        """Return what a chat may ask of the home."""
        return () if self.why_not_kept else chat_tools.tools(self.session)

    def corrected(self) -> Iterable[Taken]:
        """Return what the user corrected in the home, for a model to learn from."""
        with told():
            yield from corrected.taken(self.session)

    def lease(self) -> Lease:
        """Return the lease of the home's model."""
        return Lease() if self.why_not_kept else _HomeLease(self.session.home)


class _HomeLease(Lease):
    """A lease that says what it waits for, with every error as a message."""

    def __init__(self, home: Home) -> None:
        command = click.get_current_context(silent=True)
        words = command.command_path.split() if command is not None else []
        who = " ".join(["llasa-cli", *words[1:]])
        self._said, self._said_at = "", 0.0
        self._lease = lending.Lease(home, who=who, on_wait=self._say)
        self.lock_path = self._lease.lock_path

    def __enter__(self) -> Lease:
        self._lease.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the model back."""
        self._lease.__exit__(kind, error, trace)

    def attach(self, close: Callable[[], object]) -> None:
        """Have a client closed before the model is given back."""
        self._lease.attach(close)

    def needs(self, info: ModelInfo) -> None:
        """Say how much memory the model needs, for a loan beside a tool for sound."""
        from engine.models import facts  # late: most commands load no model

        try:
            self._lease.needs_bytes = facts.read(info, with_card=False).memory_bytes
        except (EngineError, OSError):  # its child says what is wrong with it
            self._lease.needs_bytes = None

    def wanted(self) -> bool:
        """Return whether somebody else has a use for the model meanwhile."""
        return self._lease.wanted()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the model while the block runs; wait for it first, if necessary."""
        self._said, self._said_at = "", 0.0
        with ExitStack() as stack:
            with told():
                stack.enter_context(self._lease.turn())
            yield

    def rest(self) -> None:
        """Give the model back unless a turn holds it."""
        self._lease.rest()

    def _say(self, waiting: lending.Waiting) -> None:
        """Say at once what is waited for, and once a minute how far it is."""
        new = waiting.reason != self._said
        if new or (waiting.progress and waiting.waited_s - self._said_at >= AGAIN_S):
            self._said, self._said_at = waiting.reason, waiting.waited_s
            click.echo(safe(f"Waiting for the model: {waiting.in_words}."), err=True)


def _say_words_alone(problem: str) -> None:
    click.echo(safe(f"Searched by words alone: {problem}"), err=True)


class _ShownLibrary:
    """The finished transcripts, with every error as a message."""

    def __init__(self, library: AskLibrary) -> None:
        self._library = library

    def find(self, question: str, **limits: str | None) -> Found:
        """Return the passages that may answer a question."""
        with told():
            return self._library.find(question, **limits)

    def shown(self, file: str) -> str:
        """Return a transcript's path as the user knows it."""
        with told():
            return self._library.shown(file)

    def way(self, file: str, at_s: float | None) -> str | None:
        """Return how to get to a moment of a transcript."""
        with told():
            return self._library.way(file, at_s)


class _Shown:
    """The kept conversations, with every error as a message."""

    def __init__(self, kept: KeptConversations) -> None:
        self._kept = kept

    def all(self) -> Sequence[Kept]:
        """Return the kept conversations, the one that changed last first."""
        with told():
            return [
                Kept(str(row.id), row.title, row.model, row.messages, row.changed_at)
                for row in self._kept.all()
            ]

    def load(self, conversation_id: str) -> Conversation:
        """Return a kept conversation; an empty id means the one that changed last."""
        with told():
            return self._kept.load(conversation_id)

    def save(self, conversation: Conversation, *, model: str) -> str:
        """Keep a conversation; one that cannot be kept is no reason to end it."""
        try:
            return self._kept.save(conversation, model=model)
        except (DaemonError, StateError) as error:
            return f"The conversation is not kept: {error} {error.hint}"


@contextmanager
def told() -> Iterator[None]:
    """Show an error of the daemon or the database as a message with its exit code."""
    try:
        yield
    except (DaemonError, StateError) as error:
        raise shown(error) from error


def shown(error: DaemonError | StateError) -> UserMessage:
    """Return an error as a message."""
    code = error.exit_code if isinstance(error, DaemonError) else EXIT_ENVIRONMENT
    lines = (f"llasa-cli: {safe(error)}", safe(error.hint))
    return UserMessage("\n".join(filter(None, lines)), exit_code=code)


def main() -> NoReturn:
    """Run `llasa-cli` with the home that llasactl would find."""
    run(HomeContext())


if __name__ == "__main__":
    main()
