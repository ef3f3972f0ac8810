"""Outputs may lie in a folder of their own, and everything that looks for them follows."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from daemon import config as settings
from daemon.config import Config, ProfileRule
from daemon.doctor import machine
from daemon.errors import ConfigError
from daemon.files import outlets
from daemon.home import Home
from daemon.operations import rendering
from daemon.operations.session import Book, Session
from daemon.output_folders import LOOK_S, OutputFolders
from engine import sidecars
from engine.records import Profile
from state.job import Job, Reason, Status
from state.service import ServiceRow
from tests.daemon.conftest import Ask, IntakeRig, WorkerRig
from tests.daemon.making import diarized, dropped, now, offered, talk

MOMENT = datetime(2026, 6, 30, 14, 5)
MTIME_NS = int(MOMENT.timestamp() * 1e9)


def elsewhere(config: Config, **more: Any) -> Config:
    profile = replace(config.default, output_dir="notes", **more)
    return replace(config, default=profile)


def outlet(config: Config, name: str) -> Path:
    path = str(config.watch[0] / name)
    return outlets.outlet_of(path, MTIME_NS, config, config.profile_for(path))


# Where they lie


def test_outputs_lie_beside_the_source_unless_the_profile_says_otherwise(config: Config) -> None:
    """And below a folder of their own as the sources do below the watched one."""
    assert outlet(config, "a/talk.json") == config.watch[0] / "a" / "talk.json"
    notes = config.home.path / "notes"
    assert outlet(elsewhere(config), "a/b/talk.json") == notes / "a" / "b" / "talk.json"
    assert outlet(elsewhere(config), "talk.srt") == notes / "talk.srt"
    path = "/elsewhere/talk.json"  # given with `llasactl add`
    changed = elsewhere(config)
    assert outlets.outlet_of(path, MTIME_NS, changed, changed.default) == notes / "talk.json"


@pytest.mark.parametrize(
    ("template", "name", "text"),
    [
        ("{date} {stem}", "calls/talk.json", "2026-06-30 talk.enhanced.txt"),
        ("{stem} ({folder}, {year}-{month}-{day} {time})", "calls/talk.json",
         "talk (calls, 2026-06-30 1405).enhanced.txt"),
        ("{stem}", "calls/talk.wav.json", "talk.wav.enhanced.txt"),
        ("note {stem}", "calls/talk.srt", "note talk.srt.enhanced.txt"),
        ("note {stem}", "calls/talk.srt.json", "note talk.srt.json.enhanced.txt"),
        ("{stem}.json", "calls/talk.json", "talk.json.enhanced.txt"),
        ("{stem}", "calls/" + "é" * 120 + ".json", None),
        ("{stem}" + "x" * 90, "calls/" + "é" * 110 + ".json", None),
    ],
)  # fmt: skip
def test_names_follow_a_template(
    config: Config, template: str, name: str, text: str | None
) -> None:
    """Whatever the source's name ends with, and however long it is."""
    found = outlet(elsewhere(config, output_name=template), name)
    planned = sidecars.paths_for(found, ["enhanced.txt"])["enhanced.txt"]
    assert planned.parent == config.home.path / "notes" / "calls"
    assert sidecars.is_ours(planned.name)
    assert len(os.fsencode(planned.name)) <= 255
    if text is not None:
        assert planned.name == text


@pytest.mark.parametrize(
    "line",
    [
        'output_dir = ""',
        "output_dir = 7",
        'output_name = "talk"',
        'output_name = "{stem}/x"',
        'output_name = "{title} {stem}"',
        'output_name = ".{stem}"',
        'output_name = "{stem!r}"',
        'output_name = "{stem.__class__}"',
        'front_matter = "toml"',
    ],
)
def test_what_cannot_be_a_place_or_a_name_is_refused(home: Home, line: str) -> None:
    """With its line."""
    with pytest.raises(ConfigError, match="line 1"):
        settings.parse(line, home)


# Written, written again, found


def done(rig: WorkerRig, name: str = "calls/talk.json", data: bytes | None = None) -> Job:
    (rig.config.watch[0] / name).parent.mkdir(exist_ok=True)
    job = dropped(rig, name, data)
    rig.worker().run_one()
    return now(rig.queue, job)


@pytest.fixture
def notes(rig: WorkerRig) -> Path:
    """Let the outputs lie in a folder of notes, and return it."""
    rig.config = elsewhere(rig.config, outputs=("txt", "md"))
    rig.keeper._config = rig.config
    return rig.config.home.path / "notes"


def test_a_file_is_done_with_its_outputs_elsewhere(rig: WorkerRig, notes: Path) -> None:
    """Nothing is written beside the source; the job knows where they are."""
    job = done(rig)
    assert job.status is Status.DONE
    written = sorted(path.name for path in (notes / "calls").iterdir())
    assert written == ["talk.enhanced.md", "talk.enhanced.txt", "talk.metadata.json"]
    assert [path.name for path in Path(job.path).parent.iterdir()] == ["talk.json"]
    assert all(Path(output.path).parent == notes / "calls" for output in job.outputs)


def test_an_edited_output_is_kept_there_too(rig: WorkerRig, notes: Path) -> None:
    """The new one is beside it, with a number."""
    job = done(rig)
    text = notes / "calls" / "talk.enhanced.txt"
    text.write_text("As I want it.\n")
    rig.queue.redo(job.id)
    rig.worker().run_one()
    assert text.read_text() == "As I want it.\n"
    assert (notes / "calls" / "talk.enhanced.1.txt").exists()


def test_files_that_would_share_a_name_get_numbers(rig: WorkerRig, notes: Path) -> None:
    """Two watched folders with a file of the same name do not write over each other."""
    second = rig.config.home.path / "second"
    second.mkdir()
    rig.config = replace(rig.config, watch=(*rig.config.watch, second))
    first = done(rig, "talk.json")
    other = second / "talk.json"
    other.write_bytes(talk("entirely different"))
    job = offered(rig.queue, other)
    rig.worker().run_one()
    texts = [next(o.path for o in found.outputs if o.suffix == "enhanced.txt")
             for found in (first, now(rig.queue, job))]  # fmt: skip
    assert [Path(path).name for path in texts] == ["talk.enhanced.txt", "talk.enhanced.1.txt"]
    assert "different" in Path(texts[1]).read_text().casefold()
    assert "different" not in Path(texts[0]).read_text().casefold()


def book_of(rig: WorkerRig) -> Book:
    session = Session(str(rig.config.home.path))
    session.__dict__["config"] = rig.config
    return Book(session, rig.queue, ServiceRow(rig.queue.database))


def test_rendering_again_and_speakers_follow(rig: WorkerRig, notes: Path) -> None:
    """The names file stays beside the source, where the user writes it."""
    said = (("SPEAKER_00", "we went down to the river"), ("SPEAKER_01", "and it was cold there"))
    job = done(rig, data=diarized(*said))
    Path(job.path).with_name("talk.speakers.toml").write_text('SPEAKER_00 = "Ada"')
    (found,) = rendering.render(book_of(rig), [job])
    assert found.error is None
    assert "Ada" in (notes / "calls" / "talk.enhanced.txt").read_text()
    assert {Path(output.path).parent for output in found.outputs} == {notes / "calls"}


def test_a_change_of_the_folder_moves_the_next_rendering(rig: WorkerRig, notes: Path) -> None:
    """What was written before stays where it is."""
    job = done(rig)
    rig.config = replace(rig.config, default=replace(rig.config.default, output_dir="other"))
    (found,) = rendering.render(book_of(rig), [job])
    assert found.error is None
    assert (rig.config.home.path / "other" / "calls" / "talk.enhanced.txt").exists()
    assert (notes / "calls" / "talk.enhanced.txt").exists()


def test_a_job_is_found_by_its_output(
    ask: Ask, rig: WorkerRig, notes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`show` and `open` take the path of an output that lies elsewhere."""
    rig.config.home.settings.write_text('output_dir = "notes"\n')
    job = done(rig)
    text = notes / "calls" / "talk.enhanced.txt"
    assert ask("show", str(text), "--json").json["id"] == job.id
    monkeypatch.chdir(text.parent)
    assert ask("show", "talk.enhanced.txt", "--json").json["id"] == job.id
    assert ask("show", "talk.enhanced.2.txt", "--json").code == 2


def test_a_search_names_the_output_where_it_lies(
    ask: Ask, rig: WorkerRig, notes: Path, indexer: Any
) -> None:
    """Also where the outputs were edited since."""
    done(rig)
    while indexer.step():
        pass
    (hit,) = ask("search", "river", "--json").json["hits"][:1]
    assert hit["output"] == str(notes / "calls" / "talk.enhanced.md")


def test_finished_work_elsewhere_is_found_again_after_the_database_was_lost(
    intake_rig: IntakeRig, rig: WorkerRig, notes: Path
) -> None:
    """The same place is computed from the source, its date and its profile."""
    rig.config = replace(
        rig.config, default=replace(rig.config.default, output_name="{date} {stem}")
    )
    intake_rig.config = rig.config
    job = done(rig)
    rig.queue.forget(job.id)
    intake_rig.intake = intake_rig.fresh(adopt=True)
    intake_rig.run()
    found = intake_rig.job("calls/talk.json")
    assert found.status is Status.DONE
    assert {output.path for output in found.outputs} == {output.path for output in job.outputs}


# A folder that is not there


def test_files_wait_for_a_folder_that_is_missing_and_hold_up_no_others(
    rig: WorkerRig, clock: Any
) -> None:
    """A disk that is not plugged in; what was made in its place would be hidden by it later."""
    disk = rig.config.home.path / "disk"
    disk.mkdir()
    profile = replace(rig.config.default, name="far", output_dir=str(disk / "sub" / "notes"))
    rig.config = replace(rig.config, rules=(ProfileRule(profile, ("calls",)),))
    rig.keeper._config = rig.config
    job = done(rig)
    assert (job.status, job.reason) == (Status.FAILED, Reason.OUTPUT_MISSING)
    assert done(rig, "near.json").status is Status.DONE
    assert rig.queue.held() is None

    folders = OutputFolders(rig.config, rig.queue, rig.log)
    folders.tick(clock.now)
    assert now(rig.queue, job).status is Status.FAILED
    (disk / "sub").mkdir()
    folders.tick(clock.pass_by(LOOK_S))
    assert now(rig.queue, job).status is Status.QUEUED
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE
    assert (disk / "sub" / "notes" / "calls" / "talk.enhanced.txt").exists()


def test_a_folder_that_goes_away_during_the_work_is_not_made_again(
    rig: WorkerRig, notes: Path
) -> None:
    """The parts are kept: once it is back, only the writing is left."""
    deep = rig.config.home.path / "disk" / "notes"
    deep.mkdir(parents=True)
    rig.config = replace(rig.config, default=replace(rig.config.default, output_dir=str(deep)))

    def at_step(name: str) -> None:
        if name == "finished":
            shutil.rmtree(deep.parent)

    rig.at_step = at_step  # type: ignore[method-assign]
    job = done(rig)
    assert (job.status, job.reason) == (Status.FAILED, Reason.OUTPUT_MISSING)
    assert job.parts_done == job.parts_total == 2
    assert not deep.parent.exists()


def test_the_doctor_looks_at_the_folders_of_outputs(config: Config) -> None:
    """One that will be made is fine, one whose disk is missing is not."""
    home = config.home.path
    assert list(machine.outputs(config)) == []
    (made,) = machine.outputs(elsewhere(config))
    assert made.state == "ok"
    far = replace(config, default=Profile(output_dir=str(home / "disk" / "notes")))
    (missing,) = machine.outputs(far)
    assert (missing.state, "plug its disk in" in missing.advice) == ("failure", True)
    assert not (home / "notes").exists()


# The front matter


def test_notes_have_the_front_matter_of_their_program(rig: WorkerRig, notes: Path) -> None:
    """Tags without white space for Obsidian, properties for Logseq, nothing for `none`."""
    text = notes / "calls" / "talk.enhanced.md"
    job = done(rig)
    yaml = text.read_text()
    for form, begin in (("obsidian", "---\n"), ("logseq", ""), ("none", "")):
        profile = replace(rig.config.default, front_matter=form)
        rig.config = replace(rig.config, default=profile)
        (found,) = rendering.render(book_of(rig), [now(rig.queue, job)])
        assert found.error is None
        written = text.read_text()
        assert written.startswith(begin)
        assert written != yaml
        lines = written.splitlines()
        if form == "obsidian":
            tags = next(line for line in lines if line.startswith("tags: "))
            assert '"transcript"' in tags
            assert not any(" " in tag for tag in json.loads(tags.removeprefix("tags: ")))
        elif form == "logseq":
            assert any(line.startswith("tags:: transcript") for line in lines)
            assert any(line.startswith("source:: talk.json") for line in lines)
        else:
            assert "talk.json" not in written
