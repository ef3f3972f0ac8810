"""Transcribe with faster-whisper: `faster_whisper_tool.py SOUND MODEL OUT [LANGUAGE]`.

A program of its own, for whatever Python has the package; it imports nothing of llasa. SOUND is
16 kHz, mono, 16 bit. It is read in pieces of some minutes, cut where it is quiet, because the
package would hold hours of it in memory at once. Each finished piece is kept beside OUT, so that a
killed run goes on with the next one. It prints a line of JSON with the seconds that are done.

OUT has the keys that openai-whisper writes.
"""

import json
import os
import sys
import wave
from typing import Any

RATE = 16_000
PIECE_S = 600
LOOK_BACK_S = 60  # before the end of a piece, for the quietest place
QUIET_S = 0.5


def main(sound: str, model: str, out: str, language: str = "") -> None:
    """Transcribe `sound` and write the result to `out`."""
    import numpy
    from faster_whisper import WhisperModel

    whisper: Any = None
    segments: list[dict[str, Any]] = []
    with wave.open(sound) as file:
        total = file.getnframes()
        start = number = 0
        while start < total:
            file.setpos(start)
            data = file.readframes(min(PIECE_S * RATE, total - start))
            samples = numpy.frombuffer(data, "<i2").astype("float32") / 32768
            if start + len(samples) < total:
                samples = samples[: quietest(samples)]
            kept = f"{out}.{number:04d}"
            piece = read(kept)
            if piece is None or piece["start"] != start:
                if whisper is None:
                    # More threads than cores would wait for each other.
                    whisper = WhisperModel(
                        model,
                        compute_type="auto",
                        cpu_threads=os.cpu_count() or 1,
                        local_files_only=True,
                    )
                piece = transcribed(whisper, samples, start, language)
                write(kept, piece)
            language = language or str(piece["language"])
            shift = start / RATE
            segments += [shifted(segment, shift) for segment in piece["segments"]]
            start, number = start + len(samples), number + 1
            report(start / RATE)
    for place, segment in enumerate(segments):
        segment["id"] = place
    text = "".join(str(segment["text"]) for segment in segments)
    write(out, {"text": text, "segments": segments, "language": language})


def transcribed(whisper: Any, samples: Any, start: int, language: str) -> dict[str, Any]:
    """Return the segments of one piece, timed from its beginning, and its language."""
    found, info = whisper.transcribe(samples, language=language or None, word_timestamps=True)
    segments = []
    for one in found:
        segments.append(
            {
                "id": one.id, "seek": one.seek, "start": one.start, "end": one.end,
                "text": one.text, "tokens": one.tokens, "temperature": one.temperature,
                "avg_logprob": one.avg_logprob, "compression_ratio": one.compression_ratio,
                "no_speech_prob": one.no_speech_prob,
                "words": [
                    {"word": w.word, "start": w.start, "end": w.end, "probability": w.probability}
                    for w in one.words or ()
                ],
            }
        )  # fmt: skip
        report(start / RATE + one.end)
    return {"start": start, "language": info.language, "segments": segments}


def quietest(samples: Any) -> int:
    """Return where the quietest half second of the last minute begins, in samples."""
    import numpy

    window = int(QUIET_S * RATE)
    first = max(0, len(samples) - LOOK_BACK_S * RATE)
    count = (len(samples) - first) // window
    blocks = samples[first : first + count * window].reshape(count, window)
    best = int(numpy.argmin((blocks**2).mean(axis=1)))
    return first + best * window + window // 2


def shifted(segment: dict[str, Any], by_s: float) -> dict[str, Any]:
    """Return a segment with its times counted from the beginning of the recording."""
    moved = dict(segment, seek=segment["seek"] + round(by_s * 100))
    for one in (moved, *(moved["words"] or ())):
        one["start"], one["end"] = round(one["start"] + by_s, 3), round(one["end"] + by_s, 3)
    return moved


def read(path: str) -> Any:
    """Return what an earlier run kept, None where it kept nothing."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None


def write(path: str, value: Any) -> None:
    """Write a file whole or not at all."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def report(done_s: float) -> None:
    """Say how much is done."""
    sys.stdout.write(json.dumps({"done_s": round(done_s, 2)}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
