"""What a model that hears music can be asked by name, for those who learn and who teach."""

from __future__ import annotations

from typing import Final

from engine.music.errors import BadQuestion

PROMPTS: Final[dict[str, str]] = {
    "describe": (
        "Describe this track in full detail: tell me the genre, tempo and key, then the "
        "instruments, the production and the mood it creates."
    ),
    "caption": "Describe this music in one or two sentences.",
    "feedback": (
        "You are a patient music teacher, and this is a student's recording. Say first what is "
        "good. Then name at most three things to work on, about rhythm, intonation, tone, "
        "dynamics and phrasing, each with the place where it can be heard and an exercise."
    ),
    "compare": (
        "You hear two recordings with a pause between them: first a reference, then a student's "
        "performance of it. Compare the performance with the reference: tempo, rhythm, pitch, "
        "dynamics, tone and expression. Say what is close to the reference and what to work on."
    ),
}
STRETCH: Final = (
    "This is a part of a longer recording in which speech stops. Say in one or two sentences what "
    "is heard: whether it is music, and if so its genre, mood and instruments and whether somebody "
    "sings. If it is no music, say what it is."
)
MERGE: Final = (
    "These are descriptions of consecutive parts of one recording. Join them into one answer to "
    "the question. Say nothing that they do not say.\nThe question: {question}\n\n{answers}"
)


def prompt(name: str) -> str:
    """Return a prompt by its name; raises `BadQuestion`."""
    if name not in PROMPTS:
        raise BadQuestion(f"There is no prompt “{name}”; there are {', '.join(PROMPTS)}.")
    return PROMPTS[name]
