"""Show who speaks in a file, give the speakers names, and write its outputs again with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from daemon.errors import CannotRender, ConfigError
from daemon.files.source import read_snapshot
from daemon.operations import corrections, rerender
from daemon.operations.errors import InvalidRequest
from daemon.operations.jobs import output_to_json
from daemon.operations.rerender import Speaker
from daemon.operations.session import Book
from daemon.work.kept import restore
from engine import reading, sidecars
from engine import speakers as files
from engine.diarize.introductions import Proposal, proposals
from engine.errors import EngineError, TranscriptError
from engine.records import EnhancedWord
from engine.text.prose import UNKNOWN
from state.job import TERMINAL, Job, Output

_HEADING: Final = "# Who is who; `llasactl speakers` reads and writes this.\n"


@dataclass(frozen=True, slots=True)
class SpeakersReport:
    """The speakers of a file, and what became of the request to name them."""

    id: int  # of the job whose text it is
    path: str  # of the source
    speakers: tuple[Speaker, ...]  # in the order of their first word
    names_file: Path | None  # the file's own, None where there is none
    proposals: tuple[Proposal, ...]  # names that speakers without one give themselves
    outputs: tuple[Output, ...]  # written now
    waits_for: int | None  # the job that will use the names when it is done
    problem: str | None  # why the outputs could not be written again
    not_found: str | None = None  # why the search that a profile asked for found nobody

    def to_json(self) -> dict[str, Any]:
        """Return the report as `speakers --json` gives it; docs/commands.md explains the keys."""
        return {
            "id": self.id,
            "path": self.path,
            "speakers": [
                {
                    "label": speaker.label,
                    "name": speaker.name,
                    "words": speaker.words,
                    "seconds": speaker.seconds,
                    "quote": speaker.quote,
                }
                for speaker in self.speakers
            ],
            "proposals": [asdict(proposal) for proposal in self.proposals],
            "names_file": str(self.names_file) if self.names_file else None,
            "outputs": [output_to_json(output) for output in self.outputs],
            "waits_for": self.waits_for,
            "problem": self.problem,
            "not_found": self.not_found,
        }


def name_speakers(
    book: Book,
    name: str,
    assignments: Sequence[str] = (),
    *,
    clear: bool = False,
    apply: bool = False,
) -> SpeakersReport:
    """Report the speakers of a file after naming them; without a request, change nothing.

    Args:
        book: The open database.
        name: A job's id or a path.
        assignments: `LABEL=NAME` each; without NAME the label's name is removed.
        clear: Remove all names of this file first.
        apply: Write the outputs again even where no name changes.

    Raises NoSuchJob, InvalidRequest, SourceError, CannotRender, and ConfigError for a names file
    with a mistake.
    """
    try:
        return _name_speakers(book, name, assignments, clear=clear, apply=apply)
    except EngineError as error:
        raise ConfigError(str(error), hint=error.hint) from error


def _name_speakers(
    book: Book, name: str, assignments: Sequence[str], *, clear: bool, apply: bool
) -> SpeakersReport:
    config = book.session.config
    latest = book.find(name)
    latest = book.queue.job_by_path(latest.path) or latest
    done = rerender.finished(book.queue, latest)
    source = Path(latest.path)
    words, problem = _words(book, done or latest)
    changes = _changes(assignments, {s.label for s in rerender.found_in(words, {})})
    file = files.file_for(source)
    if clear or changes:
        _save(file, changes, source, clear=clear)
        labels = [speaker.label for speaker in rerender.found_in(words, {})]
        gone = labels if clear else list(changes)
        state = config.home.state
        corrections.forget_names(source, state, gone, sha256=(done or latest).sha256 or "")
    names = rerender.names_of(done or latest, config)
    outputs: list[Output] = []
    waits = latest.status not in TERMINAL
    asked = clear or bool(changes) or apply
    if asked and not waits and done is not None and not problem:
        outputs = rerender.render_again(book.queue, done, config, names)
    return SpeakersReport(
        id=(done or latest).id,
        path=latest.path,
        speakers=tuple(rerender.found_in(words, names)),
        proposals=tuple(one for one in proposals(words) if one.label not in names),
        names_file=file if file.exists() else None,
        outputs=tuple(outputs),
        waits_for=latest.id if asked and waits else None,
        problem=problem if asked and not waits else None,
        not_found=_not_found(book, done or latest),
    )


def _not_found(book: Book, job: Job) -> str | None:
    search = book.queue.speaker_search(job.id)
    return search.detail if search is not None and search.state == "failed" else None


def _words(book: Book, job: Job) -> tuple[list[EnhancedWord], str | None]:
    """Return the words of a file as enhanced, or as in the source, and why not as enhanced."""
    try:
        kept = restore(book.queue, job, book.session.config)
        return [word for part in kept.parts for word in part.words], None
    except CannotRender as error:
        problem = f"{error} {error.hint}"
    source = read_snapshot(job.path, max_bytes=book.session.config.max_bytes)
    try:
        raw = reading.read(source.data, name=Path(job.path).name)
    except TranscriptError as error:
        raise CannotRender(str(error), hint=error.hint) from error
    return [EnhancedWord(word, word.text) for word in raw.words], problem


def _changes(assignments: Sequence[str], labels: set[str]) -> dict[str, str | None]:
    """Return the name for each label; raise InvalidRequest for a label that is not there."""
    changes: dict[str, str | None] = {}
    for assignment in assignments:
        label, separator, name = assignment.partition("=")
        label, name = label.strip(), " ".join(name.split())
        if not separator or not label:
            raise InvalidRequest(f"Expected LABEL=NAME, not {assignment}.")
        if labels <= {UNKNOWN}:
            raise InvalidRequest(
                "The transcript names no speakers, so there is none to name.",
                hint="`llasactl speakers FILE --find` finds out from the recording who speaks.",
            )
        if label not in labels:
            known = ", ".join(sorted(labels)) or "none"
            raise InvalidRequest(f"{label} is not a speaker in this file. Its speakers: {known}.")
        if name and not files.is_name(name):
            raise InvalidRequest(
                f"{name} cannot be a name: at most {files.LONGEST_NAME} characters, on one line."
            )
        changes[label] = name or None
    return changes


def _save(file: Path, changes: dict[str, str | None], source: Path, *, clear: bool) -> None:
    before = None if clear else files.read_text(file)
    if before is not None:
        files.parse(before, path=str(file))
    if clear:
        file.unlink(missing_ok=True)
    if any(changes.values()) or before is not None:
        text = files.edited(before if before is not None else _HEADING, changes)
        sidecars.write_file(file, text, mode=source.stat().st_mode & 0o777)
