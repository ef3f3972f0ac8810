"""The documents describe the commands as they are."""

from __future__ import annotations

import re

from daemon.operations.reasons import EXPLAINED
from engine.reading.reasons import Reason as ReadingReason
from state.job import Reason
from tests.daemon.conftest import Ask
from tests.daemon.making import DOCS, commands


def test_every_command_has_help_with_an_example(ask: Ask) -> None:
    """An example is clearer than a synopsis."""
    for name in commands():
        answer = ask(name, "--help", at=None)
        assert answer.code == 0
        assert f"Example: llasactl {name}" in answer.out, name


def test_every_reason_is_explained() -> None:
    """The reasons for which a file is not read are among those of the database."""
    assert set(EXPLAINED) == set(Reason)
    assert {str(reason) for reason in ReadingReason} <= {str(reason) for reason in Reason}


def test_every_command_is_documented_with_all_its_options() -> None:
    """No other command is documented."""
    text = (DOCS / "commands.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## llasactl (\w+)\n(.*?)(?=^## |\Z)", text, re.M | re.S))
    assert list(sections) == list(commands())
    for name, command in commands().items():
        options = {
            option
            for parameter in command.params
            for option in parameter.opts
            if option.startswith("--") and option not in {"--home", "--help"}
        }
        shown = set(re.findall(r"--[a-z-]+", sections[name])) - {"--home"}
        assert options <= shown, name


def test_the_exit_codes_are_documented() -> None:
    """They are those that the code uses, and no others."""
    text = (DOCS / "exit-codes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d) \|", text, flags=re.MULTILINE) == ["0", "1", "2", "3"]
