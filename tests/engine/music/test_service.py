"""Questions about music, asked of a service whose model is behind llama-server's interface."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.audio.prepare import Sound
from engine.music import measure
from engine.music.answers import Answer, Question
from engine.music.errors import (
    BadQuestion,
    Cancelled,
    LicenceNotAccepted,
    MusicNoMemory,
    MusicUnavailable,
    TooLong,
)
from engine.music.llama_server import LlamaServer
from engine.music.records import Parameters, Span
from engine.music.service import MusicFlamingoService
from engine.music.settings import MusicSettings
from tests.engine.music import sounds

Make = Callable[..., MusicFlamingoService]


def sound(folder: Path, seconds: float) -> Sound:
    """Return prepared sound of some length."""
    count = round(seconds * sounds.RATE)
    path = sounds.write(folder / f"{seconds}.wav", [0.0] * count)
    return Sound(path, seconds, "wav", None)


def test_sound_and_text_are_heard_together(make_service: Make, tmp_path: Path) -> None:
    """The answer says what it rests on."""
    pieces: list[str] = []
    answer = make_service().infer(
        Question("which key?", sound(tmp_path, 3.0)), on_text=pieces.append
    )
    assert answer.text == "heard 3s asked which key? at 72 BPM" == "".join(pieces)
    assert (answer.finish, answer.heard, answer.remark) == ("stop", (Span(0, 3),), "")
    assert answer.model == "music-flamingo.Q8_0.gguf"


def test_text_alone_and_sound_alone_are_asked_too(make_service: Make, tmp_path: Path) -> None:
    """One of the two is enough; neither is a question that cannot be asked."""
    service = make_service()
    assert service.infer(Question("what is a fugue?")).text.startswith("heard nothing asked what")
    assert service.infer(Question(sound=sound(tmp_path, 1.0))).text.startswith("heard 1s asked no")
    with pytest.raises(BadQuestion):
        service.infer(Question())


def test_an_answer_over_its_limit_says_so(make_service: Make) -> None:
    """The model would have gone on."""
    answer = make_service().infer(Question("a b c", parameters=Parameters(max_new_tokens=3)))
    assert (answer.text, answer.finish) == ("heard nothing asked", "length")


def test_windows_are_answered_with_their_times(make_service: Make, tmp_path: Path) -> None:
    """All of a recording that is longer than a window, with the overlap said."""
    service = make_service(window_s=6.0, overlap_s=1.0)
    answer = service.infer(Question("q", sound(tmp_path, 14.0)))
    assert [(w.span.from_s, w.span.to_s) for w in answer.windows] == [(0, 6), (5, 11), (8, 14)]
    assert answer.text.startswith("[0 to 6 s]\nheard 6s asked q at 72 BPM\n\n[5 to 11 s]\n")
    assert answer.remark.startswith("Heard all 14 s in 3 windows that overlap by 1 s")
    assert not answer.truncated


def test_a_truncated_recording_is_never_passed_off_as_whole(
    make_service: Make, tmp_path: Path
) -> None:
    """The model heard the beginning, and the answer says how much."""
    service = make_service(most_audio_s=4.0, policy="truncate")
    answer = service.infer(Question("q", sound(tmp_path, 10.0)))
    assert answer.text.startswith("heard 4s")
    assert answer.truncated
    assert answer.remark.startswith("Heard 0 to 4 s of 10 s")


def test_the_question_may_name_another_policy(make_service: Make, tmp_path: Path) -> None:
    """Refusing is one."""
    service = make_service(most_audio_s=4.0, policy="truncate")
    with pytest.raises(TooLong, match=r"10 s.*4 s"):
        service.infer(Question("q", sound(tmp_path, 10.0), policy="refuse"))


def test_windows_are_joined_by_the_model_where_that_is_asked(
    make_service: Make, tmp_path: Path
) -> None:
    """What it wrote of each stays in the answer."""
    service = make_service(window_s=6.0, overlap_s=1.0)
    answer = service.infer(Question("q", sound(tmp_path, 10.0), merge=True))
    assert answer.text.startswith("heard nothing asked These are descriptions")
    assert len(answer.windows) == 2


def test_a_reference_is_heard_before_the_recording(make_service: Make, tmp_path: Path) -> None:
    """With two seconds between them; without one there is nothing to compare."""
    service = make_service()
    compared = Question(
        prompt="compare", sound=sound(tmp_path, 3.0), reference=sound(tmp_path, 2.0)
    )
    assert service.infer(compared).text.startswith("heard 7s asked You hear two recordings")
    with pytest.raises(BadQuestion, match="needs a reference"):
        service.infer(Question(prompt="compare", sound=sound(tmp_path, 3.0)))


def test_an_unknown_prompt_names_the_known_ones(make_service: Make) -> None:
    """So that nobody has to look them up."""
    with pytest.raises(BadQuestion, match="describe, caption, feedback, compare"):
        make_service().infer(Question(prompt="sing"))


def test_without_the_licence_nothing_is_asked(make_service: Make, tmp_path: Path) -> None:
    """It is accepted once, for each model."""
    settings = MusicSettings(backend="llama-server", server="http://127.0.0.1:9")
    service = MusicFlamingoService(settings, LlamaServer(settings), folder=tmp_path / "new")
    with pytest.raises(LicenceNotAccepted, match="Noncommercial"):
        service.initialize()


def test_a_server_that_is_away_or_deaf_is_named(
    make_service: Make, llama_server: Callable[..., str]
) -> None:
    """With what to do."""
    with pytest.raises(MusicUnavailable, match="no llama-server at") as caught:
        make_service(server="http://127.0.0.1:9").initialize()
    assert "--mmproj" in caught.value.hint
    with pytest.raises(MusicUnavailable, match="does not hear"):
        make_service(server=llama_server("--deaf")).initialize()


def test_no_memory_is_named_and_the_next_question_is_answered(make_service: Make) -> None:
    """A failure is one question's."""
    service = make_service()
    with pytest.raises(MusicNoMemory, match="failed to allocate"):
        service.infer(Question("no memory"))
    assert service.infer(Question("again")).finish == "stop"


def test_a_question_is_cancelled_before_and_while_it_is_answered(
    make_service: Make, tmp_path: Path
) -> None:
    """What was written until then is kept."""
    service = make_service(window_s=6.0)
    with pytest.raises(Cancelled):
        service.infer(Question("q", sound(tmp_path, 3.0)), cancelled=lambda: True)
    pieces: list[str] = []
    answer = service.infer(
        Question("q", sound(tmp_path, 20.0)),
        on_text=pieces.append,
        cancelled=lambda: len(pieces) > 3,
    )
    assert answer.finish == "cancelled"
    assert answer.text == "heard 6s asked"
    assert answer.truncated
    assert answer.remark == "Heard 0 to 6 s of 20 s: it was cancelled."


def test_in_a_batch_each_question_has_its_own_answer_or_error(
    make_service: Make, tmp_path: Path
) -> None:
    """One that fails does not stop the others."""
    service = make_service(most_audio_s=4.0, policy="refuse")
    made = service.infer_batch(
        [
            Question("one", sound(tmp_path, 2.0)),
            Question("two", sound(tmp_path, 10.0)),
            Question("three"),
            Question("no memory"),
            Question(),
        ]
    )
    texts = [one.text if isinstance(one, Answer) else one.reason for one in made]
    assert texts == [
        "heard 2s asked one at 72 BPM",
        "too_long",
        "heard nothing asked three at 72 BPM",
        "out_of_memory",
        "bad_request",
    ]


def test_measurements_that_cannot_be_made_leave_the_answer(
    make_service: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why is said."""
    monkeypatch.setattr(measure, "interpreter_with", lambda *names, named=None: None)
    answer = make_service().infer(Question("q", sound(tmp_path, 2.0), measure=True))
    assert answer.measured is None
    assert "llasa[measure]" in answer.not_measured
    assert answer.text.endswith("72 BPM")
