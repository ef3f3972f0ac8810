"""The spec: what is refused before any manager is called."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from launchd.errors import InvalidSpec, ServiceError, TemporaryProgram
from launchd.spec import AgentSpec, check, check_program, privacy_program, protected, temporary

CODE = Path("/opt/llasa/lib/launchd/spec.py")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"label": ""}, "label"),
        ({"label": "../evil"}, "label"),
        ({"label": "two words"}, "label"),
        ({"program_arguments": ()}, "no program"),
        ({"program_arguments": ("llasad",)}, "absolute"),
        ({"home": Path("llasa")}, "absolute"),
        ({"log_dir": Path("var/log")}, "absolute"),
        ({"environment": {"A B": "x"}}, "environment variable"),
        ({"environment": {"A": 1}}, "must be a string"),
        ({"program_arguments": ("/bin/x", "a\0b")}, "NUL"),
        ({"program_arguments": ("/bin/x", "caf\udce9")}, "UTF-8"),
        ({"environment": {"A": "a\0b"}}, "NUL"),
    ],
)
def test_a_spec_that_no_manager_can_keep_is_refused(
    spec: AgentSpec, changes: dict[str, object], words: str
) -> None:
    """Everything that a manager would refuse, ignore or change raises an error with a hint."""
    with pytest.raises(InvalidSpec, match=words) as caught:
        check(replace(spec, **changes))  # type: ignore[arg-type]
    assert caught.value.hint


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/venv/bin/llasad",
        "/private/tmp/venv/bin/llasad",
        "/var/tmp/venv/bin/llasad",
        "/var/folders/ab/cd/T/venv/bin/llasad",
        "/private/var/folders/ab/cd/T/AppTranslocation/x/llasad",
        "/home/ada/.cache/uv/archive-v0/69HdrgoY9px6EMDc/bin/llasad",
        "/srv/uv/builds-v0/.tmpzqjDwM/bin/python",
        "/srv/uv/environments-v2/script-123/bin/python",
        "/Users/ada/Library/Caches/uv/x/bin/llasad",
        "/home/ada/.cache/pipx/1234/bin/llasad",
        "/mnt/scratch/venv/bin/llasad",
        "/mnt/uvcache/x/bin/llasad",
    ],
)
def test_a_program_in_a_temporary_environment_is_refused(spec: AgentSpec, path: str) -> None:
    """uvx, `uv run --with` and temporary folders are refused; the hint names the right command."""
    environment = {"TMPDIR": "/mnt/scratch", "UV_CACHE_DIR": "/mnt/uvcache"}
    with pytest.raises(TemporaryProgram, match="next login") as caught:
        check_program(replace(spec, program_arguments=(path,)), code=CODE, environment=environment)
    assert "uv tool install" in caught.value.hint


def test_our_own_code_in_a_cache_is_refused_though_the_interpreter_is_permanent(
    spec: AgentSpec,
) -> None:
    """`uv run --with` starts the base interpreter, so the place of our modules counts too."""
    code = Path("/home/ada/.cache/uv/archive-v0/abc/lib/launchd/spec.py")
    with pytest.raises(TemporaryProgram):
        check_program(spec, code=code, environment={})


@pytest.mark.parametrize(
    "path",
    [
        "/home/ada/.local/bin/llasad",
        "/Users/ada/.local/share/uv/tools/llasa/bin/llasad",
        "/opt/homebrew/bin/llasad",
        "/home/ada/src/llasa/.venv/bin/python",
        "/run/current-system/sw/bin/llasad",
        "/home/ada/tmp/llasa/bin/llasad",
    ],
)
def test_a_permanent_environment_is_accepted(path: str) -> None:
    """uv's tools, a checkout, Homebrew and NixOS are permanent places."""
    assert temporary(Path(path), {}) is None


def test_a_tagged_cache_is_refused_but_a_tagged_environment_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv writes CACHEDIR.TAG into permanent environments too, beside their pyvenv.cfg."""
    monkeypatch.setattr("launchd.spec._TEMPORARY_ROOTS", ())
    cache, permanent = tmp_path / "moved-cache", tmp_path / "tools/llasa"
    for folder in (cache, permanent):
        folder.mkdir(parents=True)
        (folder / "CACHEDIR.TAG").touch()
    (permanent / "pyvenv.cfg").touch()
    assert temporary(cache / "x/bin/llasad", {}) == f"the cache folder {cache}"
    assert temporary(permanent / "bin/llasad", {}) is None


def test_a_link_into_a_temporary_folder_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of the program is resolved before it is checked."""
    monkeypatch.setattr("launchd.spec._TEMPORARY_ROOTS", (str(tmp_path / "real"),))
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert temporary(tmp_path / "link/llasad", {}) is not None


@pytest.mark.parametrize("program", ["/nonexistent/llasad", "/etc/passwd", "/usr/bin"])
def test_a_program_that_cannot_be_run_is_refused(spec: AgentSpec, program: str) -> None:
    """The error names a missing file, a file without the execute bit, or a folder."""
    with pytest.raises(InvalidSpec, match="not a program") as caught:
        check_program(replace(spec, program_arguments=(program,)), code=CODE, environment={})
    assert "uv tool install" in caught.value.hint


def test_the_guarded_folders_of_macos_are_known() -> None:
    """Documents, Desktop, Downloads, iCloud Drive and volumes are guarded, plain folders not."""
    home = Path("/Users/ada")
    guarded = ["Documents/llasa", "Desktop", "Downloads/x", "Library/Mobile Documents/x",
               "Library/CloudStorage/Dropbox/x", "documents/x"]  # fmt: skip
    assert all(protected(home / folder, home) for folder in guarded)
    assert protected(Path("/Volumes/Talks/llasa"), home)
    assert not protected(home / "llasa", home)


def test_a_link_into_a_guarded_folder_is_guarded(tmp_path: Path) -> None:
    """The real place of the files counts."""
    (tmp_path / "Documents/talks").mkdir(parents=True)
    (tmp_path / "talks").symlink_to(tmp_path / "Documents/talks")
    assert protected(tmp_path / "talks/2026", tmp_path)


def test_the_program_to_be_allowed_is_the_one_that_runs(tmp_path: Path) -> None:
    """It is not a link, and for a framework build it is the application, not the launcher."""
    version = tmp_path / "Python.framework/Versions/3.12"
    program = version / "bin/python3.12"
    program.parent.mkdir(parents=True)
    program.touch()
    (tmp_path / "python").symlink_to(program)
    assert privacy_program(str(tmp_path / "python")) == str(program.resolve())
    application = version / "Resources/Python.app"
    application.mkdir(parents=True)
    assert privacy_program(str(tmp_path / "python")) == str(application.resolve())


def test_every_error_has_a_message_and_a_hint() -> None:
    """The docstring of an error is its message, and the hint tells the user what to do next."""
    pending = [ServiceError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        assert kind.__doc__
        if kind.__name__ not in ("NoSession", "CommandFailed", "StillStopping"):
            assert str(kind()) == kind.__doc__.split("\n")[0]
            assert kind().hint
