"""Faults of keys and of the shape of a file: kinds C and H."""

from __future__ import annotations

import json
from typing import Any

from engine.reading import names
from tests.engine.reading.fuzz import shapes
from tests.engine.reading.fuzz.case import CannotApply, Case, Fault
from tests.engine.reading.fuzz.clocks import scaled

Object = dict[str, Any]

_ROLES = {
    "text": names.TEXT,
    "start": names.START,
    "end": names.END,
    "speaker": names.SPEAKER,
}
_UNKNOWN = ("qa", "feld_3", "zz", "campo7", "inhalt", "anfang", "fim", "wer", "p1", "p2", "vv", "k")
_HOLDERS = ("output", "result", "results", "data", "response", "transcript", "payload", "body")


def _items(case: Case) -> list[Object]:
    document = case.document
    found: list[Object] = document if isinstance(document, list) else document["segments"]
    return found


def _rename(case: Case, keys: dict[str, str]) -> None:
    for item in _items(case):
        renamed = {keys.get(key, key): value for key, value in item.items()}
        if len(renamed) < len(item):
            raise CannotApply  # two of them would be called the same
        item.clear()
        item.update(renamed)
    case.faults[-1] += " " + ",".join(f"{role}={key}" for role, key in keys.items())
    case.must_read = False
    case.times_kept = False
    if isinstance(case.document, dict) and "text" in case.document:
        del case.document["text"]


def _spelled(case: Case, name: str) -> str:
    head, *rest = name.split("_")
    camel = head + "".join(part.title() for part in rest)
    return str(case.rng.choice((name, name, camel, name.replace("_", "-"))))


def _other_names(case: Case) -> None:
    roles = case.rng.sample(sorted(_ROLES), case.rng.randrange(1, 5))
    keys = {role: _spelled(case, case.rng.choice(_ROLES[role])) for role in roles}
    if len(set(keys.values())) < len(keys):
        raise CannotApply
    _rename(case, keys)


def _unknown_names(case: Case) -> None:
    roles = case.rng.sample(sorted(_ROLES), case.rng.randrange(1, 5))
    chosen = case.rng.sample(_UNKNOWN, len(roles))
    _rename(case, dict(zip(roles, chosen, strict=True)))


def _unit_in_names(case: Case) -> None:
    if any("unit" in fault for fault in case.faults[:-1]):
        raise CannotApply
    ending, factor = case.rng.choice((("ms", 1000), ("seconds", 1), ("millis", 1000), ("us", 1e6)))
    case.document = scaled(case.document, lambda time: round(time * factor, 3))
    _rename(case, {"start": f"start_{ending}", "end": f"end_{ending}"})


def _pairs(case: Case) -> None:
    key = case.rng.choice(("timestamp", "time", "interval", "span"))
    for item in _items(case):
        item[key] = [item.pop("start"), item.pop("end")]
    case.must_read = False
    case.times_kept = False


def _lengths(case: Case) -> None:
    key = case.rng.choice(("duration", "dur", "length"))
    for item in _items(case):
        item[key] = round(item.pop("end") - item["start"], 6)  # in hours, 3 are seconds
    case.must_read = False
    case.times_kept = False


def _clock_times(case: Case) -> None:
    if any("unit" in fault or "epoch" in fault for fault in case.faults):
        raise CannotApply  # a clock is one of seconds
    for item in _items(case):
        for key in ("start", "end"):
            item[key] = shapes.clock(item[key], case.rng.choice(".,"))
    case.must_read = False


def _has_voices(case: Case) -> list[str]:
    voices = sorted({cue.speaker for cue in case.cues if cue.speaker})
    if not voices or "words" in _items(case)[0]:
        raise CannotApply
    return voices


def _speaker_objects(case: Case) -> None:
    _has_voices(case)
    key = case.rng.choice(("name", "label", "id", "display_name"))
    for item in _items(case):
        if "speaker" in item:
            item["speaker"] = {key: item["speaker"]}
    case.must_read = False


def _speaker_numbers(case: Case) -> None:
    voices = _has_voices(case)
    numbers = {voice: n for n, voice in enumerate(voices)}
    if not any("speaker" in item for item in _items(case)):
        raise CannotApply
    key = case.rng.choice(("speaker", "speaker_id", "spk", "speaker_tag"))
    for item in _items(case):
        if "speaker" in item:
            item[key] = numbers[item.pop("speaker")]
    case.labels = {voice: str(n) for voice, n in numbers.items()}
    case.must_read = False


def _speaker_turns(case: Case) -> None:
    _has_voices(case)
    if not isinstance(case.document, dict) or any(not cue.speaker for cue in case.cues):
        raise CannotApply
    key = case.rng.choice(("speakers", "diarization", "speaker_segments", "turns"))
    case.document[key] = [
        {"start": i["start"], "end": i["end"], "speaker": i.pop("speaker")} for i in _items(case)
    ]
    case.must_read = False


# --- kind H -----------------------------------------------------------------------------------


def _wrapped(case: Case) -> None:
    for _ in range(case.rng.randrange(1, 4)):
        key = case.rng.choice(_HOLDERS)
        beside = case.rng.choice(({}, {"status": "COMPLETED", "id": "7"}, {"error": None}))
        case.document = {**beside, key: case.document}


def _wrapped_text(case: Case) -> None:
    case.alone()  # a text that holds JSON is of whole characters
    case.must_read = case.must_read and "wrapped" not in case.faults  # six levels are looked at
    case.document = {case.rng.choice(_HOLDERS): json.dumps(case.document)}


def _list_of_one(case: Case) -> None:
    case.document = [case.document]


def _twice(case: Case) -> None:
    case.document = [case.document, case.document]


def _json_lines(case: Case) -> None:
    if not isinstance(case.document, list):
        raise CannotApply
    dumps = [json.dumps(item, ensure_ascii=False) for item in case.document]
    if len(dumps) < 2:
        raise CannotApply
    case.text = case.rng.choice(("\n", "\r\n", ",\n")).join(dumps) + "\n"
    case.name = case.rng.choice(("talk.jsonl", "talk.json", "talk.ndjson"))


def _last_commas(case: Case) -> None:
    case.text = json.dumps(case.document, indent=1).replace("\n ]", ",\n ]").replace("\n}", ",\n}")


def _python(case: Case) -> None:
    case.text = repr(case.document)


def _raw_line_ends(case: Case) -> None:
    texts = case.document if isinstance(case.document, list) else case.document["segments"]
    for item in texts:
        item["text"] = item["text"].replace(" ", "\n", 2)
    case.text = json.dumps(case.document, ensure_ascii=False).replace("\\n", "\n")


def _other_ending(case: Case) -> None:
    if case.shape in ("tsv", "csv"):
        case.name = "talk.txt"
    elif case.shape == "txt":
        raise CannotApply
    else:
        endings = [e for e in ("txt", "srt", "vtt", "json", "tsv", "") if e != case.shape]
        ending = case.rng.choice(endings)
        case.name = f"talk.{ending}" if ending else "talk"
    case.faults[-1] += f" {case.name}"
    case.must_read = False


def _line_ends(case: Case) -> None:
    case.text = case.text.replace("\n", case.rng.choice(("\r\n", "\r")))


_JSON = frozenset(shapes.JSON_SHAPES)
_PLAIN = frozenset(("segments", "list"))
_TEXT = frozenset(shapes.TEXT_SHAPES)
FAULTS = (
    Fault("C", "other names", 1, _other_names, _PLAIN),
    Fault("C", "other names", 1, _other_names, _PLAIN),
    Fault("C", "unknown names", 1, _unknown_names, _PLAIN | {"openai"}),
    Fault("C", "unit in names", 1, _unit_in_names, _PLAIN),
    Fault("C", "pairs", 1, _pairs, _PLAIN),
    Fault("C", "lengths", 1, _lengths, _PLAIN),
    Fault("C", "clock times", 1, _clock_times, _PLAIN),
    Fault("C", "speaker objects", 1, _speaker_objects, _PLAIN),
    Fault("C", "speaker numbers", 1, _speaker_numbers, _PLAIN),
    Fault("C", "speaker turns", 1, _speaker_turns, frozenset(("segments",))),
    Fault("H", "wrapped", 1, _wrapped, _JSON),
    Fault("H", "wrapped as text", 1, _wrapped_text, _JSON),
    Fault("H", "list of one", 1, _list_of_one, _JSON - {"list"}),
    Fault("H", "twice", 1, _twice, _JSON - {"list"}),
    Fault("H", "lines", 2, _json_lines, frozenset(("list",))),
    Fault("H", "last commas", 2, _last_commas, _JSON),
    Fault("H", "Python", 2, _python, _JSON),
    Fault("H", "raw line ends", 2, _raw_line_ends, _PLAIN | {"openai"}),
    Fault("H", "other ending", 2, _other_ending),
    Fault("H", "line ends", 2, _line_ends, _TEXT),
)
