"""The music service's application, asked as a program would ask it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed here: uv sync --extra music")
pytest.importorskip("multipart", reason="python-multipart is not installed here")

from starlette.testclient import TestClient

from engine.music.face import app_of
from engine.music.service import MusicFlamingoService
from engine.music.settings import MusicSettings
from engine.music.uploads import Uploads
from tests.engine.music import sounds

TOKEN = "secret"


@pytest.fixture
def client(make_service: Callable[..., MusicFlamingoService], tmp_path: Path) -> Iterator[Any]:
    """Give a client of a service that hears four seconds at once."""
    service = make_service(most_audio_s=4.0, window_s=4.0, overlap_s=1.0)
    place = tmp_path / "uploads"
    place.mkdir()
    settings = replace(MusicSettings(), backend="llama-server", most_audio_s=4.0)
    app = app_of(service, Uploads(place, most_bytes=1 << 20), settings, token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with TestClient(app, base_url="http://127.0.0.1:8766", headers=headers) as made:
        yield made


def uploaded(client: Any, folder: Path, seconds: float) -> str:
    """Upload a tone and return its id."""
    path = sounds.write(folder / "tone.wav", sounds.tone(440, seconds))
    answer = client.post("/api/v1/upload", files={"file": ("tone.wav", path.read_bytes())})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["name"], made["duration_s"]) == ("tone.wav", seconds)
    return str(made["audio_file_id"])


def test_a_recording_is_uploaded_and_asked_about(client: Any, tmp_path: Path) -> None:
    """From the file to the answer, which says how much was heard."""
    number = uploaded(client, tmp_path, 6.0)
    answer = client.post(
        "/api/v1/infer", json={"text": "q", "audio_file_id": number, "policy": "truncate"}
    ).json()
    assert answer["text"] == "heard 4s asked q at 72 BPM"
    assert answer["heard"] == [{"from_s": 0.0, "to_s": 4.0}]
    assert (answer["truncated"], answer["of_s"], answer["finish_reason"]) == (True, 6.0, "stop")


def test_an_answer_streams_as_events(client: Any, tmp_path: Path) -> None:
    """Pieces, then the whole answer."""
    number = uploaded(client, tmp_path, 2.0)
    asked = {"text": "q", "audio_file_id": number, "stream": True}
    answer = client.post("/api/v1/infer", json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line[6:]) for line in answer.text.splitlines() if line]
    assert "request_id" in events[0]
    pieces = "".join(event["text"] for event in events if "text" in event)
    assert pieces == events[-1]["done"]["text"] == "heard 2s asked q at 72 BPM"


def test_an_error_in_a_stream_is_an_event_with_its_name(client: Any, tmp_path: Path) -> None:
    """The status was sent before it happened."""
    number = uploaded(client, tmp_path, 6.0)
    asked = {"text": "q", "audio_file_id": number, "stream": True, "policy": "refuse"}
    events = client.post("/api/v1/infer", json=asked).text.splitlines()
    assert json.loads(events[-2][6:])["error"]["name"] == "too_long"


def test_several_questions_are_asked_at_once(client: Any) -> None:
    """Each has its answer or its error."""
    asked = {"questions": [{"text": "one"}, {"text": "no memory"}]}
    answers = client.post("/api/v1/infer/batch", json=asked).json()["answers"]
    assert answers[0]["text"] == "heard nothing asked one at 72 BPM"
    assert answers[1]["error"]["name"] == "out_of_memory"


@pytest.mark.parametrize(
    ("asked", "status", "name"),
    [
        ({"text": "q", "audio_file_id": "0123456789abcdef"}, 404, "file_missing"),
        ({"text": "no memory"}, 507, "out_of_memory"),
        ({}, 422, "bad_request"),
        ({"text": "q", "prompt": "sing"}, 422, "bad_request"),
    ],
)
def test_every_error_has_a_name_a_message_and_a_hint(
    client: Any, asked: dict[str, Any], status: int, name: str
) -> None:
    """For programs and for people."""
    answer = client.post("/api/v1/infer", json=asked)
    assert (answer.status_code, answer.json()["error"]["name"]) == (status, name)
    assert answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]


def test_what_is_no_sound_or_too_large_is_refused_at_once(client: Any) -> None:
    """Before anybody asks about it; nothing of it is kept."""
    noise = client.post("/api/v1/upload", files={"file": ("a.mp3", b"no music " * 99)})
    assert (noise.status_code, noise.json()["error"]["name"]) == (415, "not_audio")
    large = client.post("/api/v1/upload", files={"file": ("a.wav", bytes(2 << 20))})
    assert (large.status_code, large.json()["error"]["name"]) == (413, "too_long")
    assert client.get("/api/v1/health").json()["uploads"] == 0


def test_an_upload_is_forgotten(client: Any, tmp_path: Path) -> None:
    """And its file with it."""
    number = uploaded(client, tmp_path, 1.0)
    assert client.delete(f"/api/v1/upload/{number}").status_code == 204
    assert list((tmp_path / "uploads").iterdir()) == []
    assert client.delete(f"/api/v1/upload/{number}").status_code == 404


def test_health_says_what_runs(client: Any) -> None:
    """Before and after the model is loaded."""
    before = client.get("/api/v1/health").json()
    assert (before["status"], before["loaded"], before["licence_accepted"]) == ("ok", False, True)
    assert client.post("/api/v1/initialize").json()["most_audio_s"] == 600
    assert client.get("/api/v1/health").json()["loaded"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/health", {"Authorization": ""}, 401),
        ("/api/v1/health", {"Authorization": "Bearer wrong"}, 401),
        ("/api/v1/health", {"Host": "evil.example"}, 400),
        ("/docs", {}, 404),
    ],
)
def test_nobody_without_the_token_gets_in(
    client: Any, path: str, headers: dict[str, str], status: int
) -> None:
    """Neither a page that names another host."""
    assert client.get(path, headers=headers).status_code == status


def test_cancelling_what_is_not_written_is_not_found(client: Any) -> None:
    """An id that nobody uses."""
    assert client.delete("/api/v1/infer/nothing").status_code == 404


def test_the_application_keeps_its_own_description(client: Any) -> None:
    """What schemathesis makes of it is answered as it says: no 500 among the answers."""
    schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed here")
    from hypothesis import HealthCheck, given, settings

    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", client.app, headers={"Host": "127.0.0.1"}
    )
    for operation in schema.get_all_operations():

        @given(case=operation.ok().as_strategy())
        @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
        def answered(case: Any) -> None:
            headers = {"Authorization": f"Bearer {TOKEN}", "Host": "127.0.0.1"}
            assert case.call(headers=headers).status_code < 500

        answered()
