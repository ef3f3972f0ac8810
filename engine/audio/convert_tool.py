"""Convert a recording with soundfile and soxr, block by block: `convert_tool.py IN OUT`.

A program of its own, for whatever Python has the two packages; it imports nothing of llasa. It
prints a line of JSON with the seconds that are done, about every ten seconds of sound.
"""

import json
import sys

RATE = 16_000
BLOCK_S = 10


def main(source: str, target: str) -> None:
    """Write `source` as 16 kHz, mono, 16 bit to `target`."""
    import soundfile
    import soxr

    try:
        sound = soundfile.SoundFile(source)
    except soundfile.LibsndfileError as error:
        sys.exit(f"cannot be read: {error}")
    with sound, soundfile.SoundFile(target, "w", RATE, 1, "PCM_16", format="WAV") as out:
        resample = soxr.ResampleStream(sound.samplerate, RATE, 1, dtype="float32")
        total_s = sound.frames / sound.samplerate if sound.frames < 1 << 60 else None
        done = 0
        while True:
            block = sound.read(BLOCK_S * sound.samplerate, dtype="float32", always_2d=True)
            last = len(block) < BLOCK_S * sound.samplerate
            out.write(resample.resample_chunk(block.mean(axis=1), last=last))
            done += len(block)
            line = json.dumps({"done_s": done / sound.samplerate, "total_s": total_s})
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
            if last:
                break


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
