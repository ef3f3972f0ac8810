"""The interface to both managers, and the access to the machine."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from launchd.agent import Manager, manager
from launchd.errors import CommandFailed, FileUnwritable, ManagerMissing, UnsupportedPlatform
from launchd.host import Actions, Completed, command_runner, this_host
from launchd.launchctl import LaunchdManager
from launchd.records import Step
from launchd.systemctl import SystemdManager


def test_each_platform_has_its_manager(make_host, launchd) -> None:
    """macOS has launchd, Linux has systemd, and on other systems an error says so."""
    host = make_host(launchd)
    assert isinstance(manager("darwin", host=host), LaunchdManager)
    assert isinstance(manager("linux", host=host), SystemdManager)
    with pytest.raises(UnsupportedPlatform, match="win32"):
        manager("win32", host=host)


@pytest.mark.skipif(
    sys.platform != "darwin" and not sys.platform.startswith("linux"), reason="no manager here"
)
def test_this_machines_manager_answers_without_changing_anything() -> None:
    """The real state can be read anywhere, with or without a running service manager."""
    ours: Manager = manager()
    try:
        state = ours.state()
    except ManagerMissing:
        pytest.skip("this machine has no service manager")
    assert state.detail


def test_the_runner_returns_the_code_and_output_of_a_command() -> None:
    """Code, output and errors are separate, and bytes that are not UTF-8 are replaced."""
    run = command_runner({"PATH": os.environ["PATH"]})
    done = run(["sh", "-c", "printf 'out\\377'; echo bad >&2; exit 7"])
    assert done == Completed(done.argv, 7, "out\ufffd", "bad\n")
    assert done.messages == "bad\nout\ufffd"


def test_a_missing_command_is_a_missing_manager() -> None:
    """The error names the command, not an errno."""
    with pytest.raises(ManagerMissing, match="no-such-command"):
        command_runner({"PATH": "/nonexistent"})(["no-such-command"])


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service manager that does not answer is reported like any other failure."""
    monkeypatch.setattr("launchd.host.COMMAND_TIMEOUT_S", 0.05)
    done = command_runner({"PATH": os.environ["PATH"]})(["tail", "-f", "/dev/null"])
    assert (done.code, done.error) == (124, "no answer in 0.05 s")


def test_messages_are_english_and_an_empty_runtime_folder_is_not_passed_on() -> None:
    """systemctl translates its errors, and would use an empty XDG_RUNTIME_DIR as a folder."""
    settings = {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": "", "LC_ALL": "de_DE.UTF-8"}
    done = command_runner(settings)(["sh", "-c", 'echo "$LC_ALL ${XDG_RUNTIME_DIR-unset}"'])
    assert done.output == "C unset\n"


def test_this_host_belongs_to_the_current_user() -> None:
    """It has the user's own id and home."""
    host = this_host()
    assert (host.uid, host.home) == (os.getuid(), Path.home())


def test_a_write_is_complete_or_not_done(
    make_host, launchd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rename that fails leaves the old file unchanged and no temporary file beside it."""
    path = tmp_path / "x.plist"
    path.write_text("old")

    def refuse(source: object, target: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("launchd.host.os.replace", refuse)
    with pytest.raises(FileUnwritable, match=r"x\.plist: Permission denied") as caught:
        Actions(make_host(launchd)).write(path, b"new", mode=0o644)
    assert caught.value.hint
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"x.plist": "old"}


def test_a_written_file_has_its_mode_whatever_the_umask(make_host, launchd, tmp_path: Path) -> None:
    """launchd refuses a file that others may write, so the mode is set explicitly."""
    before = os.umask(0)
    try:
        Actions(make_host(launchd)).write(tmp_path / "x", b"", mode=0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o644


def test_a_link_is_replaced_and_not_written_through(make_host, launchd, tmp_path: Path) -> None:
    """The target of a link is not our file."""
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "x").symlink_to(tmp_path / "theirs")
    Actions(make_host(launchd)).write(tmp_path / "x", b"ours", mode=0o644)
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert not (tmp_path / "x").is_symlink()


def test_a_path_that_cannot_be_made_or_removed_is_named(make_host, launchd, tmp_path: Path) -> None:
    """A file in place of a folder, or a folder in place of a file, is reported by its path."""
    (tmp_path / "file").touch()
    actions = Actions(make_host(launchd))
    with pytest.raises(FileUnwritable, match="file"):
        actions.make_folder(tmp_path / "file/below", mode=0o700)
    with pytest.raises(FileUnwritable):
        actions.remove(tmp_path)


def test_a_failed_command_without_output_has_a_complete_message() -> None:
    """The message does not end empty."""
    error = CommandFailed(["launchctl", "print", "a b"], 9, "")
    assert str(error) == "`launchctl print 'a b'` failed with 9: no output"


def test_a_step_reads_like_a_sentence() -> None:
    """A note is its own text; all other steps begin with their verb."""
    assert str(Step("run", "launchctl print x")) == "run launchctl print x"
    assert str(Step("note", "Log in.")) == "Log in."
