"""What reading promises of every file, whatever the faults in it."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence

from engine.errors import TranscriptError
from engine.extract import extract
from engine.reading import Reason, read
from engine.records import Document, EnhancedWord, Transcript
from engine.text.cleaning import clean
from engine.text.letters import WORD, core, folded
from tests.engine.reading.fuzz.case import Case
from tests.engine.reading.test_properties import check

_DOUBTS = frozenset(("times_in_doubt", "times_unread"))


class Broken(AssertionError):
    """A promise that was not kept; its message begins with which one."""


def outcome(case: Case) -> str:
    """Return how a case ended: "read", "in doubt", "undecided" or "refused: reason".

    Raises `Broken` where a promise was not kept.
    """
    try:
        transcript = read(case.data, name=case.name)
    except TranscriptError as error:
        if error.reason not in set(Reason) or not str(error) or not error.hint:
            raise Broken(f"refusal without a name: {error!r}") from None
        if case.must_read:
            raise Broken(f"refused: {error.reason}: {error}") from None
        return f"refused: {error.reason}"
    try:
        check(transcript)
    except AssertionError as error:
        raise Broken(f"not in order: {error}") from error
    found = _words(case, transcript)
    if "phantom" in case.faults:
        _phantom_is_removed(case, transcript)
    if any(fault.startswith("other normal form") for fault in case.faults):
        _extracts_are_whole(transcript)
    if found == "undecided" or len(transcript.words) != len(case.said):
        return found
    _speakers(case, transcript)
    return _times(case, transcript)


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _notes(transcript: Transcript) -> set[str]:
    return {str(note.name) for note in transcript.notes}


def _words(case: Case, transcript: Transcript) -> str:
    """Compare the words with those that were said and shown."""
    got = [_same(word.text) for word in transcript.words]
    said = [_same(word) for word in case.said]
    shown = [_same(word) for word in case.shown]
    again = sum(r.count for r in transcript.removals if r.kind == "captions")
    if case.overlapping:
        if "styles" in case.faults and Counter(got) == Counter(shown):
            return "undecided"  # a dash before a voice may be a word
        if case.may_end_early:  # the last word may be cut in two
            if (Counter(got) - Counter(said)).total() > case.broken_words:
                raise Broken("words: the file has no such words")
            return "undecided"
        if Counter(got) != Counter(said):
            raise Broken(f"words: {_first_difference(sorted(got), sorted(said))}")
        return "read"
    if case.broken_words:
        return _broken_words(case, transcript, got, said)
    if got == said and len(got) + again == len(shown) - _named(case, transcript, shown, said):
        return "read"
    if got == shown and {"phantom", "styles"} & set(case.faults):
        return "read" if "phantom" in case.faults else "undecided"
    if _are_told_lost(got, said, transcript):
        return "undecided"
    if got == said and shown == said:
        raise Broken("words: removals that the file does not have")
    if not _is_inside(got, shown):
        raise Broken(f"words: {_first_difference(got, said)}")
    if not _is_inside(said, got):
        doubted = next((n.count for n in transcript.notes if n.name == "repeats_in_doubt"), 0)
        if len(said) - len(got) <= (doubted or 0) and len(got) + again == len(shown):
            return (
                "undecided"  # each of them is listed, and the note says that it may be one too many
            )
        raise Broken(f"words lost: {_first_difference(got, said)}")
    if (
        got != shown
        and len(got) + again != len(shown)
        and "names_in_front" not in _notes(transcript)
    ):
        raise Broken(f"words: {len(shown)} shown, {len(got)} read, {again} left out")
    return "undecided"


def _named(case: Case, transcript: Transcript, shown: Sequence[str], said: Sequence[str]) -> int:
    """Return how many words of the file are names in front of it, or dashes before a voice."""
    return len(shown) - len(said) if {"names in front", "styles"} & set(case.faults) else 0


def _broken_words(
    case: Case, transcript: Transcript, got: Sequence[str], said: Sequence[str]
) -> str:
    if case.may_end_early:
        got = _as_one_letter(got, said)
        said = said[: len(got)]
    if len(got) != len(said):
        raise Broken(f"words: {len(got)} read, {len(said)} in the file")
    wrong = [(a, b) for a, b in zip(got, said, strict=True) if a != b]
    cut = case.may_end_early and wrong and said and _begins(wrong[-1][1], wrong[-1][0])
    if len(wrong) > case.broken_words or any("�" not in a for a, _ in wrong[: -1 if cut else None]):
        raise Broken(f"letters: {wrong[:3]}")
    if any("�" in a for a, _ in wrong) and "characters_lost" not in _notes(transcript):
        raise Broken("letters lost without a note")
    return "undecided"


def _as_one_letter(got: Sequence[str], said: Sequence[str]) -> Sequence[str]:
    """Return the words with a last letter in one piece where its mark was cut: ク U+FFFD of グ.

    Where every letter is a word, the rest of a cut mark stands as a word of its own.
    """
    last = len(got) - 2
    if last < 0 or got[-1] != "�" or last >= len(said) or got[last] == said[last]:
        return got
    letters, begun = (unicodedata.normalize("NFD", text) for text in (said[last], got[last]))
    if len(letters) > len(begun) and letters.startswith(begun):
        return [*got[:last], got[last] + got[-1]]
    return got


def _begins(whole: str, got: str) -> bool:
    """Return whether a word is the beginning of another; a letter may be cut off its vowels."""
    parts = [unicodedata.normalize("NFD", text) for text in (whole, got.rstrip("�"))]
    return parts[0].startswith(parts[1])


def _are_told_lost(got: Sequence[str], said: Sequence[str], transcript: Transcript) -> bool:
    """Return whether all that differs is U+FFFD in the place of letters, and the note says so."""
    if len(got) != len(said) or "characters_lost" not in _notes(transcript):
        return False
    wrong = [(a, b) for a, b in zip(got, said, strict=True) if a != b]
    return all(_fits_around(a, b) for a, b in wrong)


def _fits_around(got: str, said: str) -> bool:
    return "\ufffd" in got and set(got) - {"\ufffd"} <= set(said)


def _is_inside(one: Sequence[str], other: Sequence[str]) -> bool:
    rest = iter(other)
    return all(word in rest for word in one)


def _first_difference(got: Sequence[str], said: Sequence[str]) -> str:
    for n, (a, b) in enumerate(zip(got, said, strict=False)):
        if a != b:
            return f"word {n}: read {got[n : n + 4]}, said {said[n : n + 4]}"
    return f"{len(got)} read, {len(said)} said: {[*got, *said][min(len(got), len(said)) :][:4]}"


def _phantom_is_removed(case: Case, transcript: Transcript) -> None:
    cleaned, removals = clean(transcript, level="safe")
    kept = [_same(word.text) for word in cleaned.words]
    letters = Counter(_same("".join(case.said))) - Counter("".join(kept))
    named = Counter(_same("".join(removal.text for removal in removals)))
    if letters - named:
        raise Broken(f"words lost in cleaning: {letters - named}")


def _extracts_are_whole(transcript: Transcript) -> None:
    """Check that tags and titles are made of whole words of the text."""
    words = tuple(EnhancedWord(word, word.text) for word in transcript.words)
    if not words:
        return
    document = Document((words,), transcript.language, None, False, "none")
    found = extract(document)
    text = folded("".join(("" if w.word.glued else " ") + w.text for w in words))
    parts = [part for w in words for part in (w.text, *w.text.replace("’", "'").split("'"))]
    whole = {one for part in parts for one in (core(folded(part)), *WORD.findall(folded(part)))}
    whole |= {"and", "und", "et", "i", "y"}  # between two phrases
    spaceless = any(word.word.glued for word in words)
    for told in (*found.tags, *([found.title] if found.title else [])):
        for word in WORD.findall(folded(told)):
            if word not in whole and not (spaceless and word in text):
                raise Broken(f"a tag or title has a piece of a word: {word!r} in {told!r}")


def _speakers(case: Case, transcript: Transcript) -> None:
    got = [word.speaker for word in transcript.words]
    expected = case.voices
    if not any(got) and any(expected) and "speakers_unread" in _notes(transcript):
        return
    if case.overlapping:
        if Counter(got) != Counter(expected) and not transcript.relabelled:
            raise Broken(f"speakers: {Counter(got)}, not {Counter(expected)}")
        return
    if not any(expected):
        if any(got):
            raise Broken(f"speakers: {sorted({g for g in got if g})}, and the file has none")
        return
    if not any(got):
        raise Broken("speakers lost without a note")
    wrong = sum(a != b for a, b in zip(got, expected, strict=True) if b is not None)
    if wrong > transcript.relabelled:
        first = next((a, b) for a, b in zip(got, expected, strict=True) if b and a != b)
        raise Broken(f"speakers: {wrong} of {len(got)} words, as {first[0]} for {first[1]}")


def _times(case: Case, transcript: Transcript) -> str:
    notes = _notes(transcript)
    if transcript.timing == "none" or all(w.start_s is None for w in transcript.words):
        if not notes & _DOUBTS:
            raise Broken("times lost without a note")
        return "in doubt"
    if notes & _DOUBTS or case.overlapping or case.slack_s > 1e5:
        return "in doubt"
    if any(fault.startswith("restarts") for fault in case.faults) and "clock_joined" in notes:
        return "read"
    lines = [line for line in case.talk.lines for _ in line.words]
    for line, word in zip(lines, transcript.words, strict=True):
        if word.start_s is None:
            continue
        if not (
            line.start_s - case.origin_s - case.slack_s
            <= word.start_s
            <= line.end_s - case.origin_s + case.slack_s
        ):
            raise Broken(
                f"times: a word of {line.start_s - case.origin_s:.2f} to "
                f"{line.end_s - case.origin_s:.2f} s starts at {word.start_s}; {sorted(notes)}"
            )
    _duration(case, transcript)
    return "read"


def _duration(case: Case, transcript: Transcript) -> None:
    end = case.talk.lines[-1].end_s - case.origin_s
    duration = transcript.duration_s
    if "duration_in_doubt" in _notes(transcript):
        return
    if duration is not None and not 0.8 * end - 1 <= duration <= 1.3 * end + 15:
        raise Broken(f"duration: {duration} s of {end} s; {sorted(_notes(transcript))}")
