"""A pair is added to the glossary of llasa.toml with the user's yes, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from daemon import config as settings
from daemon.errors import CannotRender
from daemon.home import Home
from daemon.operations.errors import InvalidRequest, NotPossible
from daemon.operations.review import Review
from daemon.operations.session import Session
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import now, text_of
from tests.daemon.test_speakers import done

BEFORE = """# My settings.
model = "punct"  # the small one

[glossary]  # what it mishears
"post gress" = "Postgres"  # the database
# kept for later

[profile.a]
folders = ["[glossary]"]
"""


def pairs(home: Home) -> dict[str, str]:
    return settings.load(home).default.glossary


def test_a_pair_is_added_without_a_change_of_anything_else(ask: Ask, home: Home) -> None:
    """Behind the others, so that earlier texts know which pairs they were made with."""
    home.settings.write_text(BEFORE)
    added = ask("glossary", "add", "kuber  netties", 'Kuber"netes')
    assert added.code == 0
    line = '"kuber netties" = "Kuber\\"netes"\n'
    assert f"added: {line}" in added.out
    assert home.settings.read_text().replace(line, "") == BEFORE
    assert list(pairs(home).items()) == [
        ("post gress", "Postgres"),
        ("kuber netties", 'Kuber"netes'),
    ]
    assert line in ask("glossary", "list").out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '[glossary]\n"a b" = "C"\n'),
        ("settle_s = 3", 'settle_s = 3\n\n[glossary]\n"a b" = "C"\n'),
        ("[glossary]", '[glossary]\n"a b" = "C"\n'),
        ('[glossary]\n"x" = "Y"', '[glossary]\n"x" = "Y"\n"a b" = "C"\n'),
        ("# [glossary]\n", '# [glossary]\n\n[glossary]\n"a b" = "C"\n'),
    ],
)
def test_settings_without_a_glossary_get_one(ask: Ask, home: Home, before: str, after: str) -> None:
    """At their end; a file is made where there is none."""
    if before:
        home.settings.write_text(before)
    assert ask("glossary", "add", "a b", "C").code == 0
    assert home.settings.read_text() == after
    assert pairs(home)["a b"] == "C"


@pytest.mark.parametrize(
    ("text", "arguments", "said"),
    [
        ('[glossary]\n"A b" = "C"\n', ("a B", "D"), 'has it already: "A b" = "C"'),
        ("", ("...", "D"), "pairs of heard and correct words"),
        ("", ("a", "b\x1b[31m"), "without control characters"),
        ('glossary = {"x" = "Y"}\n', ("a", "B"), 'by hand: "a" = "B"'),
        ('[on_done]\ncommand = ["x", """\n[glossary]\n"""]\n', ("a", "B"), "by hand"),
    ],
)
def test_what_cannot_be_added_safely_is_refused(
    ask: Ask, home: Home, text: str, arguments: tuple[str, str], said: str
) -> None:
    """The file stays as it was, and the line to write is said."""
    home.settings.write_text(text)
    refused = ask("glossary", "add", *arguments)
    assert refused.code in (2, 3)
    assert said in refused.err
    assert home.settings.read_text() == text


def test_a_profile_with_a_glossary_of_its_own_is_named(ask: Ask, home: Home) -> None:
    """The pair is not used there, and a user would wonder."""
    home.settings.write_text('[profile.a]\nfolders = ["a"]\n[profile.a.glossary]\nx = "Y"\n')
    assert "not used by profile a" in ask("glossary", "add", "z", "Z").out


def test_a_word_of_a_review_is_accepted_by_a_request_alone(rig: WorkerRig) -> None:
    """Offered first; the words that it stands for are those of the transcript, without marks."""
    job = done(rig)
    review = Review(Session(str(rig.config.home.path)), str(job.id))
    review.correct(0, {"do": "text", "at": 4, "to": "Kubernetes", "count": 2, "glossary": True})
    ((heard, to, held),) = review.state()["glossary"]
    assert (len(heard.split()), to, held) == (2, "Kubernetes", False)
    assert not rig.config.home.settings.exists()
    with pytest.raises(InvalidRequest):
        review.accept("something else", "Kubernetes")
    answer = review.accept(heard, to)
    assert answer["glossary"] == [[heard, to, True]]
    assert "when llasad has started again" in answer["said"]
    assert pairs(rig.config.home) == {heard: to}
    assert review.accept(heard, to)["glossary"] == [[heard, to, True]]
    review.write_outputs()
    assert review.is_written
    assert "Kubernetes" in text_of(now(rig.queue, job))


def test_settings_that_cannot_be_changed_leave_the_offer(rig: WorkerRig) -> None:
    """The message has the line to write."""
    job = done(rig)
    review = Review(Session(str(rig.config.home.path)), str(job.id))
    review.correct(0, {"do": "text", "at": 4, "to": "upp", "glossary": True})
    ((heard, to, _),) = review.state()["glossary"]
    text = 'glossary = {"x" = "Y"}\n'
    rig.config.home.settings.write_text(text)
    with pytest.raises(NotPossible) as refused:
        review.accept(heard, to)
    assert f'"{heard}" = "upp"' in refused.value.hint
    assert rig.config.home.settings.read_text() == text
    assert review.state()["glossary"] == [[heard, to, False]]


def test_a_text_can_still_be_corrected_when_pairs_were_added_behind(rig: WorkerRig) -> None:
    """Its own pairs are the first ones; a pair that was changed cannot be known."""
    home = rig.config.home
    home.settings.write_text('[glossary]\n"we" = "Wee"\n')
    default = replace(rig.config.default, glossary={"we": "Wee"})
    rig.config = replace(rig.config, default=default)
    job = done(rig)
    home.settings.write_text('[glossary]\n"we" = "Wee"\n"later" = "Latter"\n')
    Review(Session(str(home.path)), str(job.id)).correct(0, {"do": "capital", "at": 1})
    home.settings.write_text('[glossary]\n"we" = "Oui"\n"later" = "Latter"\n')
    with pytest.raises(CannotRender, match="glossary has changed"):
        Review(Session(str(home.path)), str(job.id))
