"""Make transcripts for a test, queue them, and read what became of them."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from daemon import control
from daemon.files.source import read_snapshot
from daemon.machine import birth_of
from state.job import Job, Offer, Origin
from state.lending import LendingRows, ModelRequest
from state.queue import Queue

if TYPE_CHECKING:
    from structlog.testing import LogCapture

    from tests.daemon.conftest import WorkerRig

DOCS = Path(__file__).parents[2] / "docs"
# Enough plain English for the language to be sure.
SENTENCE = "and then we went down to the river because the water was warm and they liked it there"


def transcript(*segments: str) -> bytes:
    """Return an openai-whisper file of these segments, three seconds each."""
    return json.dumps(
        {
            "text": " ".join(segments),
            "language": "en",
            "segments": [
                {
                    "id": n,
                    "seek": 0,
                    "start": 3.0 * n,
                    "end": 3.0 * n + 2.5,
                    "text": f" {text}",
                    "temperature": 0.0,
                    "avg_logprob": -0.2,
                    "compression_ratio": 1.2,
                    "no_speech_prob": 0.01,
                }
                for n, text in enumerate(segments)
            ],
        }
    ).encode()


def talk(marks: str = "", *, parts: int = 2) -> bytes:
    """Return a transcript of parts of ten words; each word of `marks` begins one of them."""
    words = marks.split()
    begun = [*words, *["so"] * (parts - len(words))]
    return transcript(*(f"{word} we went down to the river with all of" for word in begun))


def diarized(*turns: tuple[str, str]) -> bytes:
    """Return a WhisperX file of these turns (speaker and words), ten seconds each."""
    segments = [
        {"start": 10.0 * n, "end": 10.0 * n + 9.0, "text": f" {text}", "speaker": speaker}
        for n, (speaker, text) in enumerate(turns)
    ]
    return json.dumps({"segments": segments, "language": "en"}).encode()


def offered(queue: Queue, path: Path, **more: Any) -> Job:
    """Queue a file as it is and return its job, which must be new."""
    snapshot = read_snapshot(str(path), max_bytes=1 << 30)
    job = queue.offer(
        Offer(
            path=path,
            sha256=snapshot.sha256,
            fingerprint=snapshot.fingerprint,
            origin=Origin.EVENT,
            **more,
        )
    )
    assert job is not None
    return job


def dropped(rig: WorkerRig, name: str = "talk.json", data: bytes | None = None) -> Job:
    """Write a transcript into the watched folder and queue it."""
    path = rig.config.watch[0] / name
    path.write_bytes(talk() if data is None else data)
    return offered(rig.queue, path)


def now(queue: Queue, job: Job) -> Job:
    """Return `job` as it is now in the database."""
    found = queue.job(job.id)
    assert found is not None
    return found


def text_of(job: Job) -> str:
    """Return the enhanced text of a job."""
    return Path(job.path).with_suffix("").with_suffix(".enhanced.txt").read_text(encoding="utf-8")


def metadata_of(job: Job) -> dict[str, object]:
    """Return the metadata of a job."""
    data = Path(job.path).with_suffix("").with_suffix(".metadata.json").read_bytes()
    loaded: dict[str, object] = json.loads(data)
    return loaded


def events(captured: LogCapture) -> list[str]:
    """Return the names of the logged events."""
    return [entry["event"] for entry in captured.entries]


def commands() -> dict[str, click.Command]:
    """Return the commands of llasactl by their names."""
    context = click.Context(control.llasactl)
    found = {}
    for name in control.llasactl.list_commands(context):
        command = control.llasactl.get_command(context, name)
        assert command is not None
        found[name] = command
    return found


def documented(section: str) -> set[str]:
    """Return the keys that docs/commands.md lists in the table under `<!-- keys: SECTION -->`."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    table = text.split(f"<!-- keys: {section} -->")[1].split("\n\n")[1]
    return set(re.findall(r"^\| `(\w+)` ", table, flags=re.MULTILINE))


def ask_for_model(rows: LendingRows, who: str = "chat") -> ModelRequest:
    """Ask as a process that runs."""
    return rows.ask(who=who, pid=os.getpid(), birth=birth_of(os.getpid()) or "")


def end_process(rows: LendingRows, request: ModelRequest) -> None:
    """Make a request one of a process that has ended, whose id another has now."""
    rows.database.execute(
        "UPDATE model_requests SET birth = 'another life' WHERE id = ?", (request.id,)
    )
