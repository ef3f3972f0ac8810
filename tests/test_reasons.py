"""The reasons of the rooms are one list."""

from __future__ import annotations

from engine import errors, reading
from state.job import Reason

#: Whose errors a command or a service meets, and no job.
_OF_COMMANDS = ("engine.archive", "engine.ask", "engine.music", "engine.tuning")


def test_every_reason_of_the_engine_is_one_that_a_job_may_have() -> None:
    """The rooms do not import each other: here is where their words are compared."""
    known = {str(reason) for reason in Reason}
    named = {str(reason) for reason in reading.Reason}
    kinds = [errors.EngineError]
    while kinds:
        kind = kinds.pop()
        if not kind.__module__.startswith(_OF_COMMANDS):
            named.add(kind.reason)
        kinds += kind.__subclasses__()
    assert named <= known
