"""Start and end llasad: home, settings, lock, signals, database; `service` does the rest."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import click

from daemon import config as settings
from daemon.errors import ConfigError, DaemonError, HomeError
from daemon.home import Home, find_home, make_folders
from daemon.lock import HomeLock
from daemon.log import Log, LogFile, forward_library, open_log, stop_forwarding
from daemon.machine import block_heavy_imports, use_one_malloc_arena
from daemon.parking import Starts, Trial
from daemon.service import Outcome, Service
from daemon.terminal import safe
from daemon.waker import Waker
from daemon.work.loop import ERROR_PAUSE_S
from engine.recipe import ENGINE_VERSION
from state.database import open_database, recover
from state.errors import DatabaseCorrupt, StateError
from state.job import Status
from state.queue import Queue
from state.service import ServiceRow

EXIT_FINE: Final = 0
EXIT_JOB_FAILED: Final = 1
EXIT_ENVIRONMENT: Final = 3
_JOIN_S: Final = 0.2  # between two requests to a worker that is to stop


@dataclass(frozen=True, slots=True)
class _Options:
    """How this run was started."""

    drain: bool  # do what is there, then exit
    quiet: bool  # nothing on the terminal
    trial: Trial | None = None  # of a start by a service manager; None for one by hand


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasad --home ~/llasa --drain",
)
@click.option("--home", metavar="DIR", help="The home to work on; created if it does not exist.")
@click.option("--drain", is_flag=True, help="Process the files that are there, then exit.")
@click.option("--quiet", is_flag=True, help="Print nothing; the log file has everything.")
@click.option("--service", is_flag=True, help="For service managers: see the manual.")
@click.version_option(ENGINE_VERSION, prog_name="llasad")
def llasad(home: str | None, *, drain: bool, quiet: bool, service: bool) -> int:
    """Watch folders for Whisper transcripts and enhance each, in the foreground.

    Runs until SIGTERM or Ctrl-C. With --drain it processes the files that are there, waits for
    files that are still being written and for retries, and exits: with 0 when all is well, with 1
    when some job is failed or invalid. With --service it gives up after five failed starts in a
    row and exits with 0 until `llasactl start`.
    """
    place = find_home(home)
    if not service:
        return _start(place, _Options(drain=drain, quiet=quiet), lambda reason: None)
    starts = Starts(place.path)
    if (parked := starts.count_start()) is not None:
        click.echo(
            f"llasad: parked after {parked.count} failed starts: {safe(parked.reason)}", err=True
        )
        click.echo("Fix it, then run: llasactl start", err=True)
        return EXIT_FINE
    trial = Trial(starts.record_success, now=time.monotonic())
    return _start(place, _Options(drain=drain, quiet=quiet, trial=trial), starts.record_failure)


def _start(place: Home, options: _Options, failed: Callable[[str], None]) -> int:
    """Prepare and lock the home and run; report a refusal, to `failed` too."""
    lock = HomeLock(place.lock)
    try:
        make_folders(place)
        config = settings.load(place)
        lock.acquire()
        return run(config, options)
    except (DaemonError, StateError) as error:
        failed(f"{error} {error.hint}")
        return _report(error, place.path)
    except OSError as error:
        refusal = HomeError(f"{error.filename or place.path}: {error.strerror or error}.")
        failed(f"{refusal} {refusal.hint}")
        return _report(refusal, place.path)
    finally:
        lock.release()


def run(config: settings.Config, options: _Options) -> int:
    """Serve a home, whose lock we hold, until stopped or drained; return the exit code."""
    file = LogFile(config.home.log)
    log = open_log(file, stream=None if options.quiet else sys.stderr)
    waker = Waker()
    waker.install_handlers()
    log.info(
        "daemon.started",
        home=str(config.home.path),
        found_by=config.home.origin,
        version=ENGINE_VERSION,
    )
    try:
        outcome = _serve_all(config, log, waker, options)
        code = _exit_code(config.home, outcome, drain=options.drain, quiet=options.quiet)
        log.info("daemon.stopped", outcome=outcome)
        if options.trial is not None:
            options.trial.pass_now()
        return code
    finally:
        waker.close()
        file.close()


def _serve_all(config: settings.Config, log: Log, waker: Waker, options: _Options) -> Outcome:
    """Serve; reopen the database when it was lost or damaged, at most every `ERROR_PAUSE_S`."""
    reopened_at = -ERROR_PAUSE_S
    while True:
        outcome: Outcome = "database"
        try:
            outcome = _serve(config, log, waker, options)
        except DatabaseCorrupt as error:  # all our connections are closed by now
            log.error("database.damaged", detail=str(error)[:300])
            aside = recover(config.home.database)
            if aside is None:
                log.error("database.sound", path=str(config.home.database))
                reopened_at = time.monotonic()  # the same damage may be met at once: wait
            else:
                log.error("database.recovered", aside=str(aside))
        if outcome == "database" and waker.stop_asked:
            return "stopped"
        if outcome != "database":
            return outcome
        if time.monotonic() - reopened_at < ERROR_PAUSE_S:
            _sleep(waker)
        reopened_at = time.monotonic()


def _sleep(waker: Waker) -> None:
    """Sleep, unless asked to stop; other wake-ups belong to the previous service."""
    until = time.monotonic() + ERROR_PAUSE_S
    while not waker.stop_asked and (left_s := until - time.monotonic()) > 0:
        waker.wait(left_s)


def _serve(config: settings.Config, log: Log, waker: Waker, options: _Options) -> Outcome:
    """Serve with one database; raise DatabaseCorrupt when it is damaged."""
    home, drain = config.home, options.drain
    database = open_database(home.database)
    with database:
        adopt = ServiceRow(database).read().rebuilding
        service = Service(config, database, log, waker=waker, drain=drain, adopt=adopt)
        listeners = {
            name: forward_library(name, lambda level, text: _on_watchdog(service, log, level, text))
            for name in ("watchdog", "fsevents")  # the second is its name on a Mac
        }
        worker = threading.Thread(target=service.loop.run, name="worker")
        try:
            service.start(time.monotonic())
            worker.start()
            while service.outcome is None:
                due = service.tick(time.monotonic())
                if options.trial is not None:
                    options.trial.tick(time.monotonic())
                if not worker.is_alive():  # a bug: nothing in there may raise
                    log.error("worker.died")
                    service.outcome = "database"
                elif service.outcome is None:
                    waker.wait(due - time.monotonic())
        finally:
            while worker.is_alive():  # repeated: it may have been about to start a child
                service.loop.ask_to_stop()
                worker.join(_JOIN_S)
            service.close()
            for name, listener in listeners.items():
                stop_forwarding(name, listener)
        assert service.outcome is not None
        return service.outcome


def _on_watchdog(service: Service, log: Log, level: str, text: str) -> None:
    """Handle watchdog's own log messages: above all, that the kernel dropped events."""
    log.warning("watch.said", level=level, text=text[:200])
    service.inbox.lose()


def _exit_code(home: Home, outcome: Outcome, *, drain: bool, quiet: bool) -> int:
    """Return the exit code for how serving ended; say what a drain has done."""
    if not drain or outcome == "database":
        return EXIT_FINE
    with open_database(home.database, create=False) as database:
        queue = Queue(database)
        counts, held = queue.counts(), queue.held()
    if not quiet:
        summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        click.echo(f"{safe(home.path)}: {summary or 'no transcripts'}")
    if outcome != "drained":
        why = f"held: {held.reason}. {held.hint}" if held is not None else outcome
        click.echo(f"Not everything was processed ({safe(why)}).", err=True)
        return EXIT_ENVIRONMENT
    failed = counts[Status.FAILED] + counts[Status.INVALID]
    return EXIT_JOB_FAILED if failed else EXIT_FINE


def _report(error: DaemonError | StateError, home: Path) -> int:
    """Print why llasad cannot run and what to do; return the exit code."""
    click.echo(f"llasad: {safe(error)}", err=True)
    if not isinstance(error, HomeError | ConfigError):
        click.echo(f"Home: {safe(home)}", err=True)
    click.echo(safe(error.hint), err=True)
    return EXIT_ENVIRONMENT


def main() -> NoReturn:
    """Run `llasad`."""
    block_heavy_imports()
    use_one_malloc_arena()
    try:
        code = llasad.main(prog_name="llasad", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(EXIT_ENVIRONMENT)
    sys.exit(code or EXIT_FINE)


if __name__ == "__main__":
    main()
