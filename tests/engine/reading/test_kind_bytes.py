"""Bytes: every encoding is read rightly, or refused by name; never with other letters."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidTranscript
from engine.reading import read, signs
from engine.reading.encoding import CODE_PAGES
from engine.reading.reasons import Reason
from engine.records import Transcript
from tests.field import FIELD, needs_field

SAID = {
    "ru": "Паром уходит из гавани рано утром. Очередь из машин длинная, и дети уже устали.",
    "uk": "Пором відходить рано вранці. Черга з машин довга, і діти вже втомилися чекати.",
    "bg": "Фериботът тръгва рано сутринта. Опашката от коли е дълга и децата са уморени.",
    "el": "Το πλοίο φεύγει νωρίς το πρωί. Η ουρά των αυτοκινήτων είναι μεγάλη σήμερα.",
    "he": "המעבורת יוצאת מוקדם בבוקר. התור של המכוניות ארוך והילדים כבר עייפים מאוד.",
    "ar": "تغادر العبارة الميناء في الصباح. طابور السيارات طويل والأطفال متعبون جدا اليوم.",
    "th": "เรือข้ามฟากออกจากท่าเรือแต่เช้า แถวรถยาวมาก และเด็กๆ ก็เหนื่อยแล้ว",
    "zh": "渡轮早上七点半离开港口，我们必须早点到。夏天排队的汽车很多，谁也不想等。",
    "ja": "船は朝早く港を出ます。車の列が長いので、子どもたちはもう疲れています。",
    "ko": "배는 아침 일찍 항구를 떠납니다. 자동차 줄이 길어서 아이들이 벌써 지쳤습니다.",
    "pl": "Prom odpływa wcześnie rano. Kolejka samochodów jest długa, a dzieci są już zmęczone.",
    "cs": "Trajekt odplouvá brzy ráno. Fronta aut je dlouhá a děti už jsou unavené a křičí.",
    "hu": "A komp kora reggel indul. Hosszú az autók sora, és a gyerekek már fáradtak, sőt éhesek.",
    "tr": "Feribot sabah erken kalkıyor. Araba kuyruğu uzun oluyor ve çocuklar şimdiden yorgun.",
    "lt": "Keltas išplaukia anksti rytą. Automobilių eilė yra ilga, o vaikai jau pavargę.",
    "de": "Die Fähre fährt früh am Morgen. Die Schlange der Autos ist länger, größer als gestern.",
    "fr": "Le bateau part tôt le matin. La file des voitures s'allonge, et l'été elle est énorme.",
    "da": "Færgen sejler tidligt om morgenen. Køen af biler er lang, og børnene er trætte.",
}
PAGES = {
    "ru": ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic"),
    "uk": ("cp1251", "koi8-u"),
    "bg": ("cp1251", "iso8859-5"),
    "el": ("cp1253", "iso8859-7"),
    "he": ("cp1255", "iso8859-8"),
    "ar": ("cp1256",),
    "th": ("cp874",),
    "zh": ("gbk", "gb18030"),
    "ja": ("cp932", "euc-jp", "iso2022_jp"),
    "ko": ("cp949",),
    "pl": ("cp1250", "iso8859-2", "cp852"),
    "cs": ("cp1250", "iso8859-2"),
    "hu": ("cp1250",),
    "tr": ("cp1254", "iso8859-9", "cp857"),
    "lt": ("cp1257",),
    "de": ("cp1252", "mac-roman", "cp850"),
    "fr": ("cp1252", "mac-roman"),
    "da": ("cp1252", "mac-roman"),
}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def srt(said: str) -> str:
    return f"1\n00:00:00,000 --> 00:00:09,500\n{said}\n"


def text_of(transcript: Transcript) -> str:
    words = "".join(("" if w.glued else " ") + w.text for w in transcript.words).strip()
    return unicodedata.normalize("NFC", words)


def names_of(transcript: Transcript) -> dict[str, Any]:
    return {str(note.name): note.count or note.detail for note in transcript.notes}


def cpp(*texts: bytes, language: bytes = b"fr") -> bytes:
    items = [
        b'{"timestamps": {"from": "00:00:0%d,000", "to": "00:00:0%d,000"}, "offsets": {"from": '
        b'%d, "to": %d}, "text": "%s"}' % (n, n + 1, 1000 * n, 1000 * n + 1000, text)
        for n, text in enumerate(texts)
    ]
    return (
        b'{"systeminfo": "x", "result": {"language": "' + language + b'"}, "transcription": ['
        b"%s]}" % b",\n".join(items)
    )


@pytest.mark.parametrize(
    ("language", "page"), [(code, page) for code, pages in PAGES.items() for page in pages]
)
def test_a_code_page_is_decided_by_the_language_of_the_text(language: str, page: str) -> None:
    """Subtitles say no language: the text does, and its letters must be of that language."""
    transcript = read(srt(SAID[language]).encode(page), name="a.srt")
    assert text_of(transcript) == SAID[language]
    assert "encoding_inferred" in names_of(transcript)


@pytest.mark.parametrize(
    ("language", "encoding"), [(code, page) for code in ("ru", "zh", "de") for page in UNICODE]
)
def test_unicode_needs_no_inference(language: str, encoding: str) -> None:
    """With a byte order mark or without, nothing is noted."""
    document = {
        "language": language,
        "text": SAID[language],
        "segments": [{"start": 0, "end": 9, "text": SAID[language]}],
    }
    data = json.dumps(document, ensure_ascii=False).encode(encoding)
    transcript = read(data, name="a.json")
    assert text_of(transcript) == SAID[language]
    assert names_of(transcript) == {}


def _claiming(language: str, said: str, page: str) -> bytes:
    document = {"language": language, "segments": [{"start": 0, "end": 4, "text": said}]}
    return json.dumps(document, ensure_ascii=False).encode(page)


def test_a_short_text_is_not_read_in_a_language_that_only_the_file_names() -> None:
    """In Mac Roman "Perï ... Çs" has the letters of English; the words are Catalan."""
    with pytest.raises(InvalidTranscript) as caught:
        read(_claiming("en", "Però a la fira hi anem i és aviat.", "cp437"), name="a.json")
    assert caught.value.reason == "bad_encoding"
    english = read(_claiming("en", "The café is open till nine.", "cp1252"), name="a.json")
    assert text_of(english) == "The café is open till nine."


@pytest.mark.parametrize(
    "data",
    [
        srt("Oř").encode("cp1250"),
        srt("Mister Krajiček was there.").encode("cp1250"),
        (srt(SAID["ru"]).encode("cp1251") + srt(SAID["pl"]).encode("cp1250")),
        (srt(SAID["ru"]) * 3).encode() + srt(SAID["ru"]).encode("cp1251"),
        (srt(SAID["ru"])).encode("cp1251") + srt(SAID["ru"]).encode("koi8-r"),
        srt(SAID["de"]).encode("cp037"),
        (srt(SAID["pl"]) * 5).encode() + srt("odpływał żałując później").encode("cp1250"),
    ],
    ids=["short", "a-name", "two-pages", "line-in-another", "two-for-one", "ebcdic", "latin-line"],
)
def test_what_cannot_be_decided_is_refused(data: bytes) -> None:
    """The reason is named, and the advice is to save the file as UTF-8."""
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name="a.srt")
    assert caught.value.reason == Reason.BAD_ENCODING
    assert "UTF-8" in caught.value.hint


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SAID)),
    st.sampled_from(sorted({*CODE_PAGES, "gbk", "big5", "euc-kr", "shift_jis", "iso8859-1"})),
    st.integers(0, 60),
    st.booleans(),
)
def test_no_encoding_gives_other_letters(
    language: str, page: str, begin: int, claimed: bool
) -> None:
    """Whatever is written in whatever encoding is read as it was, or refused."""
    said = SAID[language][begin:].strip() if begin < 20 else SAID[language]
    named = {"language": language} if claimed else {}
    document = {**named, "segments": [{"start": 0, "end": 9, "text": said}], "text": said}
    try:
        data = json.dumps(document, ensure_ascii=False).encode(page)
    except UnicodeEncodeError:
        return
    try:
        transcript = read(data, name="a.json")
    except InvalidTranscript as error:
        found = str(error.reason)
    else:
        found = text_of(transcript)
    assert found in (Reason.BAD_ENCODING, Reason.NOT_JSON, unicodedata.normalize("NFC", said))


@needs_field
def test_the_cases_of_the_field() -> None:
    """Each is read with its own letters."""
    wanted = {
        "01-code-page-cyrillic": ("Паром", "гавани", "ждать"),
        "02-code-page-gbk": ("渡轮早上七点半",),
        "04-code-page-latin2-turkish/pl": ("odpływa", "wpół", "żałuję"),
        "04-code-page-latin2-turkish/tr": ("kalkıyor", "erken olmalıyız", "kuyruğu"),
        "05-cut-character-segments/fr": ("l'été",),
        "05-cut-character-segments/zh": ("离开是口",),
    }
    for path in sorted(FIELD.glob("0[1-5]-*/*.*")):
        if path.suffix == ".toml":
            continue
        said = text_of(read(path.read_bytes(), name=path.name))
        for start, words in wanted.items():
            if str(path.relative_to(FIELD)).startswith(start) and "zh" not in path.name:
                assert [word for word in words if word not in said] == [], path
        assert "\ufffd" not in said, path


def test_cues_in_thai_are_parted_by_a_space() -> None:
    """Subtitles lose the spaces at the ends of their texts; Thai parts its sentences with them."""
    two = SAID["th"].split(" ", 1)
    cues = "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{t}\n\n" for n, t in enumerate(two))
    assert text_of(read(cues.encode(), name="a.srt")) == SAID["th"]


def test_a_sign_after_a_letter_of_two_characters_is_wrong() -> None:
    """A mark on a letter belongs to it: no sign of money stands right behind."""
    assert not signs.fits("£", "\u0301", " ", "vi")
    assert not signs.fits("¿", "\u0309", "T", "es")
    assert signs.fits("£", " ", "5", "en")


def test_an_ellipsis_that_makes_a_common_word_with_a_vowel_is_that_vowel() -> None:
    """The byte of … is à in pages of DOS: già and sarà are words, gi and sar are none."""
    for said in ("ed è gi… estate", "domani sar… più facile"):
        assert signs.are_wrong(said, "it", alone=False)
    assert not signs.are_wrong("perché… forse è vero", "it", alone=False)
    assert not signs.are_wrong("gi… più", "en", alone=False)


def test_a_raised_dot_stands_between_two_letters_in_catalan() -> None:
    """In l'·ltim it is the byte of a letter of another page."""
    assert signs.fits("·", "l", "l", "ca")
    assert signs.fits("·", " ", " ", "ca")
    assert not signs.fits("·", "'", "l", "ca")
    assert not signs.fits("·", "r", " ", "ca")


@pytest.mark.parametrize("page", ["cp950", "big5hkscs", "gb18030", "cp932", "cp949", "euc-jp"])
@pytest.mark.parametrize("mark", [*"–—…“”‘’•·°§×÷±€£¥"])
def test_a_mark_of_two_bytes_in_latin_text_is_no_sign_and_a_letter(page: str, mark: str) -> None:
    """A dash of Big5 is "°V" in another page: nobody writes that."""
    for said in (f"We waited {mark} for a while.", f"We waited{mark} for", f"So {mark}we waited."):
        text = srt(f"{said} The children are tired, and nobody talks about work today.")
        try:
            data = text.encode(page)
        except UnicodeEncodeError:
            continue
        if data.isascii():
            continue  # a yen is a backslash
        try:
            transcript = read(data, name="talk.srt")
        except InvalidTranscript:
            continue
        assert said in text_of(transcript)


@pytest.mark.parametrize("language", ["de", "fr", "da"])
@pytest.mark.parametrize("page", ["cp1252", "cp850", "cp437", "mac-roman"])
def test_letters_are_no_marks_of_two_bytes(language: str, page: str) -> None:
    """A page of two bytes can read every umlaut of a file as a mark by chance alone."""
    said = SAID[language]
    try:
        data = srt(said).encode(page)
    except UnicodeEncodeError:
        return
    assert text_of(read(data, name="talk.srt")).split() == said.split()


@pytest.mark.parametrize("colour", ["\x1b[0m", "\x1b[1;31m", "\x1b[38;5;78m", "\x1b[K"])
def test_a_terminals_colours_hide_no_letters_of_iso_2022(colour: str) -> None:
    """Both begin with an escape character; a colour before a word takes no letter from it."""
    said = SAID["ja"]
    coloured = srt(f"{colour}{said}\x1b[0m{colour}")
    transcript = read(coloured.encode("iso2022_jp"), name="talk.srt")
    assert text_of(transcript) == text_of(read(srt(said).encode(), name="talk.srt"))


def test_iso_2022_that_is_damaged_is_refused() -> None:
    """An escape that is none leaves letters that nobody wrote."""
    data = srt(SAID["ja"]).encode("iso2022_jp")
    with pytest.raises(InvalidTranscript) as caught:
        read(data.replace(b"\x1b(B", b"\x1b#B", 1), name="talk.srt")
    assert caught.value.reason == Reason.BAD_ENCODING
