"""What the systems say of power and user is understood, and what they do not say is not guessed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from daemon.power import linux, mac, system
from daemon.power.records import Reading

# As `pmset -g batt` prints them; its manual calls them the power sources.
ON_BATTERY = (
    "Now drawing from 'Battery Power'\n"
    " -InternalBattery-0 (id=4522083)\t84%; discharging; 5:12 remaining present: true\n"
)
CHARGING = (
    "Now drawing from 'AC Power'\n"
    " -InternalBattery-0 (id=4522083)\t97%; charging; 0:20 remaining present: true\n"
)
DESKTOP = "Now drawing from 'AC Power'\n"
ON_UPS = "Now drawing from 'UPS Power'\n -UPS (id=1)\t80%; discharging; 0:30 remaining\n"
IOREG = (
    "+-o Root  <class IORegistryEntry, id 0x100000100, retain 11>\n"
    "  +-o IOHIDSystem  <class IOHIDSystem, id 0x10000044f, registered, matched, active>\n"
    "    {\n"
    '      "HIDPointerAcceleration" = 45056\n'
    '      "HIDIdleTime" = 127123456789\n'
    "    }\n"
)


@pytest.mark.parametrize(
    ("text", "on_power"),
    [
        (ON_BATTERY, False),
        (CHARGING, True),
        (DESKTOP, True),
        (ON_UPS, False),
        ("", None),
        (None, None),
    ],
)
def test_a_mac_says_what_it_draws_from(text: str | None, on_power: bool | None) -> None:
    """A UPS that feeds it is a battery as well."""
    assert mac.on_power(text) is on_power


def test_a_mac_says_when_it_was_last_used() -> None:
    """In nanoseconds; both commands are asked."""
    answers = {mac.POWER: CHARGING, mac.IDLE: IOREG}
    found = mac.read(lambda command: answers[tuple(command)])
    assert found.on_power is True
    assert found.unused_s == pytest.approx(127.123456789)
    assert mac.read(lambda command: None) == Reading(None, None)


def supply(folder: Path, name: str, **files: str) -> None:
    (folder / name).mkdir(parents=True)
    for key, value in files.items():
        (folder / name / key).write_text(f"{value}\n")


def test_linux_says_what_it_draws_from(tmp_path: Path) -> None:
    """A charger that is plugged in decides; a battery alone says whether it is drained."""
    assert linux.on_power(tmp_path / "none") is None
    assert linux.on_power(tmp_path) is True  # a machine without a battery
    supply(tmp_path, "BAT0", type="Battery", status="Discharging", scope="System")
    assert linux.on_power(tmp_path) is False
    supply(tmp_path, "AC", type="Mains", online="0")
    assert linux.on_power(tmp_path) is False
    supply(tmp_path, "ucsi-source-psy-1", type="USB", online="1")
    assert linux.on_power(tmp_path) is True


def test_the_battery_of_a_mouse_is_none_of_the_machine(tmp_path: Path) -> None:
    """Its scope is `Device`."""
    supply(tmp_path, "hidpp_battery_0", type="Battery", status="Discharging", scope="Device")
    assert linux.on_power(tmp_path) is True
    supply(tmp_path, "BAT0", type="Battery", status="Full")
    assert linux.on_power(tmp_path) is True


@pytest.mark.parametrize(
    ("text", "unused_s"),
    [
        ("IdleHint=no\nIdleSinceHint=0\n", 0.0),
        ("IdleHint=no\nIdleSinceHint=1700000000000000\n", 0.0),
        ("IdleHint=yes\nIdleSinceHint=1700000000000000\n", 300.0),
        ("IdleHint=yes\nIdleSinceHint=1700000900000000\n", 0.0),  # the clock went back
        ("IdleHint=yes\nIdleSinceHint=0\n", None),  # no session at all
        ("", None),
        (None, None),
    ],
)
def test_logind_says_since_when_nobody_does_anything(
    text: str | None, unused_s: float | None
) -> None:
    """Without a session it says nothing of use."""
    assert linux.unused_of_logind(text, 1_700_000_300.0) == unused_s


def test_an_x_session_is_asked_first(tmp_path: Path) -> None:
    """Where it does not answer, logind is."""
    asked: list[str] = []

    def run(command: Sequence[str]) -> str | None:
        asked.append(command[0])
        return "4200\n" if command[0] == "xprintidle" else "IdleHint=no\nIdleSinceHint=0\n"

    def read(**environment: str) -> Reading:
        return linux.read(run, supplies=tmp_path, environment=environment)

    assert read(DISPLAY=":0").unused_s == 4.2
    assert read().unused_s == 0.0
    assert asked == ["xprintidle", "loginctl"]
    assert linux.unused_of_x("couldn't open display") is None


def test_a_command_that_fails_or_is_missing_says_nothing() -> None:
    """Neither raises."""
    assert system.run(["/nowhere/program"]) is None
    assert system.run(["/bin/sh", "-c", "echo x; exit 1"]) is None
    assert system.run(["/bin/sh", "-c", "echo x"]) == "x\n"


@pytest.mark.skipif(sys.platform not in {"linux", "darwin"}, reason="no such system")
def test_this_machine_is_asked() -> None:
    """Whatever it says has the right form."""
    found = system.read()
    assert found.on_power in {True, False, None}
    assert found.unused_s is None or found.unused_s >= 0
