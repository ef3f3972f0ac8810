"""A model on a real server: SmolLM2 behind mlx_lm's own server, asked by `llasa-cli`."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http import client
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.text.readings import content
from tests.archive.making import transcript
from tests.bound_server import bound_server
from tests.chat_model import smollm2
from tests.stand_in_server import stand_in

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-P", "-m", "daemon.one_shot")
SCHEMA = json.loads((ROOT / "docs/metadata.schema.json").read_text())
SAID = (
    "so i went up to see the garden yesterday and it was all under water but we had a good day "
    "then martin came along and said that the cold soil was to blame for it"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start the server; yield the address of its model."""
    folder = smollm2()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlx_lm", "server", "--model", str(folder)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(120):
                if _answers(port) or process.poll() is not None:
                    break
                time.sleep(1)
            assert process.poll() is None, "the server ended"
            yield f"http://127.0.0.1:{port}/v1#{folder.resolve()}"
        finally:
            process.kill()


def _answers(port: int) -> bool:
    connection = client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def batch(folder: Path, model: str) -> tuple[int, list[Any], str]:
    words = ["batch", str(folder), "--model", model, "--json"]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, cwd=folder)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def check(folder: Path) -> dict[str, Any]:
    """Return the metadata, which fits its schema; every word that was said stands in the text."""
    metadata: dict[str, Any] = json.loads((folder / "talk.metadata.json").read_text())
    jsonschema.validate(metadata, SCHEMA)
    text = (folder / "talk.enhanced.txt").read_text()
    assert [content(word) for word in text.split()] == SAID.split()
    server = metadata["server"]
    assert sum(server["words"].values()) == len(SAID.split())
    return server


@pytest.mark.skipif(
    "LLASA_TEST_WRITES" not in os.environ, reason="takes minutes: LLASA_TEST_WRITES=1"
)
def test_a_real_server_loses_no_word_whatever_its_small_model_writes(
    server: str, tmp_path: Path
) -> None:
    """What it answered and what the embedded model decided is counted."""
    transcript(tmp_path / "talk.json", said=SAID)
    code, lines, errors = batch(tmp_path, server)
    assert code == 0, errors
    counted = check(tmp_path)
    assert counted["parts"]["asked"] == 1
    late = counted["parts"]["unanswered"]  # a machine that is too busy for it
    assert lines[0]["status"] == ("partial" if late else "done")


def test_a_real_model_that_is_bound_writes_readings_alone(tmp_path: Path) -> None:
    """It is found by trying, and nearly every word is written as it answers.

    The rules of structure stand over it: its model knows little.
    """
    transcript(tmp_path / "talk.json", said=SAID)
    with bound_server(smollm2()) as model:
        code, _, errors = batch(tmp_path, model)
    assert code == 0, errors
    assert check(tmp_path)["parts"]["no_reading"] == 0


def test_what_a_server_left_unanswered_is_done_by_the_next_run(tmp_path: Path) -> None:
    """The file ends as partial, its text is the embedded model's, and nothing else stops."""
    transcript(tmp_path / "talk.json", said=SAID)
    with stand_in("fails") as model:
        code, lines, errors = batch(tmp_path, model)
    assert code == 0, errors
    assert (lines[0]["status"], lines[0]["reason"]) == ("partial", "server_unanswered")
    assert check(tmp_path)["parts"]["unanswered"] == 1
    port = int(model.split(":")[2].split("/")[0])
    code, lines, errors = batch(tmp_path, model)
    assert code == 3
    assert f"127.0.0.1:{port}" in lines[-1]["summary"]["stopped_by"]["message"]


def test_an_answer_that_is_none_keeps_the_file_done(tmp_path: Path) -> None:
    """It is counted, and asked for only once."""
    transcript(tmp_path / "talk.json", said=SAID)
    with stand_in("nonsense") as model:
        code, lines, errors = batch(tmp_path, model)
        again = batch(tmp_path, model)
    assert code == 0, errors
    assert (lines[0]["status"], lines[0]["reason"]) == ("done", "implausible")
    assert check(tmp_path)["parts"]["no_reading"] == 1
    assert again[1][0]["reason"] == "finished"
