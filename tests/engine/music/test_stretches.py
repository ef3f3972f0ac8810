"""Where music is looked for: tags and loops of a transcript, never where somebody speaks."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from engine import pipeline
from engine.models import catalog
from engine.music.stretches import MOST, Stretch, stretches
from engine.records import Profile

SAID = "and then we went down to the river because the water was warm"


def found(*segments: tuple[float, float, str], **more: Any) -> list[tuple[float, float, str]]:
    """Return the stretches of an openai-whisper file, through the reading and cleaning of all."""
    data = {
        "language": "en",
        "segments": [
            {
                "id": number, "start": start, "end": end, "text": f" {text}", "temperature": 0.0,
                "avg_logprob": -0.2, "compression_ratio": 1.2, "no_speech_prob": 0.01, **more,
            }
            for number, (start, end, text) in enumerate(segments)
        ],
    }  # fmt: skip
    info = catalog.describe(catalog.EMBEDDED)
    plan = pipeline.prepare(json.dumps(data).encode(), name="a.json", profile=Profile(), info=info)
    made = stretches(plan.transcript, plan.removals)
    return [(round(one.start_s, 1), round(one.end_s, 1), one.found_by) for one in made]


def test_a_tag_between_two_sentences_is_a_stretch() -> None:
    """Its own times."""
    made = found((0, 8, SAID), (8, 38, "[Music]"), (38, 46, SAID))
    assert made == [(8, 38, "tag")]


def test_a_short_tag_stands_for_the_silence_around_it() -> None:
    """A tool that times words gives a tag a second; no word that was said is in the stretch."""
    made = found((0, 8, SAID), (20, 21, "(upbeat music)"), (40, 46, SAID))
    assert made == [(8, 40, "tag")]
    made = found((0, 8, SAID), (60, 61, "[MÚSICA]"), (150, 156, SAID))
    assert made == [(30, 91, "tag")]


def test_tags_in_a_row_are_one_stretch() -> None:
    """With every window of Whisper one more."""
    made = found((0, 8, SAID), (8, 38, "[Music]"), (38, 68, "♪"), (68, 90, "[music]"))
    assert made == [(8, 90, "tag")]


@pytest.mark.parametrize("tag", ["[Applause]", "[BLANK_AUDIO]", "(coughs)", "[inaudible]"])
def test_other_sounds_are_no_music(tag: str) -> None:
    """Nobody asks what a cough is."""
    assert found((0, 8, SAID), (8, 38, tag), (38, 46, SAID)) == []


def test_a_long_loop_is_looked_into() -> None:
    """It is what Whisper writes over a song; a short one is a stumble."""
    loop = [(8 + 4.0 * n, 12 + 4.0 * n, "oh my love is gone") for n in range(8)]
    made = found((0, 8, SAID), *loop, (50, 58, SAID))
    assert [kind for _, _, kind in made] == ["loop"]
    assert made[0][0] >= 8
    assert made[0][1] <= 40
    short = [(8 + 0.5 * n, 8.5 + 0.5 * n, "oh my love") for n in range(8)]
    assert found((0, 8, SAID), *short, (50, 58, SAID)) == []


def test_long_music_is_cut_into_equal_pieces() -> None:
    """A model hears five minutes at once."""
    tags = [(8 + 30.0 * n, 38 + 30.0 * n, "[Music]") for n in range(23)]
    made = found((0, 8, SAID), *tags, (698, 706, SAID))
    assert [(start, end) for start, end, _ in made] == [(8, 238), (238, 468), (468, 698)]


def test_there_is_a_limit_to_one_transcript() -> None:
    """A concert is not described for a day."""
    segments = []
    for number in range(60):
        start = 40.0 * number
        said = " ".join(random.Random(number).sample(SAID.split(), 12))
        segments += [(start, start + 8, said), (start + 8, start + 38, "[Music]")]
    assert len(found(*segments)) == MOST


def test_without_times_nothing_can_be_heard() -> None:
    """A plain text says that there was music, and not where."""
    info = catalog.describe(catalog.EMBEDDED)
    data = f"{SAID}. [Music] {SAID}.".encode()
    plan = pipeline.prepare(data, name="a.txt", profile=Profile(), info=info)
    assert any(removal.kind == "tags" for removal in plan.removals)
    assert stretches(plan.transcript, plan.removals) == ()


def test_nothing_of_three_seconds_is_asked_about() -> None:
    """A jingle between two words."""
    assert found((0, 8, SAID), (8, 10, "[Music]"), (10, 18, SAID)) == []
    assert Stretch(0, 3, "tag").end_s == 3
