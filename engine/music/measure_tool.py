"""Measure music with librosa: `measure_tool.py SOUND OUT`.

A program of its own, for whatever Python has librosa; it imports nothing of llasa. SOUND is 16 kHz,
mono, 16 bit. It is read block by block; what is kept of four hours is one number for every 16 ms.
OUT becomes JSON: for each measurement its value, unit, method and confidence from 0 to 1, and why
there is none where there is none.
"""

from __future__ import annotations

import json
import math
import os
import sys
import wave
from collections.abc import Iterator
from typing import Any

RATE = 16_000
HOP = 256  # 16 ms
FRAME = 1024
BLOCK = 2048  # frames: 33 s
FLOOR_DB = -80.0
SILENCE_DB = -70.0  # below it, nothing is measured; the absolute gate of BS.1770
TEMPO_S = 600.0  # of the recording's middle are enough for a tempo
PITCH_STRETCHES, PITCH_S = 4, 15.0
CHROMA_FRAME = 4096
MOST_ONSETS = 2000  # whose times are written
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How well listeners found that each degree fits a key (Krumhansl and Kessler, 1982).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
LEAST_FIT = 0.5  # correlation with a profile below which no key is named
LEAST_CONTRAST = 0.25  # of the twelve pitch classes: noise has the same of each
SURE_LEAD = 0.15  # of the best key over the next, for full confidence
LEAST_BEATS = 6
LEAST_STEADY = 0.5  # some dozen onsets at random reach less


def main(source: str, out: str) -> None:
    """Measure `source` and write the measurements to `out`."""
    import librosa

    sound = Sound(source)
    envelope, chroma = walk(sound)
    loud = loudness(sound)
    silent = loud["value"] is None
    found: dict[str, Any] = {"loudness": loud}
    if silent:
        for name, unit in (("tempo", "BPM"), ("key", ""), ("pitch_range", "Hz"), ("onsets", "")):
            found[name] = nothing(unit, "not measured", "there is only silence")
    else:
        times = onset_times(envelope)
        found["tempo"] = tempo(envelope, times)
        found["key"] = key(chroma)
        found["pitch_range"] = pitch_range(sound)
        found["onsets"] = onsets(times, sound.duration_s)
    result = {
        "tool": f"librosa {librosa.__version__}",
        "duration_s": round(sound.duration_s, 3),
        "measurements": found,
    }
    with open(out + ".part", "w", encoding="utf-8") as target:
        json.dump(result, target)
    os.replace(out + ".part", out)


class Sound:
    """A recording that is read in pieces."""

    def __init__(self, path: str) -> None:
        self._file = wave.open(path)  # noqa: SIM115 - open until the process ends
        if (self._file.getframerate(), self._file.getnchannels()) != (RATE, 1):
            sys.exit("not 16 kHz, mono")
        self.samples = self._file.getnframes()
        self.duration_s = self.samples / RATE

    def read(self, start: int, count: int) -> Any:
        """Return samples from -1 to 1; outside of the recording they are 0."""
        import numpy

        first, last = max(0, start), min(self.samples, start + count)
        piece = numpy.zeros(count, dtype="float32")
        if last > first:
            self._file.setpos(first)
            data = numpy.frombuffer(self._file.readframes(last - first), "<i2")
            piece[first - start : first - start + len(data)] = data / 32768
        return piece

    def blocks(self, frame: int, hop: int, frames: int) -> Iterator[Any]:
        """Return the recording in blocks whose frames are those of the whole."""
        total = self.samples // hop + 1
        for first in range(0, total, frames):
            count = min(frames, total - first)
            yield self.read(first * hop - frame // 2, (count - 1) * hop + frame)


def walk(sound: Sound) -> tuple[Any, Any]:
    """Return how much begins in each 16 ms, and the pitch classes of each eighth of a second."""
    import librosa
    import numpy

    total_s = sound.duration_s
    mel = librosa.filters.mel(sr=RATE, n_fft=FRAME, n_mels=64)
    before = numpy.full((64, 1), FLOOR_DB, dtype="float32")
    rises = []
    for block in sound.blocks(FRAME, HOP, BLOCK):
        power = numpy.abs(librosa.stft(block, n_fft=FRAME, hop_length=HOP, center=False)) ** 2
        level = 10 * numpy.log10(numpy.maximum(mel @ power, 1e-8))
        steps = numpy.diff(numpy.hstack([before, level]), axis=1)
        rises.append(numpy.maximum(0.0, steps).mean(axis=0))
        before = level[:, -1:]
        done_s = min(total_s, sum(map(len, rises)) * HOP / RATE)
        sys.stdout.write(json.dumps({"done_s": done_s}) + "\n")
        sys.stdout.flush()
    classes = []
    for block in sound.blocks(CHROMA_FRAME, CHROMA_FRAME // 2, 256):
        power = numpy.abs(
            librosa.stft(block, n_fft=CHROMA_FRAME, hop_length=CHROMA_FRAME // 2, center=False)
        )
        power[: int(60 * CHROMA_FRAME / RATE)] = 0  # two notes share a bin below 60 Hz
        tuned = librosa.feature.chroma_stft(S=power**2, sr=RATE, n_fft=CHROMA_FRAME, norm=None)
        classes.append(tuned)
    return numpy.concatenate(rises), numpy.hstack(classes)


def measured(value: Any, unit: str, method: str, confidence: float, **more: Any) -> dict[str, Any]:
    """Return a measurement."""
    sure = round(min(1.0, max(0.0, confidence)), 3)
    return {"value": value, "unit": unit, "method": method, "confidence": sure, **more}


def nothing(unit: str, method: str, why: str) -> dict[str, Any]:
    """Return a measurement that found nothing."""
    return measured(None, unit, method, 0.0, why=why)


def loudness(sound: Sound) -> dict[str, Any]:
    """Return the integrated loudness of ITU-R BS.1770, gated, of the mono mix."""
    import numpy
    from scipy.signal import lfilter

    method = "ITU-R BS.1770-4, gated, of the mono mix at 16 kHz"
    states: list[Any] = [None, None]
    step = RATE // 10
    energies: list[float] = []
    peak = 0.0
    for start in range(0, sound.samples, 60 * RATE):
        piece = sound.read(start, min(60 * RATE, sound.samples - start)).astype("float64")
        peak = max(peak, float(numpy.abs(piece).max(initial=0.0)))
        for number, (b, a) in enumerate(k_weighting()):
            if states[number] is None:
                states[number] = numpy.zeros(max(len(a), len(b)) - 1)
            piece, states[number] = lfilter(b, a, piece, zi=states[number])
        whole = piece[: len(piece) // step * step].reshape(-1, step)
        energies += [float(e) for e in (whole**2).mean(axis=1)]
    if len(energies) < 4:
        return nothing("LUFS", method, "the recording is shorter than 0.4 s")
    blocks = numpy.convolve(energies, numpy.full(4, 0.25), "valid")  # 400 ms, by 100 ms
    heard = blocks[level(blocks) > SILENCE_DB]
    if not len(heard):
        return nothing("LUFS", method, "there is only silence")
    gated = heard[level(heard) > level(heard.mean()) - 10]
    return measured(
        round(float(level(gated.mean())), 2),
        "LUFS",
        method,
        min(1.0, len(gated) / 30),  # the standard means programmes, not three seconds
        peak_dbfs=round(20 * math.log10(max(peak, 1e-6)), 2),
        above_gate=round(len(gated) / len(blocks), 3),
    )


def level(energy: Any) -> Any:
    """Return LUFS for a mean square."""
    import numpy

    return -0.691 + 10 * numpy.log10(numpy.maximum(energy, 1e-12))


def k_weighting() -> list[tuple[list[float], list[float]]]:
    """Return the two filters of BS.1770 for our rate: its analogue ones, by bilinear transform."""
    gain, q, corner = 3.999843853973347, 0.7071752369554196, 1681.974450955533
    k = math.tan(math.pi * corner / RATE)
    high = 10 ** (gain / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    shelf = (
        [
            (high + band * k / q + k * k) / a0,
            2 * (k * k - high) / a0,
            (high - band * k / q + k * k) / a0,
        ],
        [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0],
    )
    q, corner = 0.5003270373238773, 38.13547087602444
    k = math.tan(math.pi * corner / RATE)
    a0 = 1 + k / q + k * k
    high_pass = ([1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])
    return [shelf, high_pass]


def onset_times(envelope: Any) -> Any:
    """Return the seconds at which something begins."""
    import librosa

    if envelope.max() < 1.0:  # dB in the mean of all bands: hum and noise stay below
        return envelope[:0]
    padded = librosa.util.fix_length(envelope, size=len(envelope) + 1)
    found = librosa.onset.onset_detect(
        onset_envelope=padded, sr=RATE, hop_length=HOP, units="frames", delta=0.12
    )
    return found * HOP / RATE


def onsets(times: Any, duration_s: float) -> dict[str, Any]:
    """Return how many there are, and when."""
    method = "spectral flux of 64 mel bands, peaks"
    count = len(times)
    return measured(
        count,
        "onsets",
        method,
        min(1.0, count / 4),
        per_s=round(count / duration_s, 3),
        times_s=[round(float(t), 3) for t in times[:MOST_ONSETS]],
    )


def tempo(envelope: Any, times: Any) -> dict[str, Any]:
    """Return beats per minute: librosa's tempogram, refined by a line through the onsets."""
    import librosa
    import numpy

    method = "tempogram of the onsets, then a line through those on the beat"
    most = int(TEMPO_S * RATE / HOP)
    skipped = max(0, (len(envelope) - most) // 2)
    part = envelope[skipped : skipped + most]
    if len(times) < LEAST_BEATS:
        return nothing("BPM", method, "fewer than 6 onsets")
    # librosa's beat tracker would add no more than its own period, and a minute of compilation.
    found = librosa.feature.tempo(onset_envelope=part, sr=RATE, hop_length=HOP, start_bpm=120.0)
    rough = float(numpy.atleast_1d(found)[0])
    if rough <= 0:
        return nothing("BPM", method, "no beat was found")
    begin_s, end_s = skipped * HOP / RATE, (skipped + len(part)) * HOP / RATE
    inside = times[(times >= begin_s) & (times <= end_s)]
    period, steady, on_beat = refined(inside, 60 / rough)
    if steady < LEAST_STEADY:
        return nothing("BPM", method, "the onsets follow no steady beat")
    bpm = 60 / period
    return measured(
        round(bpm, 2),
        "BPM",
        method,
        steady * on_beat,
        also=[round(bpm / 2, 2), round(bpm * 2, 2)],  # what a listener may count as well
        span_s=[round(begin_s, 1), round(end_s, 1)],
    )


def refined(times: Any, period: float) -> tuple[float, float, float]:
    """Return a better period, how exactly the onsets keep it, and the share that does (0 to 1).

    Notes between the beats are on its half, third or quarter: the coarsest grid that fits well.
    """
    grids = [(parts, *on_grid(times, period / parts)) for parts in (1, 2, 3, 4)]
    best = max(steady for _, _, steady, _ in grids)
    for parts, step, steady, filled in grids:
        if steady > 0.85 * best:
            return step * parts, steady, filled
    return period, 0.0, 0.0


def on_grid(times: Any, step: float) -> tuple[float, float, float]:
    """Return the step near to this one that the onsets keep best, as `refined` does."""
    import numpy

    best = (step, 0.0, 0.0)
    for guess in numpy.linspace(step * 0.94, step * 1.06, 241):
        vector = numpy.exp(2j * numpy.pi * times / guess).mean()
        if abs(vector) > best[1]:
            best = (float(guess), float(abs(vector)), float(numpy.angle(vector)))
    step, steady, phase = best
    for _ in range(3):
        origin = phase / (2 * numpy.pi) * step
        places = numpy.round((times - origin) / step)
        near = numpy.abs(times - origin - places * step) < 0.15 * step
        if near.sum() < 4 or len(set(places[near])) < 4:
            return step, 0.0, 0.0
        slope, begin = numpy.polyfit(places[near], times[near], 1)
        step, phase = float(slope), float(begin / slope * 2 * numpy.pi)
    used = set(places[near].tolist())
    filled = len(used) / (max(used) - min(used) + 1)  # of the places, how many sound
    return step, steady * float(near.mean()), min(1.0, float(filled) + 0.25)


def key(chroma: Any) -> dict[str, Any]:
    """Return the key by Krumhansl and Schmuckler's correlation with the profiles of all 24."""
    import numpy

    method = "chroma of the spectrum, correlated with the profiles of Krumhansl and Kessler"
    sums = chroma.sum(axis=0)
    loud = chroma[:, sums > sums.max() * 1e-4]
    if not loud.size:
        return nothing("", method, "there is only silence")
    classes = (loud / numpy.maximum(loud.sum(axis=0), 1e-12)).mean(axis=1)
    if classes.std() / classes.mean() < LEAST_CONTRAST:
        return nothing("", method, "no pitches stand out")
    fits = []
    for tonic in range(12):
        for mode, profile in (("major", MAJOR), ("minor", MINOR)):
            fit = float(numpy.corrcoef(classes, numpy.roll(profile, tonic))[0, 1])
            fits.append((fit, f"{NOTES[tonic]} {mode}"))
    fits.sort(reverse=True)
    (first, name), (second, other) = fits[:2]
    if first < LEAST_FIT:
        return nothing("", method, "the pitches fit no key")
    return measured(
        name,
        "",
        method,
        first * min(1.0, (first - second) / SURE_LEAD),
        also=[other],
        fit=round(first, 3),
    )


def pitch_range(sound: Sound) -> dict[str, Any]:
    """Return the lowest and the highest pitch (5 and 95 %) of one voice, by pYIN."""
    import librosa
    import numpy

    method = "pYIN, 50 to 2000 Hz, 5th to 95th percentile; for one voice at a time"
    length = int(PITCH_S * RATE)
    if sound.samples <= PITCH_STRETCHES * length:
        starts = list(range(0, sound.samples, length))
    else:
        room = sound.samples - length
        starts = [room * n // (PITCH_STRETCHES - 1) for n in range(PITCH_STRETCHES)]
    pitches, shares = [], []
    for start in starts:
        piece = sound.read(start, min(length, sound.samples - start))
        if len(piece) < 2048:
            continue
        f0, voiced, _ = librosa.pyin(
            piece, fmin=50.0, fmax=2000.0, sr=RATE, frame_length=2048, hop_length=512
        )
        heard = librosa.feature.rms(y=piece, frame_length=2048, hop_length=512)[0] > 1e-3
        heard = librosa.util.fix_length(heard, size=len(f0))
        pitches += [float(p) for p in f0[voiced & heard]]
        shares.append((int((voiced & heard).sum()), int(heard.sum())))
    of, all_of = (sum(column) for column in zip(*shares, strict=True)) if shares else (0, 0)
    if len(pitches) < 5:
        return nothing("Hz", method, "no single pitch was found")
    low, middle, high = (float(v) for v in numpy.percentile(pitches, (5, 50, 95)))
    return measured(
        [round(low, 2), round(high, 2)],
        "Hz",
        method,
        of / max(1, all_of),
        notes=[note(low), note(high)],
        middle_hz=round(middle, 2),
    )


def note(hertz: float) -> str:
    """Return the nearest note and how far it is off, in cents."""
    number = 69 + 12 * math.log2(hertz / 440)
    nearest = round(number)
    cents = round((number - nearest) * 100)
    off = f" {cents:+d} cents" if cents else ""
    return f"{NOTES[nearest % 12]}{nearest // 12 - 1}{off}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
