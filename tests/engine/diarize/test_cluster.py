"""Voices of windows fall into speakers; the number may be given."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from engine.diarize import cluster, senko_tool


def made(people: int, *, windows: int = 200, noise: float = 0.6, seed: int = 0) -> tuple[Any, Any]:
    """Return the voices of people who take turns of about ten windows, and who they are."""
    chance = numpy.random.default_rng(seed)
    centres = chance.normal(size=(people, 64))
    centres /= numpy.linalg.norm(centres, axis=1, keepdims=True)
    who: list[int] = []
    while len(who) < windows:
        who += [len(who) // 10 % people] * int(chance.integers(6, 14))
    truth = numpy.array(who[:windows], dtype=int)
    noisy = chance.normal(size=(windows, 64)) / 8 * noise
    return centres[truth] + noisy, truth


def agree(labels: Any, truth: Any) -> float:
    """Return the share of windows whose speaker is right, however they are numbered."""
    right = 0
    for label in set(labels.tolist()):
        there = truth[labels == label]
        right += int(numpy.bincount(there).max())
    return right / len(truth)


@pytest.mark.parametrize("people", [1, 2, 3, 4, 6])
def test_a_number_that_is_known_is_kept(people: int) -> None:
    """At every number, and each window is given to somebody."""
    voices, truth = made(people)
    labels, sure = cluster.speakers(voices, least=people, most=people)
    assert len(set(labels.tolist())) == people
    assert agree(labels, truth) > 0.95
    assert ((sure >= 0) & (sure <= 1)).all()


@pytest.mark.parametrize("people", [1, 2, 3, 4])
def test_a_number_that_is_not_known_is_found(people: int) -> None:
    """Of voices that are as different as these."""
    voices, truth = made(people)
    labels, _ = cluster.speakers(voices, least=1, most=8)
    assert len(set(labels.tolist())) == people
    assert agree(labels, truth) > 0.95


def test_a_recording_of_hours_takes_no_larger_matrix() -> None:
    """Four hours are 24,000 windows; the number that is known holds there too."""
    voices, truth = made(3, windows=24_000)
    labels, _ = cluster.speakers(voices, least=3, most=3)
    assert agree(labels, truth) > 0.95


@pytest.mark.parametrize("windows", [0, 1, 2, 5, 13])
@pytest.mark.parametrize("most", [1, 2, 8])
def test_a_few_windows_are_enough_for_an_answer(windows: int, most: int) -> None:
    """Shorter than any speaker's turn."""
    voices, _ = made(2, windows=windows)
    labels, sure = cluster.speakers(voices, least=min(2, most), most=most)
    assert len(labels) == len(sure) == windows


def test_the_same_voices_give_the_same_speakers() -> None:
    """Nothing is left to chance."""
    voices, _ = made(4, noise=1.2)
    first, _ = cluster.speakers(voices, least=1, most=8)
    second, _ = cluster.speakers(voices, least=1, most=8)
    assert (first == second).all()


def test_one_odd_window_does_not_change_the_speaker() -> None:
    """People seldom speak for half a second."""
    voices, truth = made(2)
    place = next(n for n in range(3, 100) if len(set(truth[n - 3 : n + 4].tolist())) == 1)
    voices[place] = 0.45 * voices[place] + 0.55 * voices[truth != truth[place]][0]
    labels, _ = cluster.speakers(voices, least=2, most=2)
    assert len(set(labels[place - 3 : place + 4].tolist())) == 1


def test_windows_become_turns_without_gaps_inside_speech() -> None:
    """The border lies between the middles of two windows; silence belongs to nobody."""
    windows = [(0.0, 1.5), (0.6, 2.1), (1.2, 2.7), (5.0, 6.5)]
    speech = [(0.0, 2.7), (5.0, 6.5)]
    found = senko_tool.turns(windows, speech, [0, 0, 1, 1], [1.0, 0.8, 0.6, 0.4])
    assert [turn[:3] for turn in found] == [[0.0, 1.65, 0], [1.65, 2.7, 1], [5.0, 6.5, 1]]
    assert found[0][3] == pytest.approx(0.9, abs=0.05)
