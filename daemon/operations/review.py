"""Correct a finished text: what a page shows, what a person changes, the outputs written again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from daemon.errors import CannotRender
from daemon.operations import corrections as saving
from daemon.operations import glossary, rendering, rerender
from daemon.operations.errors import InvalidRequest, NothingToShow
from daemon.operations.session import Book, Session
from daemon.work.kept import Kept, restore
from daemon.work.rerender import kept_writing
from engine import corrections, pipeline
from engine import speakers as names_files
from engine.corrections import Corrections
from engine.errors import CorrectionsError
from engine.records import Document, EnhancedWord
from engine.render.page import Extra, html, recordings
from engine.render.page.spoken import Writer
from engine.text import corrected
from engine.text.corrected import Corrected, Operation
from engine.text.correcting import Correcting, Refused
from engine.text.prose import UNKNOWN, printable
from engine.text.readings import take_apart
from engine.written.records import Writing
from state.job import TERMINAL, Job


@dataclass(frozen=True, slots=True)
class _Text:
    """A finished text with some corrections, as a page shows it."""

    kept: Kept
    corrections: Corrections
    corrected: Corrected
    names: Mapping[str, str]

    @property
    def document(self) -> Document:
        plan = self.kept.plan
        return Document(
            paragraphs=self.corrected.paragraphs,
            language=plan.language,
            duration_s=plan.transcript.duration_s,
            has_speakers=plan.transcript.has_speakers,
            timing=plan.transcript.timing,
            removals=plan.removals,
            media=plan.transcript.media,
        )

    @property
    def words(self) -> list[EnhancedWord]:
        return [word for paragraph in self.corrected.paragraphs for word in paragraph]


class Review:
    """The corrections of one transcript; for one thread at a time."""

    def __init__(self, session: Session, name: str) -> None:
        """Find the finished text of a job; raises NoSuchJob, NothingToShow, CannotRender."""
        self._session = session
        with session.writing() as book:
            self.path = book.find(name).path
        self._key: object = None
        self._kept: Kept | None = None
        self._seen: _Text | None = None
        self._writing: Writing | None = None  # what a model wrote about it
        self._glossary = dict(session.config.default.glossary)  # what llasa.toml says now
        self.waits_for: int | None = None  # the job whose end writes the outputs
        self.problem: str | None = None  # why the outputs could not be written
        # A review that was killed may have left outputs without its last corrections.
        self._unwritten = self._load().corrections.revision > 0

    @property
    def is_written(self) -> bool:
        """Return whether the outputs have all corrections."""
        return not self._unwritten

    def page(self, extra: Callable[[Document, Mapping[str, str]], Extra]) -> str:
        """Return the whole page; `extra` adds what the server brings."""
        text = self._load()
        plan = replace(
            text.kept.plan,
            corrections=text.corrections.operations,
            profile=replace(text.kept.plan.profile, outputs=(), speakers=dict(text.names)),
        )
        result = pipeline.finish(
            plan,
            text.kept.parts,
            load_s=0.0,
            total_s=0.0,
            created_at=datetime.now(UTC),
            writing=self._writing,
        )
        added = extra(result.document, self.state())
        return html(result.document, result.metadata, names=text.names, extra=added)

    def state(self) -> dict[str, Any]:
        """Return what a page must know beside the text."""
        text = self._load()
        labels = dict.fromkeys(
            word.word.speaker or UNKNOWN for word in text.words if text.document.has_speakers
        )
        made = text.corrections
        return {
            "revision": made.revision,
            "undo": bool(made.operations),
            "again": bool(made.undone),
            "speakers": {printable(label): text.names.get(label) for label in labels},
            "misfits": [
                {"op": m.operation.kind, "word": printable(m.operation.word), "why": m.why}
                for m in text.corrected.misfits
            ],
            "glossary": [
                [heard, to, self._glossary.get(heard) == to] for heard, to in self._offered(text)
            ],
            "written": self.is_written,
            "waits_for": self.waits_for,
            "problem": self.problem,
        }

    def correct(self, revision: int, request: Mapping[str, Any]) -> dict[str, Any]:
        """Save what a person asks for at a word; return how the page changes.

        Raises InvalidRequest, Conflict and CorrectionsUnusable; then nothing was saved.
        """
        before = self._load()
        try:
            operations = self._operations(before, request)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            text = str(error) if isinstance(error, Refused) else "This is no correction."
            raise InvalidRequest(text) from error
        if not operations:
            return self._answer(before, before)
        return self._change(before, revision, lambda made: made.added(operations))

    def undo(self, revision: int) -> dict[str, Any]:
        """Take the last step back; return how the page changes."""
        return self._change(self._load(), revision, Corrections.without_last)

    def again(self, revision: int) -> dict[str, Any]:
        """Bring the step back that was undone last; return how the page changes."""
        return self._change(self._load(), revision, Corrections.with_undone)

    def accept(self, heard: object, correct: object) -> dict[str, Any]:
        """Put an offered pair into the glossary; return the state and what to say about it.

        Raises InvalidRequest for a pair that was not offered, NotPossible for settings that cannot
        be edited safely. This review goes on with the settings that it began with.
        """
        if (heard, correct) not in self._offered(self._load()):
            raise InvalidRequest("This pair is not offered to the glossary.")
        other = Session(str(self._session.home.path))
        if self._glossary.get(str(heard)) != correct:
            glossary.add(other, str(heard), str(correct))
        self._glossary = dict(other.config.default.glossary)
        said = "In the glossary, for transcripts that come when llasad has started again"
        if own := glossary.elsewhere(other.config):
            said += f"; not in profile {', '.join(own)}, which has a glossary of its own"
        return self.state() | {"first": 0, "replaced": 0, "paragraphs": [], "said": said}

    def write_outputs(self) -> None:
        """Write the outputs with all corrections, or note what they wait for."""
        if not self._unwritten:
            return
        with self._session.writing() as book:
            latest = book.queue.job_by_path(self.path)
            if latest is None:
                self.problem = "The transcript was forgotten; the corrections are kept."
                return
            done = next(rendering.render(book, [latest]))
        self.waits_for = done.waits_for
        self.problem = None if done.error is None else f"{done.error} {done.error.hint}".strip()
        if done.waits_for is None and done.error is None:
            self._unwritten = False

    def recording(self) -> Path | None:
        """Return the recording beside the transcript, None where there is none."""
        text = self._load()
        for name in recordings(text.document, os.path.basename(self.path)):
            path = Path(self.path).with_name(name)
            try:
                if stat.S_ISREG(path.stat().st_mode):
                    return path
            except OSError:
                continue
        return None

    # The text

    def _offered(self, text: _Text) -> list[tuple[str, str]]:
        """Return the pairs that were offered to the glossary: what was heard, what was meant."""
        found: dict[tuple[str, str], None] = {}
        for operation in corrected.effective(text.corrections.operations):
            if operation.kind == "word" and operation.glossary:
                source = text.kept.plan.spelling
                at = corrected.place_of(operation, source)
                words = [operation.word] if at is None else source[at : at + operation.count]
                cores = (take_apart(printable(word)).core for word in words)
                found[" ".join(filter(None, cores)), str(operation.to)] = None
        return list(found)

    def _load(self) -> _Text:
        """Return the text as it is now: another run may have made a new one."""
        with self._session.writing() as book:
            latest = book.queue.job_by_path(self.path)
            job = None if latest is None else rerender.finished(book.queue, latest)
            key = None if job is None else (job.id, job.finished_at)
            if self._kept is None or (key is not None and key != self._key):
                self._kept, self._key = self._restored(book, latest, job), key
            config = self._session.config
            names = {} if job is None else rerender.names_of(job, config)
            if job is not None and self._kept.plan.profile.write_metadata:
                self._writing = kept_writing(book.queue, job)
        try:
            made = corrections.read_beside(Path(self.path))
        except CorrectionsError as error:
            raise CannotRender(str(error), hint=error.hint) from error
        seen = self._seen
        if (
            seen is None
            or seen.kept is not self._kept
            or (seen.corrections, seen.names) != (made, names)
        ):
            plan = replace(self._kept.plan, corrections=made.operations)
            found = pipeline.correct(plan, self._kept.parts)
            self._seen = seen = _Text(self._kept, made, found, names)
        return seen

    def _restored(self, book: Book, latest: Job | None, job: Job | None) -> Kept:
        if job is None:
            status = "not known" if latest is None else str(latest.status)
            hint = "" if latest is None or latest.status in TERMINAL else "Wait until it is done."
            raise NothingToShow(
                f"{os.path.basename(self.path)} is {status}: no text yet.", hint=hint
            )
        return restore(book.queue, job, self._session.config)

    def _operations(self, text: _Text, request: Mapping[str, Any]) -> list[Operation]:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        asked = Correcting(text.words, text.kept.plan.spelling, now)
        at = request.get("at", -1)
        if not isinstance(at, int) or isinstance(at, bool):
            raise Refused("This is no word.")
        match request.get("do"):
            case "text":
                return asked.text(
                    at,
                    str(request["to"])[:400],
                    count=int(request.get("count", 1)),
                    glossary=request.get("glossary") is True,
                )
            case "capital":
                return asked.capital(at)
            case "paragraph":
                return asked.paragraph(at, ends=request["to"] is True)
            case "speaker":
                return asked.speaker(at, self._label(text, request["to"]))
            case "name":
                label = self._label(text, request["label"])
                name = " ".join(str(request["to"] or "").split()) or None
                if name is not None and not names_files.is_name(name):
                    raise Refused(f"A name has at most {names_files.LONGEST_NAME} characters.")
                return asked.name(label, name, text.names.get(label))
        raise Refused("This is no correction.")

    def _label(self, text: _Text, wanted: object) -> str:
        for word in text.words:
            if (label := word.word.speaker or UNKNOWN) and printable(label) == wanted:
                return label
        raise Refused("There is no such speaker.")

    def _change(
        self, before: _Text, revision: int, made: Callable[[Corrections], Corrections]
    ) -> dict[str, Any]:
        if before.corrections.revision != revision:
            raise saving.Conflict()
        plan = before.kept.plan
        after = saving.change(
            Path(self.path),
            self._session.home.state,
            made,
            sha256=plan.source.sha256,
            words=plan.source.words,
            revision=revision,
        )
        self._unwritten = self._unwritten or after.revision != revision
        return self._answer(before, self._load())

    def _answer(self, before: _Text, after: _Text) -> dict[str, Any]:
        """Return the state, and which paragraphs of the page are replaced by which."""
        old = Writer(before.document, before.names, editable=True).paragraphs()
        new = Writer(after.document, after.names, editable=True).paragraphs()
        first = 0
        while first < min(len(old), len(new)) and old[first] == new[first]:
            first += 1
        last = 0
        while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
            last += 1
        return self.state() | {
            "first": first,
            "replaced": len(old) - first - last,
            "paragraphs": [f"<p {text}" for text in new[first : len(new) - last]],
        }
