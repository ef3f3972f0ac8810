"""Start and end of the daemon: home, settings, lock, database, signals; `service` does the rest."""

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
from daemon.log import Log, LogFile, hear_library, open_log, stop_hearing
from daemon.machine import keep_light
from daemon.parking import Starts, Trial
from daemon.service import ERROR_PAUSE_S, Outcome, Service
from daemon.terminal import safe
from daemon.waker import Waker
from engine.recipe import ENGINE_VERSION
from state.database import open_database, recover
from state.errors import DatabaseCorrupt, StateError
from state.job import Status
from state.queue import Queue
from state.service import ServiceRow

EXIT_FINE: Final = 0
EXIT_JOB_FAILED: Final = 1
EXIT_ENVIRONMENT: Final = 3
_JOIN_S: Final = 0.2  # between two reminders of a worker that is to stop


@dataclass(frozen=True, slots=True)
class _Options:
    drain: bool
    quiet: bool
    trial: Trial | None = None  # of a start that a service manager made


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasad --home ~/llasa --drain",
)
@click.option("--home", metavar="DIR", help="The home to work on; made if it is not there.")
@click.option("--drain", is_flag=True, help="Do what is there, then exit.")
@click.option("--quiet", is_flag=True, help="Say nothing on the terminal; the log file has it all.")
@click.option("--service", is_flag=True, help="Started by a service manager: see the manual.")
@click.version_option(ENGINE_VERSION, prog_name="llasad")
def llasad(home: str | None, *, drain: bool, quiet: bool, service: bool) -> int:
    """Watch folders for Whisper transcripts and enhance each, in the foreground.

    Runs until SIGTERM or Ctrl-C. With --drain it takes what is there, waits out settling and
    back-offs, and exits: 0 when all is well, 1 when some job is failed or invalid. With --service
    five failed starts in a row are the last: it then exits with 0 until `llasactl start`.
    """
    place = find_home(home)
    if not service:
        return _start(place, _Options(drain=drain, quiet=quiet), lambda reason: None)
    starts = Starts(place.path)
    if (parked := starts.begin()) is not None:
        click.echo(
            f"llasad: parked after {parked.count} failed starts: {safe(parked.reason)}", err=True
        )
        click.echo("Mend it, then: llasactl start", err=True)
        return EXIT_FINE
    trial = Trial(starts.succeeded, now=time.monotonic())
    return _start(place, _Options(drain=drain, quiet=quiet, trial=trial), starts.failed)


def _start(place: Home, options: _Options, failed: Callable[[str], None]) -> int:
    lock = HomeLock(place.lock)
    try:
        make_folders(place)
        config = settings.load(place)
        lock.acquire()
        return run(config, options)
    except (DaemonError, StateError) as error:
        failed(f"{error} {error.hint}")
        return _refuse(error, place.path)
    except OSError as error:
        told = HomeError(f"{error.filename or place.path}: {error.strerror or error}.")
        failed(f"{told} {told.hint}")
        return _refuse(told, place.path)
    finally:
        lock.release()


def run(config: settings.Config, options: _Options) -> int:
    """Serve a home whose lock we hold until stopped or drained; return the exit code."""
    file = LogFile(config.home.log)
    log = open_log(file, stream=None if options.quiet else sys.stderr)
    waker = Waker()
    waker.hear_signals()
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
            options.trial.end()
        return code
    finally:
        waker.close()
        file.close()


def _serve_all(config: settings.Config, log: Log, waker: Waker, options: _Options) -> Outcome:
    """Serve; with another database whenever one was lost or damaged, but never in a hurry."""
    again = -ERROR_PAUSE_S  # when it was begun anew last
    while True:
        outcome: Outcome = "database"
        try:
            outcome = _serve(config, log, waker, options)
        except DatabaseCorrupt as error:  # every connection of ours is closed by now
            log.error("database.damaged", detail=str(error)[:300])
            aside = recover(config.home.database)
            if aside is None:
                log.error("database.sound", path=str(config.home.database))
                again = time.monotonic()  # the same may be met at once: rest
            else:
                log.error("database.recovered", aside=str(aside))
        if outcome == "database" and waker.stop_asked:
            return "stopped"
        if outcome != "database":
            return outcome
        if time.monotonic() - again < ERROR_PAUSE_S:
            _rest(waker)
        again = time.monotonic()


def _rest(waker: Waker) -> None:
    """Let a while pass, unless we are asked to stop; what else wakes us is of a service gone by."""
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
            name: hear_library(name, lambda level, text: _heard(service, log, level, text))
            for name in ("watchdog", "fsevents")  # the second is its name on a Mac
        }
        worker = threading.Thread(target=service.work_loop, name="worker")
        try:
            service.begin(time.monotonic())
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
            while worker.is_alive():  # again and again: it may have been about to start a child
                service.ask_worker_to_stop()
                worker.join(_JOIN_S)
            service.end()
            for name, listener in listeners.items():
                stop_hearing(name, listener)
        assert service.outcome is not None
        return service.outcome


def _heard(service: Service, log: Log, level: str, text: str) -> None:
    """Take in what watchdog says of itself: above all, that the kernel dropped events."""
    log.warning("watch.said", level=level, text=text[:200])
    service.inbox.lose()


def _exit_code(home: Home, outcome: Outcome, *, drain: bool, quiet: bool) -> int:
    if not drain or outcome == "database":
        return EXIT_FINE
    with open_database(home.database, create=False) as database:
        queue = Queue(database)
        counts, held = queue.counts(), queue.held()
    if not quiet:
        told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        click.echo(f"{safe(home.path)}: {told or 'no transcripts'}")
    if outcome != "drained":
        why = f"held: {held.reason}. {held.hint}" if held is not None else outcome
        click.echo(f"Not everything was done ({safe(why)}).", err=True)
        return EXIT_ENVIRONMENT
    badly = counts[Status.FAILED] + counts[Status.INVALID]
    return EXIT_JOB_FAILED if badly else EXIT_FINE


def _refuse(error: DaemonError | StateError, home: Path) -> int:
    click.echo(f"llasad: {safe(error)}", err=True)
    if not isinstance(error, HomeError | ConfigError):
        click.echo(f"Home: {safe(home)}", err=True)
    click.echo(safe(error.hint), err=True)
    return EXIT_ENVIRONMENT


def main() -> NoReturn:
    """Run `llasad`."""
    keep_light()
    try:
        code = llasad.main(prog_name="llasad", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(EXIT_ENVIRONMENT)
    sys.exit(code or EXIT_FINE)
