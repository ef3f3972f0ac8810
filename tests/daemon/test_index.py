"""The library holds what is finished, whatever was killed, deleted or written again."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import Config
from daemon.log import Log
from daemon.operations.rerender import render_again
from daemon.work import contents, index, rerender
from daemon.work.index import Indexer
from daemon.work.loop import WorkerLoop
from engine.ask import stored, tokens
from state.job import Job
from state.library.library import Library
from state.library.opening import open_library, open_library_readonly
from state.library.records import Filters, Wanted
from state.queue import Queue
from tests.daemon.conftest import Clock, LightChild, WorkerRig
from tests.daemon.making import dropped, events, now, offered, transcript


class Kill(BaseException):
    """What stands for a kill: nothing catches it."""


def done(rig: WorkerRig, name: str, *segments: str) -> Job:
    """Return the job of a file that the worker has finished."""
    job = dropped(rig, name, transcript(*segments))
    assert rig.worker().run_one()
    return now(rig.queue, job)


class Later(datetime):
    """A clock that is some seconds ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(seconds=5)


def written_again(rig: WorkerRig, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the outputs again, in another second, which the metadata has."""
    with monkeypatch.context() as patched:
        patched.setattr(rerender, "datetime", Later)
        render_again(rig.queue, job, rig.config, {"UNKNOWN": "Ada"})


def catch_up(indexer: Indexer) -> int:
    """Step until nothing is left to do; return how many steps it took."""
    steps = 0
    while indexer.step():
        steps += 1
        assert steps < 1_000
    return steps


def opened(config: Config) -> Library:
    return open_library_readonly(config.home.library, stored.indexed, form=tokens.VERSION)


def files_with(config: Config, word: str) -> list[str]:
    """Return the names of the files that the library finds by a word."""
    with opened(config) as library:
        ids = library.search([Wanted([word])], mode="all", filters=Filters(), limit=100)
        return sorted(os.path.basename(row.path) for row in library.passages(ids))


def test_a_finished_job_is_indexed_with_its_times(
    rig: WorkerRig, indexer: Indexer, captured: LogCapture
) -> None:
    """The words, their times and the file's hash come from what was kept of the job."""
    job = done(rig, "talk.json", "we went down to the river", "and the cathedral was closed")
    indexer.after_job()
    with opened(rig.config) as library:
        (row,) = library.transcripts(limit=10)
        assert (row.path, row.job_id, row.sha256, row.words) == (job.path, job.id, job.sha256, 11)
        (passage,) = library.passages_of(row.id)
    found = stored.load(passage.body, position=0, start_s=None, end_s=None)
    assert [word.start_s for word in found.words if "cathedral" in word.text.lower()] == [
        pytest.approx(4.0, abs=1.0)
    ]
    assert "library.indexed" in events(captured)


def test_nothing_is_indexed_twice(rig: WorkerRig, indexer: Indexer, clock: Clock) -> None:
    """A second comparison finds nothing that is missing."""
    done(rig, "talk.json", "we went down to the river")
    catch_up(indexer)
    with opened(rig.config) as library:
        before = library.transcripts(limit=10)
    clock.pass_by(index.LOOK_S * 2)
    catch_up(indexer)
    with opened(rig.config) as library:
        assert library.transcripts(limit=10) == before


def test_a_text_written_again_is_indexed_again(
    rig: WorkerRig, indexer: Indexer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of speakers are given long after the job is done, by another process."""
    job = done(rig, "talk.json", "we went down to the river")
    catch_up(indexer)
    written_again(rig, job, monkeypatch)
    rig.queue.take_changed(limit=9)  # as if it were killed then
    clock.pass_by(index.LOOK_S * 2)
    catch_up(indexer)
    with opened(rig.config) as library:
        (row,) = library.transcripts(limit=10)
    assert row.stamp == rig.queue.finished(limit=1)[0].stamp


def test_what_is_written_again_or_forgotten_is_noticed_before_the_next_comparison(
    rig: WorkerRig, indexer: Indexer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large home that may be long; a search does not wait for it."""
    named, gone = (
        done(rig, name, "we went down to the river") for name in ("talk.json", "gone.json")
    )
    done(rig, "other.json", "we went down to the river")
    catch_up(indexer)
    assert catch_up(indexer) == 0
    written_again(rig, named, monkeypatch)
    rig.queue.forget(gone.id)
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["other.json", "talk.json"]
    with opened(rig.config) as library:
        stamps = library.stamps([named.path])
    assert stamps == {row.path: row.stamp for row in rig.queue.finished_of([named.path])}
    assert catch_up(indexer) == 0


@pytest.mark.parametrize("how", ["forgotten", "deleted"])
def test_what_is_gone_is_taken_out(
    rig: WorkerRig, indexer: Indexer, clock: Clock, how: str
) -> None:
    """A search must not show what the user has deleted; other files stay."""
    job = done(rig, "talk.json", "we went down to the river")
    done(rig, "other.json", "we went down to the river")
    catch_up(indexer)
    if how == "forgotten":
        rig.queue.forget(job.id)
        rig.queue.take_changed(limit=9)  # as if it were killed then
    else:
        for output in job.outputs:
            Path(output.path).unlink()
    clock.pass_by(index.LOOK_S * 2)
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["other.json"]


def test_a_disk_that_is_away_loses_nothing(rig: WorkerRig, indexer: Indexer, clock: Clock) -> None:
    """A watched folder that is not mounted is not a deleted one."""
    done(rig, "talk.json", "we went down to the river")
    catch_up(indexer)
    folder = rig.config.watch[0]
    folder.rename(folder.with_name("away"))
    clock.pass_by(index.LOOK_S * 2)
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["talk.json"]


def test_a_text_without_its_source_is_indexed_without_times(
    rig: WorkerRig, indexer: Indexer
) -> None:
    """The transcript of the Whisper tool may be deleted once the text is there."""
    job = done(rig, "talk.json", "we went down to the river")
    Path(job.path).unlink()
    catch_up(indexer)
    with opened(rig.config) as library:
        (row,) = library.transcripts(limit=10)
        (passage,) = library.passages_of(row.id)
    assert (row.problem, passage.start_s) == (None, None)
    assert files_with(rig.config, "river") == ["talk.json"]


def test_a_transcript_that_cannot_be_indexed_stops_no_other(
    rig: WorkerRig, indexer: Indexer, captured: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug is logged with its place, and the transcript is not tried again and again."""
    done(rig, "good.json", "we went down to the river")
    bad = done(rig, "bad.json", "we went down to the river")
    real = contents.restore

    def restore(queue: Queue, job: Job, config: Config) -> object:
        if job.id == bad.id:
            raise ZeroDivisionError
        return real(queue, job, config)

    monkeypatch.setattr(contents, "restore", restore)
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["good.json"]
    with opened(rig.config) as library:
        assert [row.problem for row in library.transcripts(limit=9) if row.path == bad.path] == [
            "internal_error"
        ]
    assert events(captured).count("library.failed") == 1


@pytest.mark.parametrize("fault", ["deleted", "garbage", "older"])
def test_a_library_that_is_lost_is_built_again_and_said(
    rig: WorkerRig,
    indexer: Indexer,
    config: Config,
    queue: Queue,
    log: Log,
    captured: LogCapture,
    fault: str,
) -> None:
    """It is made of what is finished, so nothing in it can be lost for good."""
    done(rig, "talk.json", "we went down to the river")
    catch_up(indexer)
    path = config.home.library
    if fault == "deleted":
        path.unlink()
    elif fault == "garbage":
        indexer.close()
        path.write_bytes(b"no database" * 1_000)
    else:
        indexer.close()
        path.unlink()
        open_library(path, stored.indexed, form=tokens.VERSION + 1).database.close()
    catch_up(indexer)
    assert files_with(config, "river") == ["talk.json"]
    said = {"deleted": "library.lost"}.get(fault, "library.rebuilt")
    assert said in events(captured)


def test_pages_that_break_while_it_is_open_are_noticed(
    rig: WorkerRig, indexer: Indexer, captured: LogCapture, clock: Clock
) -> None:
    """A disk that writes nonsense is met at the next write, and then the file is made again."""
    done(rig, "talk.json", "we went down to the river")
    catch_up(indexer)
    indexer.close()
    path = rig.config.home.library
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    done(rig, "more.json", "we went down to the river")
    indexer.look()
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["more.json", "talk.json"]
    assert "library.rebuilt" in events(captured)


@pytest.mark.parametrize("at", ["passages_made", "indexed"])
def test_a_kill_at_any_step_loses_nothing(
    rig: WorkerRig, config: Config, queue: Queue, log: Log, clock: Clock, at: str
) -> None:
    """The next indexer finds what the killed one left."""
    done(rig, "talk.json", "we went down to the river")

    def kill(name: str) -> None:
        if name == at:
            raise Kill

    killed = Indexer(config, queue, log, clock=clock, at_step=kill)
    with pytest.raises(Kill):
        catch_up(killed)
    killed.close()
    following = Indexer(config, queue, log, clock=clock)
    catch_up(following)
    following.close()
    assert files_with(config, "river") == ["talk.json"]


def test_a_kill_inside_of_a_write_leaves_the_old_passages(
    rig: WorkerRig, indexer: Indexer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transcript is exchanged in one transaction."""
    syllables = ["ba", "do", "ki", "lu", "me", "no", "ra", "su"]
    names = [a + b + c for a in syllables for b in syllables for c in "nst"]
    job = done(rig, "talk.json", *(f"then {name} came to us" for name in names))
    catch_up(indexer)
    written_again(rig, job, monkeypatch)
    real: Callable[[object], object] = contents._stored
    calls = iter(range(9))

    def stored_until(passage: object) -> object:
        if next(calls) == 1:
            raise Kill
        return real(passage)

    monkeypatch.setattr(contents, "_stored", stored_until)
    clock.pass_by(index.LOOK_S * 2)
    with pytest.raises(Kill):
        catch_up(indexer)
    indexer.close()
    with opened(rig.config) as library:
        (row,) = library.transcripts(limit=10)
        assert row.words == 5 * len(names)
        assert len(library.passages_of(row.id)) == row.passages > 1
        assert not library.database.check()


def test_a_library_that_cannot_be_written_waits(
    rig: WorkerRig, indexer: Indexer, captured: LogCapture, clock: Clock
) -> None:
    """The error is logged once, and the work is taken up when the cause is gone."""
    done(rig, "talk.json", "we went down to the river")
    rig.config.home.library.mkdir()
    for _ in range(3):
        assert not indexer.step()
        clock.pass_by(index.PAUSE_S * 2)
    assert events(captured).count("library.failed") == 1
    rig.config.home.library.rmdir()
    catch_up(indexer)
    assert files_with(rig.config, "river") == ["talk.json"]


def test_the_workers_loop_indexes_each_job(
    config: Config, queue: Queue, log: Log, captured: LogCapture, child: LightChild
) -> None:
    """On the worker's thread and its own connections, right after the job."""
    path = config.watch[0] / "talk.json"
    path.write_bytes(transcript("we went down to the river"))
    offered(queue, path)
    loop = WorkerLoop(
        config,
        log,
        boot_id="boot-1",
        clock=lambda: 1_000.0,
        wall=lambda: 1_800_000_000.0,
        nudge=lambda name: None,
        wake_service=lambda: loop.stopping.set(),
        make_client=child.client,
    )
    loop.run()
    assert events(captured)[-3:] == ["job.done", "library.indexed", "model.ended"]
    assert files_with(config, "river") == ["talk.json"]
