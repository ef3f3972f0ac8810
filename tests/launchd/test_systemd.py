"""The user unit: its text, and how systemd reads it."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from launchd import systemd
from launchd.spec import MUSIC_LABEL, AgentSpec

GOLDEN = Path(__file__).parent / "golden/llasad.service"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")

NASTY = [
    "plain",
    "two words",
    "tab\there",
    "line\nbreak",
    "50%",
    "%h %% %n",
    "$HOME",
    "${HOME}",
    "$$",
    "a$b",
    "o'brien",
    'say "hi"',
    "back\\slash",
    "\\n",
    ";",
    "",
    " ",
    "#hash",
    "é日本🦉",
    "\x07\x7f",
    "trailing\\",
    "-dash",
    "@at",
]


def _analyze(unit: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Let systemd load the unit; in debug mode it prints what it has read."""
    assert ANALYZE is not None
    path = folder / "llasad.service"
    path.write_text(unit)
    settings = dict(os.environ) | {
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "SYSTEMD_LOG_LEVEL": "debug",
        "LC_ALL": "C.UTF-8",
    }
    return subprocess.run(
        [ANALYZE, "verify", "--user", "--man=no", str(path)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env=settings,
        timeout=60,
    )


def _unquote(line: str) -> list[str]:
    """Undo systemd's quoting of an argument vector."""
    letters = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

    def letter(match: re.Match[str]) -> str:
        text = match[1]
        if text[0] in "01234567" and len(text) == 3:
            return chr(int(text, 8))
        return chr(int(text[1:], 16)) if len(text) == 3 else letters.get(text, text)

    words = re.findall(r'"(?:[^"\\]|\\.)*"|\S+', line, re.DOTALL)
    escape = re.compile(r"\\([0-7]{3}|x[0-9a-f]{2}|.)", re.DOTALL)
    return [escape.sub(letter, word[1:-1] if word[0] == '"' else word) for word in words]


def test_the_unit_equals_the_golden_file(golden_spec: AgentSpec) -> None:
    """They are equal byte for byte, so that a review shows every changed setting."""
    assert systemd.build(golden_spec) == GOLDEN.read_text()


def test_the_unit_has_the_promised_rules_for_restarts_and_stops(spec: AgentSpec) -> None:
    """Five starts in five minutes, only after failures; a stop asks the daemon, then kills all."""
    parsed = configparser.RawConfigParser(strict=False)
    parsed.optionxform = str  # type: ignore[assignment, method-assign]
    parsed.read_string(systemd.build(spec))
    unit, service, install = (dict(parsed[name]) for name in ("Unit", "Service", "Install"))
    assert (unit["StartLimitIntervalSec"], unit["StartLimitBurst"]) == ("300", "5")
    assert (service["Restart"], service["RestartSec"]) == ("on-failure", "5")
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) >= 30
    assert service["UMask"] == "0077"
    assert service["ExecStart"].startswith("/")
    assert install == {"WantedBy": "default.target"}
    assert not {"User", "PrivateNetwork", "WatchdogSec"} & service.keys()  # not for a user's unit


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["/bin/x", "-a", "--b=c"], "/bin/x -a --b=c"),
        (["/opt/my apps/x"], '"/opt/my apps/x"'),
        (["/bin/x", "50%"], '/bin/x "50%%"'),
        (["/opt/50%/x"], '"/opt/50%%/x"'),
        (["/bin/x", 'say "hi"', "back\\slash"], r'/bin/x "say \"hi\"" "back\\slash"'),
        (["/bin/x", "a\nb\tc\x07"], r'/bin/x "a\nb\tc\x07"'),
        (["/bin/x", "", ";"], '/bin/x "" ";"'),
        (["/bin/x", "$HOME"], ':/bin/x "$HOME"'),
        (["/opt/a$b/x"], ':"/opt/a$b/x"'),
        (
            ["/opt/o'brien/x", "y"],
            ':/bin/sh -c "exec \\"$@\\"" llasad "/opt/o\'brien/x" y',
        ),
    ],
)
def test_a_command_line_is_escaped_as_the_manual_says(arguments: list[str], line: str) -> None:
    """Words are quoted, `%` is doubled, variables are disabled, odd program names are wrapped."""
    assert systemd.command_line(arguments) == line


def test_a_value_of_the_environment_is_quoted(spec: AgentSpec) -> None:
    """A variable keeps its spaces, quotes and percent signs; `$` has no meaning there."""
    unit = systemd.build(replace(spec, environment={"A": 'x "y" 5% $z\n'}))
    assert 'Environment="A=x \\"y\\" 5%% $z\\n"\n' in unit


def test_no_text_can_add_a_line_to_the_unit(spec: AgentSpec) -> None:
    """A line feed in a path or a value stays inside its quotes."""
    evil = "x\n[Service]\nExecStart=/bin/evil"
    unit = systemd.build(replace(spec, program_arguments=("/bin/x", evil), environment={"A": evil}))
    assert [line for line in unit.splitlines() if "evil" in line and line.startswith("ExecS")] == [
        line for line in unit.splitlines() if line.startswith("ExecStart=/bin/x")
    ]
    assert unit.count("\n[Service]\n") == 1


def test_the_unit_is_named_after_the_last_part_of_the_label() -> None:
    """Users type `systemctl --user status llasad`."""
    assert systemd.unit_name("llasa.llasad") == "llasad.service"
    assert systemd.unit_name("llasad") == "llasad.service"


@needs_systemd
def test_systemd_verifies_the_unit_without_a_warning(spec: AgentSpec, tmp_path: Path) -> None:
    """`systemd-analyze verify` finds no unknown key, no bad value and no missing program."""
    done = _analyze(systemd.build(replace(spec, environment={"A": "b c"})), tmp_path)
    about_us = [
        line
        for line in done.stderr.splitlines()
        if re.search(r"llasad\.service:\d+:|Unknown|ignoring|not executable", line)
    ]
    assert (done.returncode, about_us) == (0, [])


@needs_systemd
def test_systemd_verifies_the_unit_of_the_music_service(spec: AgentSpec, tmp_path: Path) -> None:
    """Its own name and description, in which a percent sign is no specifier."""
    music = replace(
        spec,
        label=MUSIC_LABEL,
        program_arguments=("/usr/bin/env", "llasa-music", "--service", "--home", "/a b/$x"),
        description="hears music, 100% here",
        environment={"LLASA_MUSIC_MODEL": "/models/two words", "LLASA_MUSIC_PORT": "9000"},
    )
    assert systemd.unit_name(music.label) == "llasa-music.service"
    done = _analyze(systemd.build(music), tmp_path)
    about_us = [line for line in done.stderr.splitlines() if re.search(r"Unknown|ignoring", line)]
    assert (done.returncode, about_us) == (0, [])
    assert "Description=hears music, 100%% here" in systemd.build(music)


@needs_systemd
def test_systemd_finds_a_fault_if_there_is_one(spec: AgentSpec, tmp_path: Path) -> None:
    """The check above can fail: a program that does not exist is reported."""
    unit = systemd.build(replace(spec, program_arguments=("/nonexistent/llasad",)))
    assert _analyze(unit, tmp_path).returncode != 0


@needs_systemd
@pytest.mark.parametrize("nasty", NASTY)
def test_systemd_reads_back_the_arguments_that_we_wrote(nasty: str, tmp_path: Path) -> None:
    """The real parser returns every argument and value unchanged."""
    arguments = ["/bin/echo", "--home", nasty, "last"]
    unit = (
        f"[Service]\nExecStart={systemd.command_line(arguments)}\n"
        f"Environment={systemd._quoted('A=' + nasty)}\n"
    )
    done = _analyze(unit, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    output = done.stdout + done.stderr
    (line,) = re.findall(r"^\s*Command Line: (.*)$", output, re.MULTILINE)
    assert _unquote(line) == arguments
    if "\n" not in nasty and nasty.isprintable():
        assert f"Environment: A={nasty}\n" in output


@needs_systemd
@pytest.mark.parametrize("name", ["my apps", "50%", "a$b", "${HOME}", "o'brien", 'a"b', "a\\b"])
def test_systemd_accepts_a_program_in_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    """systemd finds the program, or the shell that replaces itself with it."""
    program = tmp_path / name / "llasad"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    program.chmod(0o755)
    line = systemd.command_line([str(program), "two words", "$HOME"])
    done = _analyze(f"[Service]\nExecStart={line}\n", tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    (read,) = re.findall(r"^\s*Command Line: (.*)$", done.stdout + done.stderr, re.MULTILINE)
    printed = subprocess.run(_unquote(read), capture_output=True, check=True, text=True).stdout
    assert printed == "two words|$HOME|"
