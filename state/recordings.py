"""What recordings add to the queue: a transcript that follows, and speakers that are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from state.intake import IntakeRows
from state.job import Job, Offer, Output, Status
from state.rows import job_of
from state.work import WorkRows

SEARCH_CAP = 3  # begun searches for the speakers of a text, before it stays as it is


@dataclass(frozen=True, slots=True)
class SpeakerSearch:
    """What is known of the search for a finished text's speakers."""

    state: str  # "wanted", "found" or "failed"
    attempts: int  # begun
    detail: str | None  # one line for the user


class RecordingRows(IntakeRows, WorkRows):
    """The part of the queue that the worker uses for sound."""

    def finish_recording(
        self, job: Job, transcript: Offer, *, outputs: Sequence[Output], figures: Mapping[str, Any]
    ) -> Job | None:
        """End a recording as done and queue its transcript, in one transaction.

        Returns the transcript's job, None where the same bytes of it have one. Raises JobMoved if
        the claim is no longer valid; then nothing is changed.
        """
        with self.database.transaction():
            self._finish(job, Status.DONE, None, None, outputs, figures)
            # The transcript is on the disk: its text need not be kept here too.
            self.database.execute("UPDATE parts SET payload = NULL WHERE job_id = ?", (job.id,))
            return self._offer(transcript)

    def want_speakers(self, job: Job) -> None:
        """Note that the speakers of a job's text are to be found once it is done."""
        self.database.execute(
            "INSERT INTO speaker_searches (job_id) VALUES (?) ON CONFLICT (job_id)"
            " DO UPDATE SET state = 'wanted', attempts = 0, detail = NULL",
            (job.id,),
        )

    def speakers_wanted(self) -> int:
        """Return of how many finished texts the speakers are still to be found."""
        row = self.database.query_one(
            "SELECT count(*) FROM speaker_searches JOIN jobs ON jobs.id = job_id"
            " WHERE state = 'wanted' AND jobs.status IN ('done', 'partial')"
        )
        return 0 if row is None else int(row[0])

    def begin_speaker_search(self) -> Job | None:
        """Return a finished job whose speakers are wanted, and count the attempt; None for none.

        None, too, while the queue is paused or held, or the model is lent. The count is written
        before the work, so that a search which kills the daemon is given up.
        """
        if not self.speakers_wanted():  # the usual case needs no lock for writing
            return None
        with self.database.transaction():
            self.database.execute(
                "UPDATE speaker_searches SET state = 'failed',"
                " detail = 'It was begun too often without an end.'"
                " WHERE state = 'wanted' AND attempts >= ?",
                (SEARCH_CAP,),
            )
            row = self.database.query_one("""
                SELECT jobs.* FROM speaker_searches JOIN jobs ON jobs.id = job_id
                WHERE state = 'wanted' AND jobs.status IN ('done', 'partial')
                AND NOT EXISTS (SELECT 1 FROM service WHERE paused = 1 OR hold_reason IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM model_requests WHERE granted_at IS NOT NULL)
                ORDER BY job_id DESC LIMIT 1
            """)
            if row is None:
                return None
            self.database.execute(
                "UPDATE speaker_searches SET attempts = attempts + 1 WHERE job_id = ?", (row["id"],)
            )
            return job_of(row)

    def end_speaker_search(self, job: Job, *, found: bool, detail: str | None = None) -> None:
        """Record how the search for a job's speakers ended."""
        self.database.execute(
            "UPDATE speaker_searches SET state = ?, detail = ? WHERE job_id = ?",
            ("found" if found else "failed", detail, job.id),
        )

    def put_off_speaker_search(self, job: Job, *, detail: str | None = None) -> None:
        """Return a search that was stopped, which costs no attempt."""
        self.database.execute(
            "UPDATE speaker_searches SET attempts = max(attempts - 1, 0), detail = ?"
            " WHERE job_id = ?",
            (detail, job.id),
        )

    def speaker_search(self, job_id: int) -> SpeakerSearch | None:
        """Return what became of the search for a job's speakers, None where none was wanted."""
        row = self.database.query_one(
            "SELECT state, attempts, detail FROM speaker_searches WHERE job_id = ?", (job_id,)
        )
        return None if row is None else SpeakerSearch(row["state"], row["attempts"], row["detail"])
