"""Files of two encodings, and pages that differ in a letter: decided by words, or refused."""

from __future__ import annotations

import pytest

from engine.errors import InvalidTranscript
from engine.models.common_words import is_common
from engine.reading import read
from engine.reading.page_words import is_written
from engine.reading.reasons import Reason
from tests.engine.reading.test_kind_bytes import SAID, srt, text_of


@pytest.mark.parametrize(
    ("first", "second"),
    [("utf-16-be", "utf-16-le"), ("utf-16-le", "utf-8"), ("utf-32-le", "cp1252")],
)
def test_unicode_that_goes_on_in_another_encoding_is_refused(first: str, second: str) -> None:
    """Its second half would be Chinese, or nothing."""
    data = srt(SAID["de"]).encode(first) + srt(SAID["de"]).encode(second)
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING


def test_rare_letters_are_not_most_of_a_text() -> None:
    """A Finnish text in two code pages, in a third one that makes letters of both halves."""
    data = srt("Lähdemme tänään jälleen").encode("cp1252") + srt("pöydältä länteen käymään").encode(
        "mac-roman"
    )
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING


def test_a_short_text_in_hebrew_is_not_greek() -> None:
    """Its letters are Greek ones in another page; words they are not."""
    assert not is_written("el", ["βμ", "κύο", "ιιζκο", "υιυ"])
    greek = "Το πλοίο φεύγει νωρίς το πρωί και τα παιδιά είναι ήδη κουρασμένα από τη ζέστη."
    assert text_of(read(srt(greek).encode("cp1253"), name="a.srt")) == greek


def test_a_quotation_that_only_ends_is_a_letter_of_another_page() -> None:
    """« is "ę" there; in German, » begins what « ends."""
    data = srt("Keltas išplaukia anksti rytą. Automobilių eilė yra ilga, o").encode("cp1257")
    with pytest.raises(InvalidTranscript) as caught:
        read(data + srt("vaikai jau pavargę.").encode("mac-latin2"), name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING
    said = "Er hörte »Grüße« und »schöne Träume« und fand, dass man spät übt."
    assert text_of(read(srt(said).encode("cp1252"), name="a.srt")) == said


def test_a_line_in_iso_2022_among_utf_8_is_refused() -> None:
    """Its letters would be signs and digits."""
    data = srt(SAID["fr"]).encode() + srt(SAID["ja"]).encode("iso2022_jp")
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        ("el", "mac-greek", "iso8859-7"),
        ("tr", "utf-16-be", "cp1254"),
        ("el", "utf-16-le", "gb18030"),
        ("de", "mac-turkish", "gb18030"),
        ("fr", "big5hkscs", "mac-roman"),
        ("uk", "utf-8", "utf-16-be"),
        ("ru", "utf-8", "gbk"),
    ],
)
def test_two_encodings_in_one_file_are_refused(language: str, first: str, second: str) -> None:
    """The letters of one half would be others of the same script, signs, or none."""
    said = SAID[language]
    pages = [first, second]
    if first == "big5hkscs":
        said = "Il a été là, déjà très fier, et après elle était prête. La forêt était près de là."
    data = b"".join(
        f"{n + 1}\n00:00:0{n},000 --> 00:00:0{n},900\n{said}\n\n".encode(page)
        for n, page in enumerate(pages)
    )
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING


POLISH = (
    "Już dziś wieczorem przyjdą wszyscy, którzy chcą się dowiedzieć więcej.",
    "Myślę, że można było zrobić to lepiej, ale nie wiedzieliśmy, gdzie jesteśmy.",
)


def cues(*texts: bytes) -> bytes:
    """Return subtitles of texts that are bytes already."""
    return b"".join(
        b"%d\n00:00:%02d,000 --> 00:00:%02d,000\n%s\n\n" % (n + 1, 4 * n, 4 * n + 4, text)
        for n, text in enumerate(texts)
    )


def ending(data: bytes) -> str:
    """Return what is read, or the reason why nothing is."""
    try:
        return text_of(read(data, name="a.srt"))
    except InvalidTranscript as error:
        return str(error.reason)


@pytest.mark.parametrize("first", ["cp1250", "cp1257", "iso8859-2", "iso8859-13"])
@pytest.mark.parametrize("second", ["cp1250", "cp1257", "iso8859-2", "iso8859-13"])
def test_pages_of_one_language_are_told_apart_by_its_words(first: str, second: str) -> None:
    """All of these letters are Polish, in the wrong places: the words are not."""
    found = ending(cues(POLISH[0].encode(first), POLISH[1].encode(second)))
    assert found in (" ".join(POLISH), Reason.BAD_ENCODING)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            "Chcę być pewny, że mogę mówić i robić, co chcę.".encode("cp1250"),
            "Będę tam i zobaczę rękę.".encode("cp1257"),
        ),
        (
            "La cançó també és així, i demà serà més fàcil.".encode("mac-roman"),
            "Però això no és res.".replace("é", "e").encode("cp850"),
        ),
        (
            "Feribotul pleacă dimineaţa devreme, şi în port coada este lungă.".encode("cp852"),
            "Mâine ne întoarcem în port, când este timp.".encode("cp1250"),
        ),
    ],
    ids=["polish", "catalan", "romanian"],
)
def test_letters_of_the_language_that_make_no_words_are_refused(
    first: bytes, second: bytes
) -> None:
    """The second line has letters of its language in the first one's page: "Bćdć", "aixï"."""
    assert ending(cues(first, second)) == Reason.BAD_ENCODING


def test_words_decide_between_two_pages_of_one_language() -> None:
    """In cp1257 it is "byę" and "mogź", with nothing but Polish letters."""
    said = "Chcę być tu jutro rano i mogę tam mówić o tym, co robię."
    assert ending(srt(said).encode("cp1250")) == said


def test_common_words_are_known_without_numpy() -> None:
    """The list is the tagger's own."""
    assert is_common("pl", "być")
    assert is_common("de", "Über")
    assert not is_common("pl", "byę")
    assert is_common("ro", "şi") is is_common("ro", "și") is True  # stop words
    assert is_common("cy", "yn") is None


HEBREW = (
    "הוא שהנשמעות אמינות לחלוטין.",
    "סימולב, אלה לא טעויות מופרחות,",
    "אלה טעויות שנשמעות סבירות מאוד,",
)


@pytest.mark.parametrize("marks", [("", ""), ("[_BEG_] ", "[_TT_150]")])
def test_letters_of_another_alphabet_are_no_cyrillic_words(marks: tuple[str, str]) -> None:
    """Hebrew of two pages has common Cyrillic letters in a third one: "деа щдрщотеъ аойреъ"."""
    first, second = (line.encode("iso8859-8") for line in HEBREW[:2])
    third = marks[0].encode() + HEBREW[2].encode("cp862") + marks[1].encode()
    lines = zip((first, second, third), (0, 2, 5), strict=True)
    data = b"".join(b"[00:00:0%d.000 --> 00:00:0%d.980]   %s\n" % (s, s + 1, t) for t, s in lines)
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="talk.txt")
    assert caught.value.reason == Reason.BAD_ENCODING


CYRILLIC = {
    "ru": "Мы поставили чайник и говорили о саде, пока не стемнело, потому что было тихо.",
    "uk": "Пором відходить рано вранці. Черга з машин довга, і діти вже втомилися чекати.",
    "be": "Добрай раніцы, сёння мы будзем гаварыць пра дарогі ў горадзе і што там новага.",
    "bg": "Здравейте, днес ще говорим за това как се прави хляб вкъщи с брашно и вода.",
    "mk": "Добро утро, денес ќе зборуваме за времето и за патиштата во градот.",
    "sr": "Добро јутро, данас ћемо да причамо о времену и о путевима кроз град.",
}


@pytest.mark.parametrize("language", sorted(CYRILLIC))
def test_cyrillic_texts_have_common_words_of_their_language(language: str) -> None:
    """Real sentences do, also where few common words are known; letters of another page do not."""
    said = CYRILLIC[language]
    words = said.replace(",", "").replace(".", "").split()
    assert is_written(language, words)
    turned = said.encode("cp1251").decode("cp866", "replace").split()
    assert not is_written(language, turned)


def test_both_halves_of_a_cyrillic_text_are_words() -> None:
    """The second half is Hebrew, read as Cyrillic."""
    words = CYRILLIC["ru"].replace(",", "").replace(".", "").split()
    other = ["деа", "щдрщотеъ", "аойреъ", "мзмеийп", "сйоемб", "амд", "ма", "итейеъ", "оефшзеъ"]
    assert is_written("ru", words * 2)
    assert not is_written("ru", words * 2 + other * 3)
