"""What is shown to a question: quotations with their places, and sentences that stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.ask.evidence import Evidence, Found, Quoted, Status, Why

_WHY: Final[Mapping[Why, str]] = {
    "other_speaker": "{missing} does not say this. Others do:",
    "number": "No passage has this with the number of the question. The nearest words:",
    "name": "No passage says this of {missing}. The nearest words:",
    "negation": "The question negates what no passage negates. The nearest words:",
    "words": "No passage answers this. The nearest words:",
    "": "",
}
NOTHING: Final = "Nothing in {transcripts} answers this."
_NONE_YET: Final = "There is no finished transcript yet; `llasactl status` says what is being done."
_REFUSED: Final = "{model} finds no answer in these passages. They have the words of the question:"


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence that the model wrote, and what of it does not stand in what it cites."""

    text: str
    cites: tuple[int, ...]  # numbers of passages, counted from 1
    unsupported: tuple[str, ...]  # words that are not there


@dataclass(frozen=True, slots=True)
class Written:
    """What the model wrote of an answer, after it was checked."""

    model: str
    claims: tuple[Claim, ...]
    sentences: int  # that it wrote
    dropped: int  # of these: with a number, name or negation that is not in what they cite
    beside: int = 0  # quotations that were left out: their passages have too little of the question
    refused: bool = False  # it wrote that the passages do not answer; its word is not taken for it


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question."""

    question: str
    status: Status
    why: Why
    missing: tuple[str, ...]  # of the question, not where the quotations stand
    quotes: tuple[Quoted, ...]
    signal: float
    transcripts: int  # that were searched
    passages: int
    written: Written | None = None  # None: the answer is made of quotations alone

    @property
    def remark(self) -> str:
        """Return what is to be said before the quotations, "" where they answer."""
        if self.status == "not_found":
            count = self.transcripts
            if not count:
                return _NONE_YET
            return NOTHING.format(transcripts=f"{count:,} transcript{'' if count == 1 else 's'}")
        if self.status == "answered" and self.written is not None and self.written.refused:
            return _REFUSED.format(model=self.written.model)
        missing = ", ".join(" ".join(word.split()) for word in self.missing) or "that"
        return _WHY[self.why].format(missing=missing)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as plain values; docs/commands.md explains the keys."""
        return {
            "question": self.question,
            "status": self.status,
            "why": self.why or None,
            "missing": [" ".join(word.split()) for word in self.missing],
            "signal": round(self.signal, 3),
            "quotes": [
                {
                    "text": quote.text,
                    "speaker": quote.speaker,
                    "file": quote.source.file,
                    "title": quote.source.title,
                    "at_s": quote.start_s,
                }
                for quote in self.quotes
            ],
            "written": None
            if self.written is None
            else {
                "model": self.written.model,
                "claims": [
                    {
                        "text": claim.text,
                        "quotes": list(claim.cites),
                        "unsupported": list(claim.unsupported),
                    }
                    for claim in self.written.claims
                ],
                "sentences": self.written.sentences,
                "dropped": self.written.dropped,
                "beside": self.written.beside,
                "refused": self.written.refused,
            },
            "transcripts": self.transcripts,
            "passages": self.passages,
        }


def extractive(found: Found, evidence: Evidence) -> Answer:
    """Return an answer of quotations alone."""
    return Answer(
        question=found.asked.text,
        status=evidence.status,
        why=evidence.why,
        missing=evidence.missing,
        quotes=evidence.quotes,
        signal=evidence.signal,
        transcripts=found.transcripts,
        passages=found.searched,
    )
