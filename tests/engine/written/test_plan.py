"""How a transcript is cut into requests: whole where it fits, else section by section."""

from __future__ import annotations

from engine.records import Chapter, Extracts
from engine.written.material import Material, material
from engine.written.plan import progress
from engine.written.records import Cited, Outcome
from engine.written.requests import Request
from tests.engine.written.making import document

SENTENCE = "The council of Lincoln bought the old mill in the winter of that year."


def long_talk(paragraphs: int = 12) -> Material:
    extracts = Extracts(
        chapters=(Chapter("One", 0.0, 0), Chapter("Two", 360.0, paragraphs // 2)),
    )
    found = material(document(*[f"{SENTENCE} {SENTENCE}"] * paragraphs), extracts)
    assert found is not None
    return found


def all_requests(found: Material, most_bytes: int) -> list[Request]:
    """Fulfil every request with its first paragraph, and return them in order."""
    done: dict[str, Outcome] = {}
    requests = []
    while (request := progress(found, done, most_bytes=most_bytes).request) is not None:
        requests.append(request)
        points = tuple(Cited(SENTENCE, piece.cites) for piece in request.shown)
        done[request.key] = Outcome(points[: request.most], written=1)
    return requests


def test_a_short_talk_is_shown_whole() -> None:
    """Every field is written from its own paragraphs."""
    requests = all_requests(long_talk(4), 100_000)
    keys = [request.key for request in requests]
    fields = ["summary", "description", "key_points", "title", "tags"]
    assert keys == [*fields, "chapter:0", "chapter:1"]
    assert all(request.citable == (0, 1, 2, 3) for request in requests[:5])
    assert requests[5].citable == (0, 1)


def test_no_paragraph_of_a_long_talk_is_left_out() -> None:
    """Its sections show all of them, each once, and no section goes over a chapter."""
    requests = all_requests(long_talk(), 500)
    sections = [request for request in requests if request.key.startswith("notes:")]
    assert len(sections) > 2
    shown = [cite for section in sections for piece in section.shown for cite in piece.cites]
    assert shown == list(range(12))
    assert all(not ({5, 6} <= set(section.citable)) for section in sections)


def test_points_that_do_not_fit_are_put_into_fewer() -> None:
    """Until the whole of them fits into one request."""
    requests = all_requests(long_talk(40), 450)
    assert any(request.key.startswith("digest:0:") for request in requests)
    summary = next(request for request in requests if request.key == "summary")
    assert 0 < sum(len(piece.text) for piece in summary.shown) <= 450
    assert "key_points" not in [request.key for request in requests]


def test_a_paragraph_that_does_not_fit_is_shown_in_pieces() -> None:
    """All of its words, under its one number."""
    words = " ".join(f"word{number}" for number in range(600))
    found = material(document(words, SENTENCE), Extracts())
    assert found is not None
    requests = all_requests(found, 700)
    pieces = [piece for r in requests if r.key.startswith("notes:") for piece in r.shown]
    text = " ".join(piece.text for piece in pieces if piece.cites == (0,))
    assert text == words


def test_the_same_talk_is_cut_the_same_way() -> None:
    """What was done before a stop fits what is asked after it."""
    first, second = all_requests(long_talk(), 500), all_requests(long_talk(), 500)
    assert first == second


def test_where_no_point_holds_nothing_is_asked_of_the_whole() -> None:
    """The rest of the metadata stays quoted."""
    found = long_talk()
    done: dict[str, Outcome] = {}
    while (request := progress(found, done, most_bytes=500).request) is not None:
        assert request.key.startswith("notes:")
        done[request.key] = Outcome(written=2, dropped=2)
    assert done
