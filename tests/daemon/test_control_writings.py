"""llasactl about metadata that a model writes: status, show, and having it written again."""

from __future__ import annotations

from pathlib import Path

from daemon.home import Home
from state.writings import WritingRows
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import dropped


def test_metadata_is_written_again_only_where_a_model_is_named(
    ask: Ask, rig: WorkerRig, home: Home, chat_folder: Path
) -> None:
    """The text is not done again, and the message says what to set."""
    job = dropped(rig)
    assert rig.worker().run_one()
    refused = ask("redo", "--stage", "metadata", str(job.id))
    assert refused.code != 0
    assert "chat_model" in refused.err
    home.settings.write_text(f'chat_model = "{chat_folder}"\n')
    assert ask("status", "--json").json["writing"] is None
    asked = ask("redo", "--stage", "metadata", "talk.json")
    assert asked.code == 0, asked.err
    assert f"to be written again: metadata of {job.id}" in asked.out
    assert len(rig.queue.jobs()) == 1
    assert ask("status", "--json").json["writing"]["waiting"] == 1
    assert "1 waiting" in ask("status").out
    assert ask("show", str(job.id), "--json").json["writing"]["status"] == "waiting"
    assert "waits to be written" in ask("show", str(job.id)).out
    assert ask("redo", "--stage", "metadata", "--all").out.endswith("metadata of 1 file\n")


def test_why_metadata_was_given_up_is_shown(ask: Ask, rig: WorkerRig) -> None:
    """With what to do about it."""
    job = dropped(rig)
    assert rig.worker().run_one()
    rows = WritingRows(rig.queue.database)
    rows.offer(job.id)
    rows.fail(job.id, reason="model_missing", detail="It is not there.")
    shown = " ".join(ask("show", str(job.id)).out.split())
    assert "model_missing" in shown
    assert f"redo --stage metadata {job.id}" in shown
    assert "1 given up" in ask("status").out


def test_another_model_is_no_matter_of_this_stage(ask: Ask, rig: WorkerRig) -> None:
    """The chat model of the settings writes."""
    job = dropped(rig)
    assert rig.worker().run_one()
    refused = ask("redo", "--stage", "metadata", "--model", "punct", str(job.id))
    assert refused.code == 2
