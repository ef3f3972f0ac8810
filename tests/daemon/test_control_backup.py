"""A backup holds what only the home knows, and unpacking it restores the home."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from engine import corrections
from engine.corrections import Corrections
from state.database import open_database
from state.job import Status
from state.service import ServiceRow
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import dropped


@pytest.fixture
def worked(rig: WorkerRig) -> Path:
    """Do a file, name its speakers, write settings; return the home."""
    home = rig.config.home
    home.settings.write_text("# mine\nsettle_s = 3\n")
    (home.path / "speakers.toml").write_text('SPEAKER_00 = "Ada"\n')
    (rig.config.watch[0] / "calls").mkdir()
    job = dropped(rig, "calls/talk.json")
    Path(job.path).with_name("talk.speakers.toml").write_text('SPEAKER_01 = "Bo"\n')
    made = corrections.dump(Corrections(revision=1), name="talk.json", sha256=job.sha256, words=0)
    Path(job.path).with_name("talk.corrections.json").write_text(made)
    while rig.worker().run_one():
        pass
    return home.path


def test_a_backup_restores_a_home(ask: Ask, worked: Path, tmp_path: Path, rig: WorkerRig) -> None:
    """As the documents say it: var/state moved away, the file unpacked in the home."""
    target = tmp_path / "kept.zip"
    made = ask("backup", "--to", str(target))
    assert made.code == 0
    assert [" ".join(line.split()) for line in made.out.splitlines()[1:-1]] == [
        "queue and conversations var/state/queue.db",
        "settings llasa.toml",
        "names of speakers ./, var/transcripts/calls/ (2 files)",
        "corrections var/transcripts/calls/talk.corrections.json",
    ]
    assert f"written: {target} (5 files, " in made.out
    assert target.stat().st_mode & 0o777 == 0o600
    before = ask("jobs", "--json").json
    rig.queue.database.close()

    (worked / "var" / "state").rename(tmp_path / "away")
    (worked / "llasa.toml").unlink()
    with zipfile.ZipFile(target) as archive:
        assert sorted(archive.namelist()) == [
            "llasa.toml",
            "speakers.toml",
            "var/state/queue.db",
            "var/transcripts/calls/talk.corrections.json",
            "var/transcripts/calls/talk.speakers.toml",
        ]
        archive.extractall(worked)
    assert ask("jobs", "--json").json == before
    assert (worked / "llasa.toml").read_text() == "# mine\nsettle_s = 3\n"
    session = ask("render", "--all")
    assert (session.code, "written again: 1 file" in session.out) == (0, True)


def test_a_restored_home_looks_for_what_was_finished_since(
    ask: Ask, worked: Path, tmp_path: Path, rig: WorkerRig
) -> None:
    """So that no text is made twice and none of ours is taken for an edit."""
    ask("backup", "--to", str(tmp_path / "kept.zip"))
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        archive.extractall(tmp_path / "other")
    state = tmp_path / "other" / "var" / "state"
    state.chmod(0o700)
    with open_database(state / "queue.db") as database:
        assert ServiceRow(database).read().rebuilding
        assert ServiceRow(database).read().pid is None


def test_a_backup_is_named_by_its_date_and_replaces_nothing(
    ask: Ask, worked: Path, tmp_path: Path
) -> None:
    """In a folder, or here; a file that exists is refused."""
    folder = tmp_path / "backups"
    folder.mkdir()
    assert ask("backup", "--to", str(folder)).code == 0
    (made,) = folder.iterdir()
    assert made.name.startswith("llasa-backup-20")
    refused = ask("backup", "--to", str(made))
    assert (refused.code, "exists already" in refused.err) == (3, True)
    assert ask("backup", "--to", str(tmp_path / "none" / "x.zip")).code == 3
    assert not list((worked / "var" / "state").glob("backup-*"))
    assert ask("backup", "--to", str(tmp_path / "new" / "Backups")).code == 0
    (made,) = (tmp_path / "new" / "Backups").iterdir()
    assert zipfile.is_zipfile(made)
    below = ask("backup", "--to", str(made / "below"))
    assert (below.code, "cannot be made" in below.err) == (3, True)


def test_names_files_of_folders_outside_the_home_are_in_it(
    ask: Ask, worked: Path, tmp_path: Path
) -> None:
    """Under a folder of their own: where they go back to is for the user to say."""
    outside = tmp_path / "calls"
    outside.mkdir()
    (outside / "talk.speakers.toml").write_text('A = "B"\n')
    (worked / "llasa.toml").write_text(f'watch = ["var/transcripts", "{outside}"]\n')
    ask("backup", "--to", str(tmp_path / "kept.zip"))
    with zipfile.ZipFile(tmp_path / "kept.zip") as archive:
        assert archive.read("elsewhere/1-calls/talk.speakers.toml") == b'A = "B"\n'
    shutil.rmtree(outside)
    assert Status.DONE in {job["status"] for job in ask("jobs", "--json").json}


def test_a_home_with_nothing_in_it_is_not_backed_up(ask: Ask, tmp_path: Path) -> None:
    """An empty file would look like a backup."""
    empty = tmp_path / "empty"
    empty.mkdir()
    made = ask("backup", "--home", str(empty), "--to", str(tmp_path / "kept.zip"))
    assert (made.code, "nothing to copy" in made.err) == (3, True)
    assert not (tmp_path / "kept.zip").exists()
