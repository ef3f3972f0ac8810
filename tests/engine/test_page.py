"""The page: words with times, what was changed and removed, a policy that names its script."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape

from engine import reading, render
from engine.records import EnhancedWord, Removal
from tests.engine.output_samples import document, metadata_of, paragraph


def numbered(words: tuple[EnhancedWord, ...], first: int = 0) -> tuple[EnhancedWord, ...]:
    """Return words with their index in the source."""
    return tuple(
        replace(w, word=replace(w.word, index=n)) for n, w in enumerate(words, start=first)
    )


def test_every_word_has_its_time_and_what_the_source_has_instead() -> None:
    """In milliseconds, as hyperaudio reads them; another word is told from another spelling."""
    words = paragraph("So Kubernetes ran.", source="so cubernetties ran", start_s=61.0)
    made = document([words])
    page = render.html(made, metadata_of(made))
    assert '<span data-m="61000" data-d="400" data-s="so">So</span>' in page
    assert 'data-s="cubernetties" data-r>Kubernetes</span>' in page
    assert 'aria-label="Play from 1:01">1:01</button>' in page


def test_what_was_removed_stands_where_it_was_with_its_reason() -> None:
    """Before the word that followed it, by its index in the source; the last at the end."""
    words = numbered(paragraph("One two three"))
    later = tuple(replace(w, word=replace(w.word, index=w.word.index + 2)) for w in words[1:])
    cuts = (
        Removal("loops", "la la", 0.4, 0.5, 2, index=1),
        Removal("tags", "<Music>", None, None, 1, index=9),
    )
    made = document([(words[0], *later)], removals=cuts)
    page = render.html(made, metadata_of(made, removals=cuts))
    text = re.sub(r"<[^>]+>", "", page[page.index("<main") : page.index("</main>")])
    assert unescape(" ".join(text.split())) == (
        "0:00One removed: loop of Whisper, 2 words la la two three removed: not speech <Music>"
    )


def test_doubtful_words_are_at_most_every_tenth() -> None:
    """A recording of which Whisper doubted everything has no page full of shades."""
    words = paragraph(" ".join(f"w{n}" for n in range(40)))
    low = tuple(
        replace(w, word=replace(w.word, confidence=0.1 + n / 100)) for n, w in enumerate(words)
    )
    made = document([low])
    assert len(re.findall(r"data-c=", render.html(made, metadata_of(made)))) == 4
    sure = tuple(replace(w, word=replace(w.word, confidence=0.9)) for w in words)
    made = document([sure])
    assert "data-c=" not in render.html(made, metadata_of(made))


def test_the_policy_allows_this_script_and_this_style_alone() -> None:
    """By their hashes; nothing is fetched but the recording."""
    made = document([paragraph("Hello there")])
    page = render.html(made, metadata_of(made))
    policy = unescape(re.search(r'Security-Policy" content="([^"]+)"', page)[1])
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "connect-src 'none'" in policy


def test_the_recording_is_looked_for_beside_the_page() -> None:
    """The name that the transcript gives first, then its own; never in another folder."""
    made = document([paragraph("Hello there")], media="take 2?.m4a")
    page = render.html(made, metadata_of(made, source_name="talk.wav.json"))
    audio = json.loads(unescape(re.search(r'data-audio="([^"]+)"', page)[1]))
    assert audio[:3] == ["./take%202%3F.m4a", "./talk.wav", "./talk.wav.mp3"]


def test_a_transcript_may_name_its_recording() -> None:
    """By its name alone: the folder is that of another machine, and an address is none."""
    said = {"segments": [{"start": 0, "end": 1, "text": "so we met"}], "text": "so we met"}
    for named, media in (
        ({"audio_file": "/Users/ada/take 2.M4A"}, "take 2.M4A"),
        ({"file": "C:\\Rec\\talk.wav"}, "talk.wav"),
        ({"source": "youtube"}, None),
        ({"audio": "../\n.mp3"}, None),
    ):
        data = json.dumps(said | named).encode()
        assert reading.read(data, name="talk.json").media == media


def test_a_text_without_times_is_a_page_without_a_player() -> None:
    """Estimated times would play another place."""
    made = document([paragraph("Hello there", start_s=None)])
    page = render.html(made, metadata_of(made))
    assert "data-m=" not in page.split("<main")[1].split("</main>")[0]
    assert '<button id="play" disabled hidden>' in page
