"""docs/COMMANDS_MANIFEST.md agrees with the code."""

from __future__ import annotations

import re

import pytest

from docs.making.commands_manifest import EXAMPLES, TARGET, commands, help_of

WITHOUT_EXAMPLE = {
    "llasactl",
    "llasactl watch",
    "llasactl glossary",
    "llasa-cli",
    "llasa-cli tune",
}
COMMANDS = dict(commands())
AGAIN = "run `uv run python docs/making/commands_manifest.py`"


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    text = TARGET.read_text(encoding="utf-8")
    text = text.rstrip() + "\n"
    return dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))


def test_every_command_is_in_the_manifest_and_nothing_else(sections: dict[str, str]) -> None:
    """They are in the order of the code."""
    assert list(sections) == list(COMMANDS), AGAIN


@pytest.mark.parametrize("name", COMMANDS)
def test_a_help_text_cannot_drift(sections: dict[str, str], name: str) -> None:
    """The manifest has exactly what `--help` prints."""
    assert f"```text\n{help_of(name, COMMANDS[name])}\n```" in sections[name], AGAIN


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_with_its_output(sections: dict[str, str], name: str) -> None:
    """Groups have none."""
    shown = [line for line in EXAMPLES.get(name, []) if not line.startswith("#")]
    assert bool(shown) is (name not in WITHOUT_EXAMPLE)
    for line in shown:
        assert f"$ {line}\n" in sections[name], AGAIN
    assert "Traceback" not in sections[name]
    assert "a bug, please report it" not in sections[name]


def test_no_line_of_the_commands_list_is_cut_off(sections: dict[str, str]) -> None:
    """The purpose of each command fits on one line."""
    for name in ("llasactl", "llasactl config", "llasa-cli"):
        listed = sections[name].split("Commands:\n")[1].split("\n\n")[0]
        assert "..." not in listed
        assert all(len(line) <= 80 for line in listed.splitlines())
