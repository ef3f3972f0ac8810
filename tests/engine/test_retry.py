"""How often a part is tried before it keeps the text of the source."""

from __future__ import annotations

import pytest

from engine.child.retry import TRIES, try_part
from engine.errors import CannotSpell, ChildDied, ChildSilent, EngineError, ModelRefused
from engine.records import EnhancedPart

DONE = EnhancedPart(index=0, status="enhanced", words=())


class Child:
    """Answers with these outcomes, one after the other."""

    def __init__(self, *outcomes: EngineError | EnhancedPart) -> None:
        self.outcomes = list(outcomes)
        self.failures: list[EngineError] = []

    def attempt(self) -> EnhancedPart:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, EngineError):
            raise outcome
        return outcome

    def failed(self, error: EngineError) -> int:
        self.failures.append(error)
        return len(self.failures)


def test_a_part_is_tried_again_after_the_child_failed() -> None:
    """Every failure is reported, the answer is taken."""
    child = Child(ChildDied(), ChildSilent(), DONE)
    assert try_part(child.attempt, failed=child.failed) is DONE
    assert [type(error) for error in child.failures] == [ChildDied, ChildSilent]


def test_a_part_that_fails_three_times_is_given_up() -> None:
    """A fourth try would not differ."""
    child = Child(*[ChildDied()] * (TRIES + 1))
    assert try_part(child.attempt, failed=child.failed) is None
    assert len(child.failures) == TRIES == 3


def test_a_count_that_outlives_the_process_is_believed() -> None:
    """A part that failed twice before a restart has one try left."""
    child = Child(ChildDied(), DONE)
    assert try_part(child.attempt, failed=lambda error: TRIES) is None


def test_a_part_that_the_model_cannot_write_is_not_tried_again() -> None:
    """It would end the same way."""
    child = Child(CannotSpell(), DONE)
    assert try_part(child.attempt, failed=child.failed) is None
    assert len(child.failures) == 1


def test_a_model_that_cannot_be_used_is_not_a_matter_of_one_part() -> None:
    """The caller decides what becomes of the job."""
    child = Child(ModelRefused())
    with pytest.raises(ModelRefused):
        try_part(child.attempt, failed=child.failed)
    assert child.failures == []
