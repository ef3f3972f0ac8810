"""Questions about music -> answers: what is heard, what a model writes of it, what was measured.

`MusicFlamingoService` knows no network: `face.py` gives it one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from engine.audio.work_folder import work_folder
from engine.errors import SoundError
from engine.music import claims, licence, measure, prompts
from engine.music.answers import Answer, Question, Window
from engine.music.errors import BadQuestion, Cancelled, TooLong
from engine.music.records import Backend, Facts, Finish, Item, Parameters, Span, Turn, Wrote
from engine.music.settings import MusicSettings, own_folder
from engine.music.windows import SILENCE_S, Plan, cut, join, plan

Stop = Callable[[], bool]
_WAIT_S: Final = 0.2  # between two looks at whether whoever waits still does


class MusicFlamingoService:
    """Hears music with one model; one question is answered at a time, the others wait."""

    def __init__(
        self, settings: MusicSettings, backend: Backend, *, folder: Path | None = None
    ) -> None:
        self._settings = settings
        self._backend = backend
        self.folder = own_folder() if folder is None else folder  # of accepted licences
        self._lock = threading.Lock()
        self.facts: Facts | None = None

    def initialize(self) -> Facts:
        """Load the model; raises `LicenceNotAccepted` and what the backend raises."""
        with self._lock:
            return self._started()

    def infer(
        self,
        question: Question,
        *,
        on_text: Callable[[str], None] = lambda text: None,
        cancelled: Stop = lambda: False,
    ) -> Answer:
        """Answer a question; what the model writes goes to `on_text` as it comes.

        Raises `MusicError`; an answer that is cancelled while the model writes is returned as far
        as it goes.
        """
        messages = _messages(question)
        self._wait(cancelled)
        try:
            facts = self._started()
            if question.sound is None:
                wrote = self._write(Item(messages), question.parameters, on_text, cancelled)
                return Answer(wrote.text, wrote.finish, facts.model, wrote.tokens)
            planned = self._plan(question, facts)
            with work_folder() as folder:
                windows = self._hear(question, planned, messages, folder, on_text, cancelled)
                if len(windows) < len(planned.spans):
                    heard = tuple(window.span for window in windows)
                    planned = replace(planned, spans=heard, cancelled=True)
                text, finish = self._merged(question, windows, on_text, cancelled)
                if planned.cancelled:
                    finish = "cancelled"
        finally:
            self._lock.release()
        made, why = self._measured(question, cancelled)
        return Answer(
            text,
            finish,
            facts.model,
            sum(window.wrote.tokens for window in windows),
            tuple(window.span for window in windows),
            planned.of_s,
            planned.policy,
            planned.truncated,
            planned.remark,
            tuple(windows) if len(windows) > 1 else (),
            made,
            why,
            claims.check(text, made) if made is not None else (),
        )

    def infer_batch(
        self, questions: Sequence[Question], *, cancelled: Stop = lambda: False
    ) -> list[Answer | SoundError]:
        """Answer several questions; what can go through the model at once does.

        A question that cannot be answered has its error, and does not stop the others.
        """
        answers: list[Answer | SoundError] = []
        rest = list(questions)
        while rest:
            together = self._together(rest)
            if len(together) > 1:
                answers += self._at_once(together, cancelled)
            else:
                try:
                    answers.append(self.infer(rest[0], cancelled=cancelled))
                except SoundError as error:
                    answers.append(error)
            rest = rest[max(1, len(together)) :]
        return answers

    def close(self) -> None:
        """End the model."""
        self._backend.close()

    def _started(self) -> Facts:
        licence.check(self._settings.model or self._settings.backend, self.folder)
        self.facts = self._backend.start()
        return self.facts

    def _wait(self, cancelled: Stop) -> None:
        while not self._lock.acquire(timeout=_WAIT_S):
            if cancelled():
                raise Cancelled()

    def _plan(self, question: Question, facts: Facts) -> Plan:
        assert question.sound is not None
        cap_s = min(facts.most_audio_s, self._settings.most_audio_s or facts.most_audio_s)
        if question.reference is not None:
            together_s = question.reference.duration_s + SILENCE_S + question.sound.duration_s
            if together_s > cap_s:
                raise TooLong(
                    f"The reference and the recording last {together_s:.1f} s, and the model "
                    f"hears at most {cap_s:g} s.",
                    hint="Cut both to the same passage.",
                )
        return plan(
            question.sound.duration_s,
            cap_s=cap_s,
            policy=question.policy or self._settings.policy,
            window_s=self._settings.window_s if question.reference is None else None,
            overlap_s=self._settings.overlap_s,
        )

    def _hear(
        self,
        question: Question,
        planned: Plan,
        messages: tuple[Turn, ...],
        folder: Path,
        on_text: Callable[[str], None],
        cancelled: Stop,
    ) -> list[Window]:
        assert question.sound is not None
        windows: list[Window] = []
        several = len(planned.spans) > 1
        for span in planned.spans:
            if cancelled():
                if not windows:
                    raise Cancelled()
                break
            piece = folder / "heard.wav"
            if question.reference is not None:
                whole = Span(0.0, question.reference.duration_s)
                join([(question.reference.path, whole), (question.sound.path, span)], piece)
            else:
                cut(question.sound.path, span, piece)
            if several:
                on_text(_heading(span, first=not windows))
            wrote = self._write(Item(messages, piece), question.parameters, on_text, cancelled)
            windows.append(Window(span, wrote))
        return windows

    def _write(
        self,
        item: Item,
        parameters: Parameters,
        on_text: Callable[[str], None],
        cancelled: Stop,
    ) -> Wrote:
        (wrote,) = self._backend.write([item], parameters, on_text=on_text, cancelled=cancelled)
        return wrote

    def _merged(
        self,
        question: Question,
        windows: Sequence[Window],
        on_text: Callable[[str], None],
        cancelled: Stop,
    ) -> tuple[str, Finish]:
        finish = _worst([window.wrote.finish for window in windows])
        if len(windows) == 1:
            return windows[0].wrote.text, finish
        listed = "".join(
            _heading(window.span, first=not number) + window.wrote.text
            for number, window in enumerate(windows)
        )
        if not question.merge or finish == "cancelled":
            return listed, finish
        asked = prompts.MERGE.format(question=_asked(question), answers=listed)
        on_text("\n\n[all]\n")
        item = Item((Turn("user", asked),))
        wrote = self._write(item, question.parameters, on_text, cancelled)
        return wrote.text, _worst([finish, wrote.finish])

    def _measured(self, question: Question, cancelled: Stop) -> tuple[measure.Measured | None, str]:
        """Return what was measured, or why nothing was: the answer stands without it."""
        if not question.measure or question.sound is None or cancelled():
            return None, ""
        python = self._settings.python
        try:
            with work_folder() as folder:
                return measure.measure(question.sound, folder, python=python), ""
        except SoundError as error:
            return None, f"{error} {error.hint}"

    def _together(self, questions: Sequence[Question]) -> list[Question]:
        """Return the questions at the beginning that can go through the model at once."""
        first = questions[0]
        together: list[Question] = []
        for question in questions[:8]:
            if (question.sound is None) != (first.sound is None):
                break
            if question.parameters != first.parameters or question.reference is not None:
                break
            if question.sound is not None and question.sound.duration_s > self._settings.window_s:
                break
            together.append(question)
        return together

    def _at_once(self, questions: list[Question], cancelled: Stop) -> list[Answer | SoundError]:
        try:
            prepared = [_messages(question) for question in questions]
            self._wait(cancelled)
            try:
                facts = self._started()
                plans = [self._plan(q, facts) if q.sound is not None else None for q in questions]
                if any(p is not None and (len(p.spans) > 1 or p.truncated) for p in plans):
                    raise TooLong()
                items = [
                    Item(messages, None if question.sound is None else question.sound.path)
                    for messages, question in zip(prepared, questions, strict=True)
                ]
                wrote = self._backend.write(
                    items,
                    questions[0].parameters,
                    on_text=lambda text: None,
                    cancelled=cancelled,
                )
            finally:
                self._lock.release()
        except SoundError:
            # One after the other, so that what is wrong with one is not said of all.
            return [self._or_error(question, cancelled) for question in questions]
        return [
            self._answered(question, one, planned, facts, cancelled)
            for question, one, planned in zip(questions, wrote, plans, strict=True)
        ]

    def _or_error(self, question: Question, cancelled: Stop) -> Answer | SoundError:
        try:
            return self.infer(question, cancelled=cancelled)
        except SoundError as error:
            return error

    def _answered(
        self, question: Question, wrote: Wrote, planned: Plan | None, facts: Facts, cancelled: Stop
    ) -> Answer:
        if planned is None:
            return Answer(wrote.text, wrote.finish, facts.model, wrote.tokens)
        made, why = self._measured(question, cancelled)
        return Answer(
            wrote.text,
            wrote.finish,
            facts.model,
            wrote.tokens,
            planned.spans,
            planned.of_s,
            planned.policy,
            measured=made,
            not_measured=why,
            claims=claims.check(wrote.text, made) if made is not None else (),
        )


def _asked(question: Question) -> str:
    named = prompts.prompt(question.prompt) if question.prompt else ""
    return "\n\n".join(filter(None, (named, question.text.strip())))


def _messages(question: Question) -> tuple[Turn, ...]:
    """Return the conversation; raises `BadQuestion` where nothing is asked."""
    text = _asked(question)
    if not text and question.sound is None:
        raise BadQuestion("There is neither a text nor a recording.")
    if question.reference is not None and question.sound is None:
        raise BadQuestion("A reference is compared with a recording, and there is none.")
    if question.prompt == "compare" and question.reference is None:
        raise BadQuestion("The prompt “compare” needs a reference.")
    return (*question.history, Turn("user", text))


def _heading(span: Span, *, first: bool) -> str:
    return ("" if first else "\n\n") + f"[{span.from_s:g} to {span.to_s:g} s]\n"


def _worst(finishes: Sequence[Finish]) -> Finish:
    if "cancelled" in finishes:
        return "cancelled"
    return "length" if "length" in finishes else "stop"
