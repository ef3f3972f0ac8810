"""Hours of the local clock: over midnight, several, and in the nights in which the clock moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon import config as settings
from daemon.errors import ConfigError, WrongValue
from daemon.home import Home
from daemon.hours import Hours, hours_of

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).timestamp()


def shown(moment: float | None) -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment, BERLIN).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("spans", "moment", "covered"),
    [
        (["22:00-07:00"], "2026-06-01T21:59", False),
        (["22:00-07:00"], "2026-06-01T22:00", True),
        (["22:00-07:00"], "2026-06-02T00:00", True),
        (["22:00-07:00"], "2026-06-02T06:59:59", True),
        (["22:00-07:00"], "2026-06-02T07:00", False),
        (["9:00-12:30", "20:00-24:00"], "2026-06-01T12:29", True),
        (["9:00-12:30", "20:00-24:00"], "2026-06-01T12:30", False),
        (["9:00-12:30", "20:00-24:00"], "2026-06-01T23:59", True),
        (["9:00-12:30", "20:00-24:00"], "2026-06-02T00:00", False),
        (["00:00-24:00"], "2026-06-01T00:00", True),
    ],
)
def test_a_moment_lies_in_the_hours_or_not(spans: list[str], moment: str, covered: bool) -> None:
    """The start is part of them, the end is not."""
    assert hours_of(spans).cover(at(moment), BERLIN) is covered


@pytest.mark.parametrize(
    ("spans", "now", "then"),
    [
        (["22:00-07:00"], "2026-06-01T15:20:31", "2026-06-01T22:00+02:00"),
        (["22:00-07:00"], "2026-06-01T23:00", "2026-06-02T07:00+02:00"),
        (["09:00-10:00"], "2026-06-01T10:00", "2026-06-02T09:00+02:00"),
        # The clock goes from 02:00 to 03:00: what begins at 02:30 begins at 03:00.
        (["02:30-05:00"], "2026-03-29T01:00", "2026-03-29T03:00+02:00"),
        (["22:00-07:00"], "2026-03-28T23:00", "2026-03-29T07:00+02:00"),
        # 02:00 to 03:00 comes twice.
        (["02:00-03:00"], "2026-10-25T01:00", "2026-10-25T02:00+02:00"),
        (["22:00-07:00"], "2026-10-25T01:00", "2026-10-25T07:00+01:00"),
    ],
)
def test_the_next_change_is_known(spans: list[str], now: str, then: str) -> None:
    """Also across the nights in which the clock is moved."""
    assert shown(hours_of(spans).next_change(at(now), BERLIN)) == then


def test_an_hour_that_is_not_there_is_waited_for_until_the_next_day() -> None:
    """In March there is no 02:15 to 02:45."""
    hours = hours_of(["02:15-02:45"])
    assert shown(hours.next_change(at("2026-03-28T12:00"), BERLIN)) == "2026-03-30T02:15+02:00"


def test_hours_agree_with_the_clock_at_every_minute_of_a_year() -> None:
    """What `cover` says is what a clock on the wall would show."""
    hours = hours_of(["22:00-07:00", "12:00-13:30"])
    moment = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    for _ in range(0, 365 * 24 * 60, 7):
        moment += timedelta(minutes=7)
        clock = moment.astimezone(BERLIN).strftime("%H:%M")
        night = clock >= "22:00" or clock < "07:00"
        assert hours.cover(moment.timestamp(), BERLIN) is (night or "12:00" <= clock < "13:30")


def test_no_hours_are_all_day() -> None:
    """Then nothing ever changes."""
    assert Hours().cover(0.0)
    assert Hours().next_change(0.0) is None
    assert hours_of(["00:00-24:00"]).next_change(0.0) is None
    assert str(hours_of(["9:00-12:30"])) == "09:00-12:30"


@pytest.mark.parametrize(
    "value", [[], "22:00-07:00", [22], ["22-7"], ["22:00-22:00"], ["24:00-07:00"], ["08:60-09:00"]]
)
def test_hours_that_cannot_be_are_refused(value: Any) -> None:
    """With what is allowed."""
    with pytest.raises(WrongValue, match="22:00-07:00"):
        hours_of(value)


def test_a_profile_with_hours_applies_in_them_alone(home: Home) -> None:
    """At other times, and where no time is given, the next one that fits does."""
    config = settings.parse(
        'watch = ["in"]\n[profile.night]\nfolders = ["*"]\nhours = ["22:00-07:00"]\nmodel = "big"\n'
        '[profile.calls]\nfolders = ["calls"]\ncleaning = "off"\n',
        home,
    )
    path = home.path / "in" / "calls" / "a.json"
    night = datetime(2026, 6, 1, 23, 0).timestamp()
    assert config.profile_for(path, at=night).name == "night"
    assert config.profile_for(path, at=night + 12 * 3600).name == "calls"
    assert config.profile_for(path).name == "calls"


@pytest.mark.parametrize("line", ["private = true", 'outputs = ["md"]', "speakers = { A = 'B' }"])
def test_what_must_not_depend_on_the_hour_is_refused(home: Home, line: str) -> None:
    """A transcript that is private by day must not be readable at night."""
    with pytest.raises(ConfigError, match=r"line 4.*time of day"):
        settings.parse(f'[profile.night]\nfolders = ["x"]\nhours = ["22:00-07:00"]\n{line}\n', home)
