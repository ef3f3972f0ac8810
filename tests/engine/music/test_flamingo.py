"""The real processor, template and classes of transformers, with random weights."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.audio.prepare import Sound
from engine.music import licence
from engine.music.errors import MusicModelMissing, TooLong
from engine.music.flamingo import Flamingo
from engine.music.records import Parameters
from engine.music.service import MusicFlamingoService, Question
from engine.music.settings import MusicSettings
from tests import sound_tools
from tests.engine.music import sounds

SHORT = Parameters(max_new_tokens=8)


def python() -> str:
    """Return a Python with torch and transformers, or skip the test."""
    named = sound_tools.music_python()
    if named is None:
        pytest.skip("torch is not installed here: python -m tests.sound_tools FOLDER music")
    return str(named)


def made(folder: Path, kind: str) -> Path:
    """Make a model that hears a minute."""
    program = Path(__file__).with_name("tiny_flamingo.py")
    subprocess.run(
        [python(), str(program), kind, str(folder), "60"], check=True, capture_output=True
    )
    return folder


@pytest.fixture(scope="module", params=["musicflamingo", "audioflamingo3"])
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MusicFlamingoService]:
    """Give a service with each class of model."""
    folder = tmp_path_factory.mktemp(request.param)
    model = made(folder / "model", request.param)
    settings = replace(
        MusicSettings(), model=str(model), python=python(), policy="truncate", device="cpu"
    )
    licence.accept(str(model), folder)
    service = MusicFlamingoService(settings, Flamingo(settings), folder=folder)
    assert service.initialize().model_type == request.param
    yield service
    service.close()


def sound(folder: Path, seconds: float) -> Sound:
    """Return a prepared tone."""
    return Sound(
        sounds.write(folder / f"{seconds}.wav", sounds.tone(440, seconds)), seconds, "", None
    )


def test_a_model_hears_and_writes(service: MusicFlamingoService, tmp_path: Path) -> None:
    """What it writes streams; the same question has the same answer."""
    pieces: list[str] = []
    question = Question("which key?", sound(tmp_path, 3.0), parameters=SHORT)
    answer = service.infer(question, on_text=pieces.append)
    assert answer.text == "".join(pieces)
    assert answer.finish in ("stop", "length")
    assert answer.tokens <= 8
    assert service.infer(question).text == answer.text


def test_the_cap_is_the_processors(service: MusicFlamingoService, tmp_path: Path) -> None:
    """What goes over it is said, under either policy."""
    question = Question("q", sound(tmp_path, 65.0), parameters=SHORT)
    answer = service.infer(question)
    assert answer.remark.startswith("Heard 0 to 60 s of 65 s")
    with pytest.raises(TooLong):
        service.infer(replace(question, policy="refuse"))


def test_a_batch_goes_through_the_model_at_once(
    service: MusicFlamingoService, tmp_path: Path
) -> None:
    """Each answer is its own: padding changes none of them."""
    first = Question("a", sound(tmp_path, 2.0), parameters=SHORT)
    second = Question("a longer question", sound(tmp_path, 3.0), parameters=SHORT)
    both = service.infer_batch([first, second])
    assert [one.text for one in both if not isinstance(one, Exception)] == [
        service.infer(first).text,
        service.infer(second).text,
    ]


def test_text_alone_is_answered_and_too_much_of_it_refused(service: MusicFlamingoService) -> None:
    """The model holds 8192 tokens of one byte each."""
    assert service.infer(Question("hi", parameters=SHORT)).heard == ()
    with pytest.raises(TooLong, match="8192"):
        service.infer(Question("a" * 9000, parameters=SHORT))


def test_a_long_answer_is_cancelled_between_two_tokens(service: MusicFlamingoService) -> None:
    """The model is ready for the next question."""
    pieces: list[str] = []
    long = Question("hi", parameters=Parameters(max_new_tokens=4000, temperature=2.0, seed=5))
    answer = service.infer(long, on_text=pieces.append, cancelled=lambda: bool(pieces))
    assert answer.finish in ("cancelled", "stop")
    assert answer.tokens < 4000
    assert service.infer(Question("hi", parameters=SHORT)).tokens <= 8


def test_a_folder_without_a_flamingo_is_named(tmp_path: Path) -> None:
    """Missing, or of another kind."""
    settings = replace(MusicSettings(), model=str(tmp_path / "none"))
    with pytest.raises(MusicModelMissing, match="not on this machine"):
        Flamingo(settings).start()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    settings = replace(settings, model=str(tmp_path), python=python())
    with pytest.raises(MusicModelMissing, match="is a llama; known are"):
        Flamingo(settings).start()
