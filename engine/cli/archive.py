"""`llasa-cli batch` over an archive: listed lazily, shared out, counted in a table at the end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import click

from engine import errors
from engine.archive import cluster, listing, pool, remote
from engine.archive import errors as archive_errors
from engine.archive.addresses import as_local, is_address
from engine.archive.errors import NothingFound
from engine.archive.records import Item, Outcome, Settings
from engine.archive.tally import Tally
from engine.cli import output as out
from engine.cli.context import CliContext, Lease, is_small
from engine.cli.failure import failure, hint
from engine.cli.report import Output, Report, Reporter
from engine.cli.run import EXIT_ENVIRONMENT
from engine.errors import EngineError
from engine.models import local
from engine.recipe import Recipe
from engine.records import Profile
from engine.terminal import safe

is_listed = listing.is_listed
Engine = Literal["processes", "ray"]
_LINE_EVERY_S: Final = 60.0  # where nobody looks at a bar


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the work is shared out."""

    engine: Engine = "processes"
    jobs: int = 1
    address: str | None = None


def run_archive(
    context: CliContext,
    sources: Sequence[str],
    profile: Profile,
    reporter: Reporter,
    sharing: Sharing,
    *,
    folder: Path | str | None,
) -> None:
    """Enhance all files of the sources and exit with the highest code of any of them."""
    try:
        parsed = [listing.parse(text) for text in sources]
        if isinstance(folder, str):
            remote.Store(folder)
        elif folder is not None:
            out.check_folder(folder)
        home = context.base if sharing.engine == "processes" else None
        info = local.named(profile.model, home)
    except EngineError as error:
        reporter.sum_up(0, error)
        raise failure(error) from error
    settings = Settings(
        model=profile.model,
        language=profile.language,
        cleaning=profile.cleaning,
        recipe=str(Recipe.of(profile, info)),
        home=None if home is None else os.fspath(home.absolute()),
    )
    said = _Said()
    try:
        total, total_bytes = _measured(parsed, folder, said)
    except EngineError as error:
        reporter.sum_up(0, error)
        raise failure(error) from error
    if not total:
        nothing = NothingFound()
        reporter.sum_up(0, nothing)
        raise failure(nothing)
    run = _Run(reporter, total, total_bytes, folder)
    items = listing.walk(parsed, into=folder)
    lease = Lease() if is_small(info) else context.lease()
    with lease, lease.turn():
        try:
            run.follow(_outcomes(items, settings, sharing, lease, run))
        except EngineError as error:
            run.end(error)
            raise failure(error) from error
        except KeyboardInterrupt:
            run.end(None)
            out.say("Interrupted. The same command goes on: what is finished is skipped.")
            raise
    run.end(run.stopped_by)
    code = max(run.worst, 1 if said.unlisted or said.empty else 0)
    if code:
        raise click.exceptions.Exit(code)


def folder_of(text: str | None) -> Path | str | None:
    """Return the folder of the outputs: a path, or the address of one as it was typed."""
    if text is None or is_address(text):
        return text
    return Path(as_local(text))


def _outcomes(
    items: Iterator[Item], settings: Settings, sharing: Sharing, lease: Lease, run: _Run
) -> Generator[Outcome]:
    if sharing.engine == "ray":
        return cluster.run(
            items, settings, address=sharing.address, files=run.files, size_bytes=run.size_bytes
        )
    return pool.run(items, settings, jobs=sharing.jobs, lock_path=lease.lock_path)


class _Said:
    """Names what could not be listed, and what was named and has nothing to work on."""

    unlisted = empty = False

    def problem(self, path: str, why: str) -> None:
        self.unlisted = True
        out.say(f"The folder {path} cannot be listed: {why}.")

    def nothing_in(self, source: listing.Source) -> None:
        self.empty = True
        if source.is_folder:
            out.say(f"The folder {source.root} has no {listing.DEFAULT} file.")
        else:
            out.say(f"No file matches {source}.")


def _measured(
    sources: Sequence[listing.Source], folder: Path | str | None, said: _Said
) -> tuple[int, int]:
    """Return the number of files and bytes; they are listed again when they are worked on."""
    files = size = 0
    walked = listing.walk(sources, into=folder, on_problem=said.problem, on_empty=said.nothing_in)
    for item in walked:
        files += 1
        size += item.size_bytes
    return files, size


class _Run:
    """Follows the outcomes: shows, counts, reports."""

    def __init__(
        self, reporter: Reporter, files: int, size_bytes: int, folder: Path | str | None
    ) -> None:
        self._reporter = reporter
        self._folder = folder
        self.files = files
        self.size_bytes = size_bytes
        self._tally = Tally()
        self._begun = time.monotonic()
        self._said = self._begun
        self.worst = 0
        self.stopped_by: EngineError | None = None

    def follow(self, outcomes: Generator[Outcome]) -> None:
        """Take every outcome."""
        with self._shown() as show, closing(outcomes):
            for outcome in outcomes:
                self._tally.add(outcome)
                self._report(outcome)
                show()

    def end(self, error: EngineError | None) -> None:
        """Print the table, or the summary for programs."""
        files = max(self.files, self._tally.files)
        self._reporter.sum_up(files, error)
        if not self._reporter.as_json:
            for line in table(self._tally, files, time.monotonic() - self._begun):
                click.echo(safe(line))
            if self._tally.count("failed") < self._tally.files:
                place = "beside their sources" if self._folder is None else f"in {self._folder}"
                click.echo(safe(f"The texts are {place}."))

    def _report(self, outcome: Outcome) -> None:
        self._reporter.add(_reported(outcome))
        if outcome.state != "failed":
            return
        error = _error(outcome)
        shown = failure(error, about=f"{outcome.file}: ")
        self.worst = max(self.worst, EXIT_ENVIRONMENT if outcome.ends_run else shown.exit_code)
        if outcome.ends_run:
            self.stopped_by = self.stopped_by or error
        shown.show()

    @contextmanager
    def _shown(self) -> Iterator[Callable[[], None]]:
        """Show a bar on a terminal, and a line now and then elsewhere."""
        if not sys.stderr.isatty():
            yield self._say_now_and_then
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        columns = (BarColumn(), TextColumn("{task.description}", markup=False))
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task(self._state(), total=max(1, self.size_bytes))
            yield lambda: bar.update(
                task, completed=self._tally.size_bytes, description=self._state()
            )

    def _say_now_and_then(self) -> None:
        now = time.monotonic()
        if now - self._said >= _LINE_EVERY_S:
            self._said = now
            out.say(self._state())

    def _state(self) -> str:
        tally = self._tally
        wall_s = time.monotonic() - self._begun
        speed = f", {_speed(tally.words / wall_s)}" if tally.words and wall_s > 0 else ""
        bad = f", {tally.count('failed'):,} failed" if tally.count("failed") else ""
        return f"{tally.files:,} of {_files(self.files)}{bad}{speed}"


def _files(number: int) -> str:
    return f"{number:,} file{'' if number == 1 else 's'}"


def _error(outcome: Outcome) -> EngineError:
    """Return the error that a worker met, of its own kind, which decides what to do then."""
    name = outcome.kind or ""
    found: Any = getattr(errors, name, None)
    kind: Any = found or getattr(archive_errors, name, EngineError)
    # Its message is made already: a kind that makes its own of parts is not asked again.
    error: EngineError = kind.__new__(kind, outcome.message or "")
    error.reason = outcome.reason or error.reason
    if outcome.hint:
        error.hint = outcome.hint
    return error


def _reported(outcome: Outcome) -> Report:
    return Report(
        outcome.file,
        outcome.state,
        outcome.reason,
        outputs=tuple(Output(each.path, each.displaced) for each in outcome.outputs),
        words=outcome.words,
        language=outcome.language,
        message=outcome.message,
        hint=hint(_error(outcome)) if outcome.state == "failed" else None,
    )


def table(tally: Tally, files: int, wall_s: float) -> Iterator[str]:
    """Yield the lines of the table at the end."""
    width = max((len(reason) for _, reason, _ in tally.rows()), default=0)
    for state, reason, number in tally.rows():
        yield f"{state:<8} {reason:<{width}}  {number:>9,}"
    if files > tally.files:
        yield f"{'not tried':<{9 + width}}  {files - tally.files:>8,}"
    for node, worked in sorted(tally.nodes.items()):
        if worked.words_per_s is not None:
            yield (
                f"{node}: {_files(worked.files)}, {worked.words:,} words, "
                f"{_speed(worked.words_per_s)} while it worked"
            )
    speed = f", {_speed(tally.words / wall_s)}" if tally.words and wall_s > 0 else ""
    yield f"{tally.files:,} of {_files(files)} in {_span(wall_s)}{speed}"


def _speed(words_per_s: float) -> str:
    return f"{words_per_s:,.0f} words/s" if words_per_s >= 10 else f"{words_per_s:.1f} words/s"


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{seconds:.1f} s"
