"""What was written about a transcript, as the steps hand it on and the database keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence or a title with the paragraphs that it cites."""

    text: str
    cites: tuple[int, ...]  # paragraphs, counted from 0; at least one

    def to_json(self) -> list[Any]:
        """Return it as plain values."""
        return [self.text, list(self.cites)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: what may be used, and how much was refused."""

    accepted: tuple[Cited, ...] = ()
    written: int = 0  # sentences of the first draft
    rewritten: int = 0  # of them, written again because something was wrong
    dropped: int = 0  # of them, never right
    chosen: tuple[str, ...] = ()  # tags of the user's list

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "accepted": [cited.to_json() for cited in self.accepted],
            "written": self.written,
            "rewritten": self.rewritten,
            "dropped": self.dropped,
            "chosen": list(self.chosen),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Outcome:
        """Read it again; raises `ValueError`, `KeyError`, `TypeError`."""
        return cls(
            accepted=tuple(
                Cited(str(text), tuple(int(n) for n in cites)) for text, cites in value["accepted"]
            ),
            written=int(value["written"]),
            rewritten=int(value["rewritten"]),
            dropped=int(value["dropped"]),
            chosen=tuple(str(tag) for tag in value["chosen"]),
        )


@dataclass(frozen=True, slots=True)
class Writing:
    """All outcomes of a transcript, by the keys of their requests, and who wrote."""

    model: str
    revision: str | None
    outcomes: Mapping[str, Outcome]
    prompt: str  # version of the requests
    names: tuple[str, ...] = ()  # of the speakers, as the model was shown them, in order

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "model": self.model,
            "revision": self.revision,
            "prompt": self.prompt,
            "names": list(self.names),
            "outcomes": {key: outcome.to_json() for key, outcome in self.outcomes.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Writing:
        """Read it again; raises `ValueError`, `KeyError`, `TypeError`."""
        revision = value["revision"]
        return cls(
            model=str(value["model"]),
            revision=None if revision is None else str(revision),
            prompt=str(value["prompt"]),
            names=tuple(str(name) for name in value["names"]),
            outcomes={
                str(key): Outcome.from_json(outcome) for key, outcome in value["outcomes"].items()
            },
        )
