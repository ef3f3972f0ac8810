"""The steps in order, from bytes to files."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from engine import pipeline
from engine.errors import AlignmentError
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part, Profile, Word
from engine.text import checkpoint

INFO = ModelInfo(
    name="test",
    path="",
    revision="abc",
    quantization="4-bit, group 64",
    tasks=("punctuate",),
    languages=("en",),
    template="punct",
    part_words=12,
    tail_words=4,
    lookahead_words=4,
)
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEXT = (
    "so today i want to talk about the garden behind our house and how we planted the first trees "
    "there when the children were small and nobody believed that they would ever grow"
)


def source(text: str = TEXT, language: str = "en") -> bytes:
    words = text.split()
    segments = [
        {
            "id": n,
            "seek": 0,
            "start": n * 4.0,
            "end": n * 4.0 + 3.5,
            "text": " " + " ".join(words[n * 8 : n * 8 + 8]),
            "tokens": [],
            "temperature": 0.0,
            "avg_logprob": -0.2,
            "compression_ratio": 1.4,
            "no_speech_prob": 0.01,
        }
        for n in range((len(words) + 7) // 8)
    ]
    whole = {"text": " " + text, "segments": segments, "language": language}
    return json.dumps(whole).encode()


class Commas:
    """Put a comma after the first word of every part."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.tails: list[str] = []

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> EnhancedPart:
        self.asked.append(part.index)
        self.tails.append(" ".join(word.text for word in tail))
        words = [EnhancedWord(word, word.text) for word in part.words]
        words[0] = dataclasses.replace(words[0], text=words[0].text + ",")
        return EnhancedPart(part.index, "enhanced", tuple(words), tokens=5, passes=2, decode_s=0.5)


def finished(plan: pipeline.Plan, parts: list[EnhancedPart]) -> pipeline.Result:
    return pipeline.finish(plan, parts, load_s=0.1, total_s=1.0, created_at=NOW)


def test_a_source_becomes_text_and_metadata_with_every_word() -> None:
    """All words are in the text, the metadata counts them, the text comes first."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    decoder = Commas()
    result = finished(plan, list(pipeline.run(plan, decoder.enhance)))
    assert [file.suffix for file in result.files] == ["enhanced.txt", "metadata.json"]
    assert result.files[0].content.replace(",", "").split() == TEXT.split()
    assert result.metadata["coverage"]["words_in"] == len(TEXT.split())
    assert result.metadata["coverage"]["parts"]["enhanced"] == len(plan.parts) > 1
    assert (result.status, result.reason) == ("done", None)
    assert decoder.tails[1].split()[0].endswith(",")


def test_finished_parts_are_not_decoded_again() -> None:
    """After a crash the run continues where it was and gives the same text."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    whole = list(pipeline.run(plan, Commas().enhance))
    payloads = {part.index: checkpoint.dump(part) for part in whole[:2]}
    done = {n: checkpoint.load(plan.parts[n], text) for n, text in payloads.items()}
    decoder = Commas()
    resumed = list(pipeline.run(plan, decoder.enhance, done=done))
    assert resumed == whole
    assert decoder.asked == list(range(2, len(plan.parts)))


def test_a_checkpoint_of_another_cut_is_not_accepted() -> None:
    """A part with another number of words is not this part."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    payload = checkpoint.dump(pipeline.keep(plan.parts[0], "fallback"))
    with pytest.raises(AlignmentError):
        checkpoint.load(dataclasses.replace(plan.parts[0], words=()), payload)


@pytest.mark.parametrize(
    "written", [[["not", False], ["guilty", False]], [["quite", False], [7, False]]]
)
def test_a_checkpoint_of_other_words_is_not_accepted(written: list[list[object]]) -> None:
    """After an upgrade another cut may have as many words: "not guilty" was not said there."""
    well = Part(0, (Word("quite"), Word("well")))
    kept = json.loads(checkpoint.dump(pipeline.keep(well, "enhanced")))
    with pytest.raises(AlignmentError):
        checkpoint.load(well, json.dumps({**kept, "words": written}))
    assert checkpoint.load(well, json.dumps(kept)).words[0].text == "quite"


def test_a_part_that_fell_back_makes_the_job_partial() -> None:
    """A part that could not be enhanced is reported, never hidden."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    parts = list(pipeline.run(plan, Commas().enhance))
    parts[1] = pipeline.keep(plan.parts[1], "fallback")
    result = finished(plan, parts)
    assert (result.status, result.reason) == ("partial", "model_child_died")
    assert result.metadata["coverage"]["parts"]["fallback"] == 1


def test_a_part_that_was_not_plausible_is_counted_and_the_job_says_so() -> None:
    """It is done: another try would end the same way."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    parts = list(pipeline.run(plan, Commas().enhance))
    parts[1] = pipeline.keep(plan.parts[1], "implausible")
    parts[0] = dataclasses.replace(parts[0], status="implausible")
    assert (parts[0].decided, parts[1].decided) == (True, False)
    result = finished(plan, parts)
    assert (result.status, result.reason) == ("done", "implausible")
    assert result.metadata["coverage"]["parts"]["implausible"] == 2


def test_a_missing_part_is_never_published() -> None:
    """An incomplete text is never finished."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    with pytest.raises(AlignmentError):
        finished(plan, list(pipeline.run(plan, Commas().enhance))[:-1])


def test_a_text_too_short_to_tell_its_language_is_given_to_the_model() -> None:
    """Two words without a language are not an uncovered language."""
    data = json.dumps([{"start": 0, "end": 1, "text": " The The"}]).encode()
    plan = pipeline.prepare(data, name="a.json", profile=Profile(), info=INFO)
    assert (plan.language, plan.reason, [part.covered for part in plan.parts]) == (
        None,
        None,
        [True],
    )


def test_a_language_that_the_model_does_not_cover_keeps_its_own_text() -> None:
    """No model runs, and the reason is reported."""
    german = (
        "Heute möchte ich über den Garten hinter unserem Haus sprechen. Wir haben dort die ersten "
        "Bäume gepflanzt, als die Kinder noch klein waren, und niemand glaubte daran."
    )
    plan = pipeline.prepare(source(german, "de"), name="a.json", profile=Profile(), info=INFO)
    decoder = Commas()
    result = finished(plan, list(pipeline.run(plan, decoder.enhance)))
    assert decoder.asked == []
    assert result.reason == "uncovered_language"
    assert result.files[0].content.split() == german.split()


def test_silence_is_done_and_empty() -> None:
    """A transcript without words is a result, not an error."""
    data = json.dumps({"text": "", "segments": [], "language": "en"}).encode()
    plan = pipeline.prepare(data, name="a.json", profile=Profile(), info=INFO)
    result = finished(plan, list(pipeline.run(plan, Commas().enhance)))
    assert (result.status, result.reason) == ("done", "no_speech")
    assert result.files[0].content == ""
    assert result.metadata["title"] is None


def test_preparing_twice_gives_the_same_parts() -> None:
    """A resumed job must cut where the first run cut."""
    one = pipeline.prepare(source(), name="a.json", profile=Profile(), info=INFO)
    two = pipeline.prepare(source(), name="a.json", profile=Profile(), info=INFO)
    assert one == two


def test_a_part_that_was_given_up_keeps_the_text_of_the_source() -> None:
    """The job is partial, and every part was announced before it was worked on."""
    plan = pipeline.prepare(source(), name="talk.json", profile=Profile(), info=INFO)
    decoder = Commas()
    begun: list[int] = []

    def decode(part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
        assert begun[-1] == part.index
        return None if part.index == 1 else decoder.enhance(part, tail)

    done = {0: decoder.enhance(plan.parts[0], ())}
    parts = list(pipeline.run(plan, decode, done=done, begin=lambda part: begun.append(part.index)))
    assert begun == list(range(1, len(plan.parts)))
    assert [part.status for part in parts[:3]] == ["enhanced", "fallback", "enhanced"]
    assert finished(plan, parts).status == "partial"
