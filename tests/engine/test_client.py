"""The model child and its parent: with the real child, and with one that misbehaves."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.child import client, operations, process
from engine.errors import (
    AlignmentError,
    ChildDied,
    ChildFailed,
    ChildRepeats,
    ChildSilent,
    ChildStrained,
    GpuTimeout,
    ModelRefused,
    NoMemory,
)
from engine.models import catalog
from engine.records import ModelInfo, Part, Word

LIGHT_CHILD = Path(__file__).parents[1] / "acceptance" / "light_child.py"
SENTENCE = "so the thing is that we don't know"
Make = Callable[..., client.ModelClient]


@pytest.fixture
def light(tmp_path: Path, model_folders: dict[str, Path]) -> Iterator[Make]:
    """Return a function that makes clients whose child follows a script."""
    made: list[client.ModelClient] = []
    script = tmp_path / "script.json"

    def make(*faults: dict[str, Any], **options: Any) -> client.ModelClient:
        script.write_text(json.dumps({"faults": list(faults)}))
        info = catalog.describe(str(model_folders["qwen3"]))
        command = [sys.executable, str(LIGHT_CHILD), str(script)]
        made.append(client.ModelClient(info, command=command, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def part(text: str) -> Part:
    return Part(0, tuple(Word(word) for word in text.split()))


def fired(tmp_path: Path) -> int:
    plan = json.loads((tmp_path / "script.json").read_text())
    return int(plan["faults"][0].get("fired", 0))


def test_the_real_child_loads_decodes_and_says_what_it_runs_on(
    model_folders: dict[str, Path],
) -> None:
    """A part that goes through a real model in a real process keeps its words."""
    info = dataclasses.replace(catalog.describe(str(model_folders["qwen3"])), part_words=9)
    one = client.ModelClient(info)
    try:
        loaded = one.start()
        assert loaded.device_path
        done = one.enhance(part(SENTENCE), ())
        assert [word.word.text for word in done.words] == SENTENCE.split()
        assert done.passes > 0
        assert one.tokens == done.tokens > 0
        assert (one.memory_bytes() or 0) > 1 << 20
        again = one.enhance(part(SENTENCE), ())
        assert again.words == done.words
    finally:
        one.close()
    assert not one.alive


@pytest.mark.parametrize("what", ["abort", "segfault", "exit137", "nonsense"])
def test_a_child_that_dies_is_reported_and_the_next_one_works(
    light: Make, tmp_path: Path, what: str
) -> None:
    """The death costs one attempt at the part; the next call starts another child."""
    one = light({"word": "boom", "do": what, "times": 1})
    with pytest.raises(ChildDied):
        one.enhance(part("boom goes it"), ())
    assert fired(tmp_path) == 1
    assert not one.alive
    assert one.enhance(part("boom goes it"), ()).words[0].text == "Boom"


def test_a_silent_child_is_ended(light: Make, tmp_path: Path) -> None:
    """A child without progress for the given time hangs."""
    one = light({"word": "boom", "do": "hang", "times": 1}, silence_s=0.5)
    with pytest.raises(ChildSilent):
        one.enhance(part("boom goes it"), ())
    assert fired(tmp_path) == 1
    assert not one.alive


def test_a_slow_child_that_shows_progress_is_left_alone(light: Make, tmp_path: Path) -> None:
    """Two seconds of work with one second of patience: progress renews it."""
    reported: list[int] = []
    one = light({"word": "boom", "do": "slow", "times": 1}, silence_s=1.0)
    assert one.enhance(part("boom goes it"), (), on_progress=reported.append).words
    assert fired(tmp_path) == 1
    assert len(reported) == 20


def test_a_child_that_writes_without_end_is_ended(light: Make, tmp_path: Path) -> None:
    """Endless progress is not silence; it is ended at more tokens than the part can hold."""
    reported: list[int] = []
    one = light({"word": "boom", "do": "repeat", "times": 1})
    with pytest.raises(ChildRepeats) as caught:
        one.enhance(part("boom goes it"), (), on_progress=reported.append)
    assert fired(tmp_path) == 1
    assert caught.value.reason == "repetition"
    assert 10 < len(reported) < 500
    assert not one.alive
    assert one.enhance(part("boom goes it"), ()).words[0].text == "Boom"


def test_signs_of_life_without_progress_are_silence(light: Make, tmp_path: Path) -> None:
    """A child that reports the same figure again and again makes no progress."""
    reported: list[int] = []
    one = light({"word": "boom", "do": "babble", "times": 1}, silence_s=2.0)
    with pytest.raises(ChildSilent):
        one.enhance(part("boom goes it"), (), on_progress=reported.append)
    assert fired(tmp_path) == 1
    assert reported == [1]


@pytest.mark.parametrize("what", ["pester", "rattle"])
def test_a_child_that_floods_without_progress_is_silent_too(
    light: Make, tmp_path: Path, what: str
) -> None:
    """Time counts between two reads as well, though there is always something to read."""
    reported: list[int] = []
    lines: list[str] = []
    one = light({"word": "boom", "do": what, "times": 1}, silence_s=2.0, log=lines.append)
    with pytest.raises(ChildSilent):
        one.enhance(part("boom goes it"), (), on_progress=reported.append)
    assert fired(tmp_path) == 1
    assert reported == ([1] if what == "pester" else [])
    assert len(lines) <= process.LOG_LINES + 1
    assert one.enhance(part("boom goes it"), ()).words[0].text == "Boom"


def test_a_flood_of_diagnostics_does_not_block_the_child(light: Make, tmp_path: Path) -> None:
    """Two megabytes on standard error are read, and their first lines are kept."""
    lines: list[str] = []
    one = light({"word": "boom", "do": "flood", "times": 1}, log=lines.append)
    assert one.enhance(part("boom goes it"), ()).words[0].text == "Boom"
    assert fired(tmp_path) == 1
    assert len(lines) == process.LOG_LINES + 1
    assert lines[-1].startswith("... and more")


def test_an_answer_with_other_words_is_refused(light: Make, tmp_path: Path) -> None:
    """The parent checks the text word for word too."""
    one = light({"word": "boom", "do": "wrong_words", "times": 1})
    with pytest.raises(AlignmentError):
        one.enhance(part("boom goes it"), ())
    assert fired(tmp_path) == 1


@pytest.mark.parametrize(("what", "error"), [("no_memory", NoMemory), ("gpu_timeout", GpuTimeout)])
def test_a_child_that_asked_too_much_is_followed_by_one_that_reads_less_at_a_time(
    light: Make, tmp_path: Path, what: str, error: type[ChildStrained]
) -> None:
    """After too much memory or GPU time, the next child reads a quarter of the tokens in a pass."""
    one = light({"word": "boom", "do": what, "times": 2})
    for _ in range(2):
        with pytest.raises(error) as caught:
            one.enhance(part("boom it went"), ())
        assert not one.alive
        assert caught.value.hint
    assert one.enhance(part("boom it went"), ()).words[0].text == "Boom"
    (fault,) = json.loads((tmp_path / "script.json").read_text())["faults"]
    assert fault["prefill_tokens"] == [512, 128]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (MemoryError(), "model_out_of_memory"),
        (RuntimeError("[metal::malloc] Attempting to allocate 9 bytes"), "model_out_of_memory"),
        (
            RuntimeError(
                "[METAL] Command buffer execution failed: Insufficient Memory"
                " (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)."
            ),
            "model_out_of_memory",
        ),
        (
            RuntimeError(
                "[METAL] Command buffer execution failed: Caused GPU Timeout Error"
                " (00000002:kIOGPUCommandBufferCallbackErrorTimeout)."
            ),
            "gpu_timeout",
        ),
        (
            RuntimeError(
                "[METAL] Command buffer execution failed: Impacting Interactivity"
                " (0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)."
            ),
            "gpu_timeout",
        ),
        (ValueError("my dear Watson"), "model_child_failed"),
    ],
)
def test_an_exception_of_mlx_gets_a_reason_and_its_text_is_dropped(
    said: Exception, reason: str
) -> None:
    """The exceptions of Metal have no types of their own; others may quote the transcript."""
    error = operations.named(said)
    assert error.reason == reason
    assert "Watson" not in str(error)
    assert "Metal" not in str(error)


def test_a_request_that_is_not_known_is_answered_with_a_failure() -> None:
    """A parent of another version gets an answer and does not wait for ever."""
    said: list[dict[str, Any]] = []
    operations.serve(operations.Host(lambda **message: said.append(message)), {"op": "dance"})
    assert [(message["event"], message["reason"]) for message in said] == [
        ("failed", "model_child_failed")
    ]


def test_a_failure_that_the_child_reports_has_a_reason(light: Make) -> None:
    """An exception in MLX is an answer and does not end the child's process by itself."""
    one = light({"word": "boom", "do": "fail", "times": 1})
    with pytest.raises(ChildFailed) as caught:
        one.enhance(part("boom goes it"), ())
    assert caught.value.reason == "model_child_failed"


def test_a_folder_that_mlx_cannot_load_is_a_model_error(
    model_folders: dict[str, Path], tmp_path: Path
) -> None:
    """Broken weights are reported as such, with a hint."""
    folder = Path(shutil.copytree(model_folders["qwen3"], tmp_path / "model"))
    (folder / "model.safetensors").write_bytes((2).to_bytes(8, "little") + b"{}")  # no tensor
    one = client.ModelClient(catalog.describe(str(folder)))
    with pytest.raises((ModelRefused, ChildFailed)) as caught:
        one.start()
    one.close()
    assert caught.value.hint


def test_two_children_of_one_home_do_not_load_at_the_same_time(
    model_folders: dict[str, Path], tmp_path: Path
) -> None:
    """The second is refused with a reason: memory holds one model."""
    info: ModelInfo = catalog.describe(str(model_folders["qwen3"]))
    first = client.ModelClient(info, lock_path=tmp_path / "model.lock")
    second = client.ModelClient(info, lock_path=tmp_path / "model.lock")
    try:
        first.start()
        with pytest.raises(ModelRefused) as caught:
            second.start()
        assert caught.value.reason == "model_locked"
        first.close()
        assert second.start().pid
    finally:
        first.close()
        second.close()
