"""What recordings add to the queue."""

from __future__ import annotations

from dataclasses import replace

import pytest

from state.errors import JobMoved
from state.job import Kind, Output, Status
from state.queue import Queue
from state.recordings import SEARCH_CAP
from tests.state.making import claimed, offered, queued

TRANSCRIPT = Output("json", "/t/talk.json", "t")


def recording(queue: Queue) -> None:
    """Queue a recording."""
    queue.offer(replace(offered("/t/talk.m4a", "r"), kind=Kind.RECORDING))


def test_a_recording_ends_as_its_transcript_is_queued(queue: Queue) -> None:
    """Both or neither: a kill between them cannot lose the transcript."""
    recording(queue)
    job = claimed(queue)
    assert job.kind is Kind.RECORDING
    queue.begin_parts(job, total=1, recipe="r")
    queue.save_part(job, 0, status="transcribed", payload="{}", words=3, decode_s=1.0)
    follows = queue.finish_recording(
        job, offered("/t/talk.json", "t"), outputs=[TRANSCRIPT], figures={"words": 3}
    )
    assert follows is not None
    assert (follows.kind, follows.status) == (Kind.TRANSCRIPT, Status.QUEUED)
    done = queue.job(job.id)
    assert done is not None
    assert (done.status, done.outputs) == (Status.DONE, (TRANSCRIPT,))
    assert queue.parts_done(job) == {}


def test_a_recording_that_was_cancelled_queues_nothing(queue: Queue) -> None:
    """The claim is no longer valid."""
    recording(queue)
    job = claimed(queue)
    queue.cancel(job.id)
    with pytest.raises(JobMoved):
        queue.finish_recording(job, offered("/t/talk.json", "t"), outputs=[], figures={})
    assert queue.job_by_path("/t/talk.json") is None


def test_recordings_are_no_finished_texts(queue: Queue) -> None:
    """The library, `render --all` and `redo --all` leave them out; a redo by name does not."""
    recording(queue)
    job = claimed(queue)
    queue.finish_recording(job, offered("/t/talk.json", "t"), outputs=[TRANSCRIPT], figures={})
    assert queue.finished_count() == 0
    assert queue.redo_all() == 0
    assert queue.redo(job.id).kind is Kind.RECORDING


def test_speakers_are_wanted_of_texts_that_are_done(queue: Queue) -> None:
    """Not before; and each attempt is counted before the work begins."""
    queued(queue)
    job = claimed(queue)
    queue.want_speakers(job)
    assert queue.begin_speaker_search() is None
    queue.finish(job, status=Status.DONE)
    assert queue.speakers_wanted() == 1
    for attempt in range(1, SEARCH_CAP + 1):
        begun = queue.begin_speaker_search()
        assert begun is not None
        assert begun.id == job.id
        search = queue.speaker_search(job.id)
        assert search is not None
        assert (search.state, search.attempts) == ("wanted", attempt)
    assert queue.begin_speaker_search() is None
    search = queue.speaker_search(job.id)
    assert search is not None
    assert search.state == "failed"


def test_a_search_that_was_put_off_costs_no_attempt(queue: Queue) -> None:
    """A stop or a pause is nobody's failure."""
    queued(queue)
    job = claimed(queue)
    queue.want_speakers(job)
    queue.finish(job, status=Status.DONE)
    for _ in range(2 * SEARCH_CAP):
        assert queue.begin_speaker_search() is not None
        queue.put_off_speaker_search(job)
    assert queue.begin_speaker_search() is not None
    queue.end_speaker_search(job, found=True)
    assert queue.begin_speaker_search() is None
    assert queue.speakers_wanted() == 0


def test_no_search_begins_while_the_queue_is_paused(queue: Queue) -> None:
    """It needs the machine as a job does."""
    queued(queue)
    job = claimed(queue)
    queue.want_speakers(job)
    queue.finish(job, status=Status.DONE)
    queue.pause()
    assert queue.begin_speaker_search() is None
    queue.resume()
    assert queue.begin_speaker_search() is not None
