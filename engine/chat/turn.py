"""One turn of a conversation: write, run the calls, write again, until there is an answer.

There is one path. It hands on events while the answer is written; whoever wants the whole answer
lets them pass. The turn is kept at its end, whole; a cancelled or failed one leaves the
conversation as it was.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from engine.chat import context, validate
from engine.chat.calls import may_be_bare, parse
from engine.chat.conversation import ConversationManager, Turn
from engine.chat.execute import Executor, Outcome, failed
from engine.chat.prepare import Preparer
from engine.chat.records import Backend, Message, Tool, ToolCall, WritingOptions, Written
from engine.chat.stream import Piece, Split, StreamProcessor
from engine.chat.validate import Problem

MOST_ROUNDS: Final = 10  # of writing in a turn; in the last one there are no tools
UNREADABLE: Final = "unreadable_call"  # stands for the tool of a call that could not be read


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer or of a thought, or that what came as answer was a thought."""

    kind: Literal["answer", "thinking", "was_thinking"]
    text: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The conversation no longer fits: this many turns are not shown to the model."""

    turns: int


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A tool is about to run."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class CallEnded:
    """A call has its result."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    """What a turn gave; it is also its last event."""

    text: str
    thinking: str
    finish: Literal["stop", "length", "cancelled"]
    kept: tuple[Message, ...] = ()  # what the conversation now has more; none if cancelled
    written: tuple[Written, ...] = ()  # one for each round
    outcomes: tuple[Outcome, ...] = ()  # of the calls, in order
    problems: tuple[Problem, ...] = ()
    left_out: int = 0  # turns that the model was not shown


Event: TypeAlias = Text | LeftOut | CallBegan | CallEnded | Answer


@dataclass(slots=True)
class _State:
    """How far a turn has come."""

    turn: Turn
    options: WritingOptions
    on_event: Callable[[Event], None]
    cancelled: Callable[[], bool]
    written: list[Written] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    left_out: int = 0
    in_a_row: int = 0  # calls since the model last wrote to the user
    loop: Problem | None = None  # the calls went round in circles


class Orchestrator:
    """Answers in conversations with a backend and tools."""

    def __init__(
        self,
        backend: Backend,
        conversations: ConversationManager,
        executor: Executor | None = None,
        *,
        sha256_of: context.HashOf | None = None,
        most_words: int = validate.MOST_WORDS,
    ) -> None:
        """Join the parts of a conversation.

        Args:
            backend: Writes.
            conversations: Hold the history.
            executor: Runs the tools; without it there are none.
            sha256_of: Returns the hash of a transcript as it is now; without it, attached excerpts
                are taken as current.
            most_words: Of an answer, before it is called too long.
        """
        self._backend = backend
        self._conversations = conversations
        self._executor = executor or Executor(())
        self._sha256_of = sha256_of
        self._most_words = most_words
        self._preparer = Preparer(backend)

    def whole(
        self,
        conversation_id: str,
        content: str,
        *,
        options: WritingOptions,
        excerpts: Sequence[context.Excerpt] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Answer:
        """Return the answer when it is there; raises as `stream` does."""
        events: list[Event] = []
        self.stream(
            conversation_id,
            content,
            options=options,
            excerpts=excerpts,
            on_event=events.append,
            cancelled=cancelled,
        )
        answer = events[-1]
        assert isinstance(answer, Answer)
        return answer

    def stream(
        self,
        conversation_id: str,
        content: str,
        *,
        options: WritingOptions,
        on_event: Callable[[Event], None],
        excerpts: Sequence[context.Excerpt] = (),
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Answer a message of the user; `on_event` gets what happens, and the `Answer` last.

        `excerpts` are attached before the message unless the conversation has them. Raises
        ConversationBusy, PromptTooLong, and what the backend raises; then nothing is kept.
        """
        with self._conversations.turn(conversation_id) as turn:
            for excerpt in excerpts:
                if attachment := context.attach(turn.messages, excerpt):
                    turn.add(attachment)
            turn.add(Message("user", content))
            on_event(self._answer(_State(turn, options, on_event, cancelled)))

    def _answer(self, state: _State) -> Answer:
        for number in range(1, MOST_ROUNDS + 1):
            last = number == MOST_ROUNDS or state.loop is not None
            written, found = self._write(state, () if last else self._executor.tools)
            if written.finish == "cancelled" or state.cancelled():
                break
            text, calls, broken = _sort_out(found, written, self._executor.tools)
            if last or not calls:
                return self._finish(state, text, found, written)
            _show_rest(state, found, text)
            assistant = Message("assistant", text, calls, thinking=found.thinking)
            if not self._run(state, assistant, broken):
                break
        return Answer(
            found.answer,
            found.thinking,
            "cancelled",
            written=tuple(state.written),
            outcomes=tuple(state.outcomes),
            left_out=state.left_out,
        )

    def _write(self, state: _State, tools: Sequence[Tool]) -> tuple[Written, Split]:
        """Let the model write once and hand its text on while it comes."""
        messages: Sequence[Message] = state.turn.messages
        if self._sha256_of is not None:
            messages = context.current(messages, self._sha256_of)
        prepared = self._preparer.prepare(messages, tools, state.options)
        if prepared.left_out > state.left_out:
            state.left_out = prepared.left_out
            state.on_event(LeftOut(prepared.left_out))
        processor = StreamProcessor(
            self._backend.facts, calls=bool(self._executor.tools), may_be_call=may_be_bare
        )

        def hand_on(pieces: Sequence[Piece]) -> None:
            for piece in pieces:
                if piece.kind != "call":
                    state.on_event(Text(piece.kind, piece.text))

        written = self._backend.write(
            prepared.messages,
            tools=tools,
            options=state.options,
            on_text=lambda text: hand_on(processor.feed(text)),
            cancelled=state.cancelled,
        )
        hand_on(processor.finish())
        state.written.append(written)
        state.options = replace(state.options, force_tool=False)  # of the first round alone
        return written, processor.split

    def _run(self, state: _State, assistant: Message, broken: dict[str, str]) -> bool:
        """Run the calls of a message and add both to the turn; return False if cancelled."""
        state.turn.add(assistant)
        if assistant.content:
            state.in_a_row = 0
        for call in assistant.calls:
            state.on_event(CallBegan(call))
            outcome = self._outcome(state, call, broken)
            state.outcomes.append(outcome)
            state.on_event(CallEnded(outcome))
            state.turn.add(outcome.message)
            if outcome.fault == "cancelled" or state.cancelled():
                return False
        return True

    def _outcome(self, state: _State, call: ToolCall, broken: dict[str, str]) -> Outcome:
        state.in_a_row += 1
        called = [message.call for message in state.outcomes]
        state.loop = state.loop or validate.check_calls([*called, call], in_a_row=state.in_a_row)
        if state.loop is not None:
            return failed(call, "loop", state.loop.message)
        if call.id in broken:
            return failed(call, "malformed_call", broken[call.id])
        return self._executor.run(call, cancelled=state.cancelled)

    def _finish(self, state: _State, text: str, found: Split, written: Written) -> Answer:
        """Keep the turn and return its answer, with what is wrong with it."""
        problems = validate.check_answer(text, finish=written.finish, most_words=self._most_words)
        if found.calls and not text:
            text = "\n".join(call.text for call in found.calls)
        if state.loop is not None:
            problems.append(state.loop)
        _show_rest(state, found, text)
        state.turn.add(Message("assistant", text, thinking=found.thinking))
        kept = tuple(state.turn.added)
        self._conversations.commit(state.turn)
        return Answer(
            text,
            found.thinking,
            written.finish,
            kept,
            tuple(state.written),
            tuple(state.outcomes),
            tuple(problems),
            state.left_out,
        )


def _sort_out(
    found: Split, written: Written, tools: Sequence[Tool]
) -> tuple[str, tuple[ToolCall, ...], dict[str, str]]:
    """Return the text for the user, the calls, and of those that cannot be read what is wrong.

    What stands without marks and calls no tool that there is was meant for the user.
    """
    names = {tool.name for tool in tools}
    texts = [found.answer]
    calls: list[ToolCall] = []
    broken: dict[str, str] = {}
    for piece in found.calls:
        parsed = parse(piece.text, _new_id)
        problem = parsed.problem
        if not piece.closed and written.finish == "length":
            problem = "The call was cut off at the limit of tokens. Write a shorter one."
        if not piece.marked and (problem or any(call.name not in names for call in parsed.calls)):
            texts.append(piece.text)
        elif problem:
            calls.append(ToolCall(_new_id(), UNREADABLE, {"text": piece.text}))
            broken[calls[-1].id] = problem
        else:
            calls.extend(parsed.calls)
    return "\n\n".join(filter(None, map(str.strip, texts))), tuple(calls), broken


def _show_rest(state: _State, found: Split, text: str) -> None:
    """Hand on what turned out to be answer only at its end."""
    if rest := text.removeprefix(found.answer):
        state.on_event(Text("answer", rest))


def _new_id() -> str:
    """Return an id that no other call has; models repeat theirs."""
    return f"call_{uuid.uuid4().hex[:16]}"
