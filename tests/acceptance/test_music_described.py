"""Music of a dropped transcript, described by the real daemon and the real music service.

With the classes of transformers and random weights where `python -m tests.sound_tools FOLDER music`
made a Python with them; else with a stand-in for llama-server. Either way the application, the
process that asks it and the daemon are the real ones.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.music import licence
from engine.music.settings import own_folder
from tests import sound_tools
from tests.engine.music import running, sounds

LIMIT_S = 900.0  # a busy machine takes many times the usual
TINY = Path(running.__file__).with_name("tiny_flamingo.py")
SAID = "and then we went down to the river because the water was warm and they liked it there"


@pytest.fixture(params=["stand-in", "musicflamingo"])
def model(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Run the service of this user, with one of its models, and give the model's name."""
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    if request.param == "stand-in":
        with running.light_service(tmp_path, port=18769):
            yield "music-flamingo"
        return
    python = sound_tools.music_python()
    if python is None:
        pytest.skip("torch is not installed here: python -m tests.sound_tools FOLDER music")
    folder = tmp_path / "tiny"
    command = [str(python), str(TINY), request.param, str(folder), "60"]
    subprocess.run(command, check=True, capture_output=True)
    licence.accept(str(folder), own_folder())
    settings = {"MODEL": str(folder), "PYTHON": str(python), "DEVICE": "cpu"}
    with running.service(settings, port=18770):
        yield str(folder)


@pytest.mark.timeout(LIMIT_S)
def test_a_drain_ends_with_the_music_described(model: str, tmp_path: Path) -> None:
    """The text first; then what is heard from 8 to 20 s, in the metadata alone."""
    home = tmp_path / "home"
    folder = home / "var" / "transcripts"
    folder.mkdir(parents=True, mode=0o700)
    (home / "llasa.toml").write_text("describe_music = true\n")
    sounds.write(folder / "talk.wav", sounds.tone(440, 30.0))
    said = ((0, 8, SAID), (8, 20, "[Music]"), (20, 30, SAID))
    segments = [
        {"id": n, "start": start, "end": end, "text": f" {text}", "temperature": 0.0,
         "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01}
        for n, (start, end, text) in enumerate(said)
    ]  # fmt: skip
    (folder / "talk.json").write_text(json.dumps({"language": "en", "segments": segments}))
    command = [sys.executable, "-P", "-m", "daemon.start", "--home", str(home), "--drain"]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=LIMIT_S, check=False, env=os.environ
    )
    assert ended.returncode == 0, ended.stderr
    metadata = json.loads((folder / "talk.metadata.json").read_text())
    (sound,) = metadata["sounds"]
    assert (sound["start_s"], sound["end_s"]) == (8, 20)
    assert sound["heard"] == {"start_s": 8, "end_s": 20}
    assert sound["model"].startswith(model)
    text = (folder / "talk.enhanced.txt").read_text()
    assert sound["text"] not in text
    assert "Music" not in text
