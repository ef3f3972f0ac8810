"""Parts decided by a model on a server: stand-ins that answer well, badly, late or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import pytest

from engine.child.serving import ServingDecider
from engine.errors import ModelNotFound, ModelRefused
from engine.models import catalog
from engine.records import EnhancedPart, Part, Server, Word
from engine.served.ask import Asker
from engine.served.http import Endpoint
from engine.tagger.tag import Tagger
from engine.text.readings import content
from tests.stand_in_server import stand_in

SAID = (
    "so i went up to see the garden yesterday and it was all under water but we had a good day "
    "then martin came along and said that the cold soil was to blame for it"
)


@lru_cache(maxsize=1)
def tagger() -> Tagger:
    return Tagger.load(catalog.describe(catalog.EMBEDDED))


@contextmanager
def decider(behaviour: str, *, answer_s: float = 60.0) -> Iterator[ServingDecider]:
    with stand_in(behaviour) as address:
        info = catalog.describe(address)
        assert info.server is not None
        asker = Asker(
            info.server, Endpoint(info.server, answer_s=answer_s), wait=lambda seconds: None
        )
        asker.begin()
        yield ServingDecider(info, asker, tagger())


def part_of(said: str = SAID, language: str | None = "en") -> Part:
    return Part(0, tuple(Word(word) for word in said.split()), language=language)


def text_of(part: EnhancedPart) -> str:
    assert [content(word.text) for word in part.words] == [
        content(word.word.text) for word in part.words
    ]
    return " ".join(word.text for word in part.words)


def test_a_good_answer_decides_and_is_counted() -> None:
    """Its exclamation marks are none that the embedded model writes."""
    with decider("good") as deciding:
        part = deciding.enhance(part_of(), ())
    assert part.status == "enhanced"
    assert part.served is not None
    assert (part.served.reason, part.served.otherwise) == (None, "embedded")
    assert part.served.taken > 0.8 * len(part.words)
    assert "!" in text_of(part)


@pytest.mark.parametrize("behaviour", ["adds", "drops"])
def test_what_is_no_reading_of_an_answer_is_decided_by_the_embedded_model(behaviour: str) -> None:
    """No word is lost or added; what was taken is counted."""
    with decider(behaviour) as deciding:
        part = deciding.enhance(part_of(), ())
    assert part.served is not None
    assert part.served.reason is None
    assert 0 < part.served.taken < len(part.words) + 1
    assert len(text_of(part).split()) == len(SAID.split())


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("nonsense", "no_reading"),
        ("cut", "no_reading"),
        ("endless", "no_reading"),
        ("redirects", "no_reading"),
        ("fails", "unanswered"),
        ("no_json", "unanswered"),
        ("other_form", "unanswered"),
        ("breaks_off", "unanswered"),
    ],
)
def test_without_an_answer_that_reads_the_embedded_text_stands(behaviour: str, reason: str) -> None:
    """It is the embedded model's own text, and the part says why."""
    with decider(behaviour) as deciding:
        part = deciding.enhance(part_of(), ())
    assert part.served is not None
    assert (part.served.reason, part.served.taken) == (reason, 0)
    assert part.status == "implausible"
    assert part.words == tagger().enhance(part_of(), ()).words


def test_where_the_embedded_model_does_not_know_the_language_the_source_stands() -> None:
    """Nobody else may decide there."""
    with decider("nonsense") as deciding:
        part = deciding.enhance(part_of(language="fi"), ())
    assert part.served is not None
    assert part.served.otherwise == "source"
    assert text_of(part) == SAID


def test_a_server_that_hangs_is_not_waited_for_again_until_it_lives() -> None:
    """It is waited for once; then its list of models shows whether it answers."""
    with decider("hangs", answer_s=0.5) as deciding:
        ticks: list[int] = []
        first = deciding.enhance(part_of(), (), on_progress=ticks.append)
    second = deciding.enhance(part_of(), ())  # it is gone now
    for part in (first, second):
        assert part.served is not None
        assert part.served.reason == "unanswered"


def test_a_failure_that_passes_is_no_failure() -> None:
    """The same request is sent again."""
    with decider("fails_once") as deciding:
        part = deciding.enhance(part_of(), ())
    assert part.served is not None
    assert part.served.reason is None


def test_a_server_that_binds_is_found_by_trying() -> None:
    """Its model then chooses on the lattice, and all of its answer is a reading."""
    with decider("bound") as deciding:
        assert deciding.asker.mode == "structured_outputs"
        wished = deciding._wished(part_of(), (), lambda: None)
    assert None not in wished


def test_a_server_that_refuses_patterns_is_asked_plainly() -> None:
    """What it does not know it may refuse."""
    with decider("refuses_patterns") as deciding:
        assert deciding.asker.mode == "plain"
        part = deciding.enhance(part_of(), ())
    assert part.served is not None
    assert part.served.taken > 0


def test_a_server_that_lists_no_models_is_asked_for_the_model() -> None:
    """Its list is a courtesy; its answer counts."""
    with decider("no_list") as deciding:
        part = deciding.enhance(part_of(), ())
    assert part.served is not None
    assert part.served.reason is None


def test_another_model_and_no_server_are_named_at_once() -> None:
    """Before any file is begun."""
    with (
        pytest.raises(ModelNotFound, match="has no model stand-in") as other,
        decider("other_model"),
    ):
        pass
    assert "another" in other.value.hint
    server = Server("http://127.0.0.1:1/v1", "m", elsewhere=False)
    with pytest.raises(ModelNotFound, match="nothing listens there"):
        Asker(server, Endpoint(server)).begin()


def test_a_near_name_that_leads_outside_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name without a dot may be anybody's."""
    import socket

    far = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: far)
    server = Server("http://gpu/v1", "m", elsewhere=False)
    with pytest.raises(ModelRefused, match="nothing was sent"):
        Asker(server, Endpoint(server)).begin()
