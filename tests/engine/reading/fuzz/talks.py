"""What was said: excerpts of the real sample files, and talks of our own in many languages."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from engine.errors import TranscriptError
from engine.reading import read
from engine.records import Segment, Word
from engine.text.words import SplitWord, join, split_words
from tests.engine.reading.test_kind_bytes import SAID

SAMPLES = Path(__file__).parents[5] / "shared" / "data" / "whisper"
LARGEST = 500_000  # bytes of a sample that is read
MORE = {
    "en": "The ferry leaves early in the morning. It's a long queue; the children are tired. "
    "We drink our tea on deck, and nobody talks about work. Who has seen the blue suitcase?",
    "es": "El barco sale temprano por la mañana. La cola de coches es larga y los niños están "
    "cansados. ¿Quién ha visto la maleta azul? Mañana volvemos con más tiempo.",
    "pt": "O barco sai cedo de manhã. A fila de carros é longa, e as crianças já estão cansadas. "
    "Não sabemos onde ficou a mala azul. Amanhã voltamos com calma.",
    "it": "Il traghetto parte presto la mattina. La fila è lunga, perché è già estate, e i "
    "bambini sono stanchi. Chi ha visto la valigia blu? Domani sarà più facile.",
    "sv": "Färjan går tidigt på morgonen. Kön av bilar är lång och barnen är trötta. Vi dricker "
    "vårt te på däck, och ingen pratar om jobbet. Vem har sett den blå väskan?",
    "ro": "Feribotul pleacă dimineața devreme. Coada de mașini este lungă și copiii sunt deja "
    "obosiți. Cine a văzut valiza albastră? Mâine ne întoarcem cu mai mult timp.",
    "vi": "Chuyến phà rời bến từ sáng sớm. Hàng xe rất dài và bọn trẻ đã mệt rồi. Chúng tôi uống "
    "trà trên boong tàu, không ai nói về công việc. Ai đã thấy chiếc va li màu xanh?",
    "id": "Kapal feri berangkat pagi sekali. Antrean mobil panjang dan anak anak sudah lelah. "
    "Kami minum teh di geladak, dan tidak ada yang bicara soal kerja. Siapa melihat koper biru?",
    "fa": "کشتی صبح زود بندر را ترک می‌کند. صف ماشین‌ها طولانی است و بچه‌ها خسته شده‌اند. "
    "ما روی عرشه چای می‌نوشیم. چه کسی چمدان آبی را دیده است؟",
    "hi": "नाव सुबह जल्दी बंदरगाह से निकलती है। गाड़ियों की कतार लंबी है और बच्चे थक चुके हैं। "
    "हम डेक पर चाय पीते हैं और कोई काम की बात नहीं करता। नीला सूटकेस किसने देखा है?",
    "bn": "ফেরি খুব ভোরে বন্দর ছেড়ে যায়। গাড়ির সারি লম্বা, আর বাচ্চারা ক্লান্ত হয়ে গেছে। আমরা ডেকে "
    "বসে চা খাই। নীল সুটকেসটা কে দেখেছে?",
    "ta": "படகு அதிகாலையில் துறைமுகத்தை விட்டுப் புறப்படுகிறது. கார்களின் வரிசை நீளமாக உள்ளது. "
    "குழந்தைகள் சோர்வாக இருக்கிறார்கள். நீல நிறப் பெட்டியை யார் பார்த்தார்கள்?",
    "fi": "Lautta lähtee varhain aamulla. Autojono on pitkä ja lapset ovat jo väsyneitä. Juomme "
    "teetä kannella, eikä kukaan puhu töistä. Kuka on nähnyt sinisen laukun?",
    "nl": "De veerboot vertrekt vroeg in de ochtend. De rij auto's is lang en de kinderen zijn al "
    "moe. We drinken thee aan dek, en niemand praat over werk. Wie heeft de blauwe koffer gezien?",
}
VOICES = ("Ada", "Bertrand", "Chiara Nowak")


@dataclass(frozen=True, slots=True)
class Line:
    """Something that one voice said, with its time."""

    text: str
    start_s: float
    end_s: float
    speaker: str | None = None

    @property
    def words(self) -> list[str]:
        """Return the words as reading divides them."""
        return [word.text for word in split_words(self.text)]


@dataclass(frozen=True, slots=True)
class Talk:
    """What was said, and in which language."""

    name: str
    language: str | None
    lines: tuple[Line, ...]

    @property
    def words(self) -> list[str]:
        """Return all words in order."""
        return [word for line in self.lines for word in line.words]


def talk(rng: random.Random) -> Talk:
    """Return an excerpt of a real file, or a talk of our own."""
    real = _real()
    if real and rng.random() < 0.6:
        return _excerpt(rng, rng.choice(real))
    return _made(rng)


def _excerpt(rng: random.Random, whole: Talk) -> Talk:
    count = rng.choice((1, 2, 3, 5, 8, 13, 21, 34))
    first = rng.randrange(max(1, len(whole.lines) - count + 1))
    lines = whole.lines[first : first + count]
    if rng.random() < 0.5:  # from the beginning of a recording
        zero = lines[0].start_s - rng.choice((0.0, 0.5, 3.0))
        lines = tuple(
            replace(
                line,
                start_s=round(max(line.start_s - zero, 0), 3),
                end_s=round(max(line.end_s - zero, 0.1), 3),
            )
            for line in lines
        )
    return replace(whole, lines=lines)


def _made(rng: random.Random) -> Talk:
    texts = SAID | MORE
    language = rng.choice(sorted(texts))
    said = _pieces(texts[language], rng.choice((3, 6, 9)))
    voices = rng.sample(VOICES, rng.choice((0, 2, 2, 3)))
    at = rng.choice((0.0, 0.8, 12.5))
    lines = []
    for number, piece in enumerate(said):
        length = max(0.6, sum(map(len, piece)) / rng.uniform(11, 17))
        if len(piece) == 1 and len(piece[0]) > 8:  # a script without spaces
            length = len(piece[0]) / rng.uniform(4, 7)
        voice = voices[number // 2 % len(voices)] if voices else None
        lines.append(Line(" ".join(piece), round(at, 2), round(at + length, 2), voice))
        at += length + rng.choice((0.0, 0.2, 1.5))
    return Talk(f"made-{language}", language, tuple(lines))


def _pieces(text: str, size: int) -> list[list[str]]:
    words = text.split()
    return [words[n : n + size] for n in range(0, len(words), size)]


@lru_cache(maxsize=1)
def _real() -> list[Talk]:
    found = []
    for path in sorted(SAMPLES.glob("*/*")):
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        try:
            transcript = read(path.read_bytes(), name=path.name)
        except TranscriptError:
            continue
        if transcript.timing == "none":
            continue
        lines = [line for segment in transcript.segments for line in _lines(segment)]
        lines = [*_apart(lines)]
        if lines:
            found.append(Talk(f"{path.parent.name}/{path.name}", transcript.language, (*lines,)))
    return found


def _lines(segment: Segment) -> Iterator[Line]:
    """Yield what each voice says in a segment."""
    turn: list[Word] = []
    for word in (*segment.words, None):
        if turn and (word is None or word.speaker != turn[-1].speaker):
            starts = [w.start_s for w in turn if w.start_s is not None]
            ends = [w.end_s for w in turn if w.end_s is not None]
            if starts and ends:
                said = join([SplitWord(w.text, w.glued) for w in turn])
                yield Line(said, starts[0], max(ends), turn[0].speaker)
            turn = []
        if word is not None:
            turn.append(word)


def _apart(lines: list[Line]) -> Iterator[Line]:
    """Yield the lines that somebody could speak, without overlaps."""
    for line, after in pairwise([*lines, Line("", 1e9, 1e9)]):
        end = min(line.end_s, after.start_s)
        letters = len(line.text)
        if end - line.start_s >= max(0.2, letters / 35) and letters < 600:
            yield replace(line, start_s=round(line.start_s, 3), end_s=round(end, 3))
