"""A model on a server: its address, what it is asked, and how its answer is walked."""

from __future__ import annotations

import json
import re

import pytest

from engine.child import protocol
from engine.errors import ModelRefused
from engine.models import catalog, servers
from engine.records import EnhancedPart, EnhancedWord, Part, Served, Word
from engine.served import ask, walk
from engine.served.records import NoReading
from engine.text import checkpoint
from engine.text.lattice import Lattice
from engine.text.paths import best
from engine.text.second_opinion import without_opinion

SAID = "so i went up to see the garden yesterday and it was all under water"


def words_of(text: str, *, glued: bool = False) -> tuple[Word, ...]:
    pieces = list(text) if glued else text.split()
    return tuple(Word(piece, glued=glued and n > 0) for n, piece in enumerate(pieces))


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1#m",
        "http://[::1]:8000/v1#m",
        "http://192.168.1.7/v1#org/m",
        "http://100.64.0.9:1/v1#m",  # the private range of some VPNs
        "http://gpu:8000/v1#m",
        "https://gpu.local/v1#m",
    ],
)
def test_this_machine_and_private_networks_need_no_question(address: str) -> None:
    """They are named once, and nothing leaves the user's network."""
    info = catalog.describe(address)
    assert info.server is not None
    assert not info.server.elsewhere
    assert info.name == address
    assert protocol.info_from_wire(json.loads(json.dumps(protocol.info_to_wire(info)))) == info


def test_another_host_must_be_named_twice() -> None:
    """What was said would go there."""
    address = "https://llm.example.org/v1#m"
    with pytest.raises(ModelRefused, match="outside of this machine") as refused:
        catalog.describe(address)
    assert "--allow-host llm.example.org" in refused.value.hint
    with pytest.raises(ModelRefused):
        catalog.describe(servers.named_again(address, "other.example.org"))
    allowed = catalog.describe(servers.named_again(address, "LLM.example.org"))
    assert allowed.server is not None
    assert allowed.server.elsewhere
    assert allowed.name == address


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8000/v1",
        "http://#m",
        "http://h:99999/v1#m",
        "http://user:secret@127.0.0.1/v1#m",
        "http://127.0.0.1/v1?x=1#m",
    ],
)
def test_what_is_no_address_is_refused_without_its_password(address: str) -> None:
    """The message says how one is written."""
    with pytest.raises(ModelRefused) as refused:
        catalog.describe(address)
    assert "secret" not in str(refused.value) + refused.value.hint


@pytest.mark.parametrize("host", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_are_far(host: str) -> None:
    """Also an IPv4 address that is written as IPv6."""
    assert not servers.is_near(host)


def test_the_pattern_has_the_lattice_and_nothing_else() -> None:
    """The source's own words follow it; one word more or less does not."""
    info = catalog.describe("http://127.0.0.1/v1#m")
    words = words_of("well (so) i went. a+b=c")
    lattice = Lattice(Part(0, words), info, labels=False)
    pattern = ask.pattern(ask.alternatives(lattice))
    assert re.fullmatch(pattern, "Well, (so) I went.\n\nA+b=c.")
    assert not re.fullmatch(pattern, "Well, (so) I have went. A+b=c.")
    assert not re.fullmatch(pattern, "Well, (so) went. A+b=c.")
    assert ask.gbnf([["a"], ['"b"', "\n"]]) == 'root ::= "a" ("\\"b\\"" | "\\n")'


def walked(said: str, answer: str, *, glued: bool = False) -> tuple[str, int]:
    info = catalog.describe("http://127.0.0.1/v1#m")
    part = Part(0, words_of(said, glued=glued), language=None if glued else "en")
    lattice = Lattice(part, info, labels=False)
    wished = walk.wishes(part.words, answer)
    path = best(lattice, walk.toward(lattice, without_opinion(lattice), wished))
    words = lattice.enhanced(path)
    count = walk.taken(words, wished)
    assert [walk.content(word.text) for word in words] == [
        walk.content(word.text) for word in part.words
    ]
    shown = "".join(
        word.text + ("\n\n" if word.paragraph else "" if glued else " ") for word in words
    )
    return shown.strip(), count


def test_an_answer_that_is_a_reading_is_taken_whole() -> None:
    """Marks, capitals and paragraphs are the answer's."""
    answer = "So I went up to see the garden yesterday!\n\nAnd it was all under water."
    assert walked(SAID, answer) == (answer, 15)


def test_words_that_were_added_changed_or_left_out_take_no_part() -> None:
    """The others are taken, and every word that was said stands once."""
    answer = "Sure, here it is: So I went to see the green garden today. And it was all wet, water!"
    text, count = walked(SAID, answer)
    assert text.startswith("So I went up to see the garden")
    assert text.endswith("under water!")
    assert 9 <= count < 15


@pytest.mark.parametrize("answer", ["", "I cannot help you with that.", "so i went up to see"])
def test_an_answer_with_other_words_is_no_reading(answer: str) -> None:
    """Half of the words must be there."""
    with pytest.raises(NoReading):
        walked(SAID, answer)


def test_a_script_without_spaces_is_walked_too() -> None:
    """The marks go with the word before."""
    assert walked("今日は雨です明日は晴れです", "今日は雨です。明日は晴れです。", glued=True) == (
        "今日は雨です。明日は晴れです。",
        13,
    )


def test_no_rule_of_structure_is_broken_for_an_answer() -> None:
    """A sentence of one word that is no answer to anything stays in its sentence."""
    text, count = walked(SAID, "So. I. Went up to see the garden yesterday and it was under water.")
    assert not text.startswith("So. ")
    assert count < len(SAID.split())


def test_what_a_server_decided_survives_a_checkpoint() -> None:
    """The metadata of a job that was interrupted counts it too."""
    part = Part(0, words_of("so we went"))
    words = tuple(EnhancedWord(word, word.text) for word in part.words)
    done = EnhancedPart(0, "enhanced", words, served=Served("embedded", 2, None))
    assert checkpoint.load(part, checkpoint.dump(done)) == done
    bad = checkpoint.dump(done).replace('"embedded"', '"anybody"')
    with pytest.raises(ValueError, match="decides"):
        checkpoint.load(part, bad)
