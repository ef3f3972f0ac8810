"""A tagger and a language model together: weak and random ones harm nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from engine.child.client import ModelClient
from engine.child.deciding import Deciders
from engine.errors import ModelRefused
from engine.guided import model as models
from engine.guided.model import Model
from engine.guided.reader import Reader
from engine.models import catalog, opinions
from engine.records import EnhancedWord, Opinion, Part, Word
from engine.tagger.tag import Tagger
from engine.text import plausible
from engine.text.readings import content
from tests import small_taggers
from tests.chat_model import smollm2
from tests.engine.test_structure import SAID

ALLOTMENT = (
    "so the allotment is finally coming along after that wet spring i put the beans in three weeks "
    "ago and nothing happened at all then last tuesday i went up there and the whole row had come "
    "through my neighbour martin says it was the cold soil and i think he is right"
)


@pytest.fixture(scope="module")
def tagger_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_taggers.tagger_like(tmp_path_factory.mktemp("tagger") / "t", languages=("en",))


@pytest.fixture(scope="module")
def tagger(tagger_folder: Path) -> Tagger:
    return Tagger.load(catalog.describe(str(tagger_folder)))


@pytest.fixture(scope="module")
def weak() -> Model:
    return models.load(catalog.describe(str(smollm2())))


def part(text: str = ALLOTMENT, language: str = "en") -> Part:
    return Part(0, tuple(Word(word) for word in text.split()), language=language)


def deciders(model: Model, tagger: Tagger | None, opinion: Opinion | None = None) -> Deciders:
    return Deciders(model, Reader(model), opinion or Opinion(), tagger)


def test_random_weights_have_no_say_beside_a_tagger(
    loaded_models: dict[str, Model], tagger: Tagger
) -> None:
    """They know no language, which shows before they are asked: the tagger's text stands."""
    for name in ("qwen3", "sentencepiece", "recurrent"):
        done = deciders(loaded_models[name], tagger, Opinion(margin=99.0, weight=9.0))
        assert done.enhance(part(), ()).words == tagger.enhance(part(), ()).words


def test_random_weights_alone_leave_the_text_as_it_is(loaded_models: dict[str, Model]) -> None:
    """The part says so."""
    for rule in ("reader", "ask"):
        opinion = Opinion(rule=rule)  # type: ignore[arg-type]
        done = deciders(loaded_models["qwen3"], None, opinion).enhance(part(), ())
        assert done.status == "implausible"
        assert [word.text for word in done.words] == ALLOTMENT.split()
        assert not done.decided


def test_without_weight_the_tagger_decides_alone(weak: Model, tagger: Tagger) -> None:
    """To the last letter, and the language model is not run."""
    both = deciders(weak, tagger, Opinion(weight=0.0))
    assert both.enhance(part(), ()).words == tagger.enhance(part(), ()).words
    assert both.reader.passes == 0


@settings(
    max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(SAID)
def test_a_weak_model_with_a_random_tagger_keeps_every_word(
    weak: Model, tagger: Tagger, said: list[tuple[str, str]]
) -> None:
    """Whatever the two choose, they choose on the lattice."""
    words = tuple(Word(text, speaker=who) for text, who in said)
    both = deciders(weak, tagger, Opinion(margin=0.5, weight=1.0))
    done = both.enhance(Part(0, words, language="en"), ())
    assert [word.word for word in done.words] == list(words)
    assert all(content(word.text) == content(word.word.text) for word in done.words)


def test_a_weak_model_alone_writes_text_that_reads_as_english(weak: Model) -> None:
    """A capital where the text begins, and `I`."""
    short = part("so i put the beans in and waited")
    done = deciders(weak, None, Opinion(rule="reader")).enhance(short, ())
    texts = [word.text for word in done.words]
    assert done.status == "enhanced"
    assert texts[0] == "So"
    assert "i" not in texts


def test_a_language_that_the_tagger_does_not_know_is_the_models_alone(
    loaded_models: dict[str, Model], tagger: Tagger
) -> None:
    """Here random weights, which keep the source's text."""
    done = deciders(loaded_models["qwen3"], tagger).enhance(part(language="fi"), ())
    assert done.status == "implausible"
    assert [word.text for word in done.words] == ALLOTMENT.split()


def test_the_child_loads_both_and_says_what_was_not_plausible(tagger_folder: Path) -> None:
    """Through the pipe: the opinion, the tagger, and the status of the part."""
    info = catalog.describe(str(smollm2()), decider=str(tagger_folder))
    assert info.decider is not None
    assert info.part_words == info.decider.part_words
    one = ModelClient(dataclasses.replace(info, opinion=Opinion(margin=0.2)))
    try:
        done = one.enhance(part(" ".join(ALLOTMENT.split()[:12])), ())
    finally:
        one.close()
    assert [word.word.text for word in done.words] == ALLOTMENT.split()[:12]
    assert done.status == "enhanced"


def test_a_text_of_marks_or_of_paragraphs_alone_is_not_plausible() -> None:
    """Nor is one of forty words and more without any mark, where the language has some."""

    def words(every: int, *, paragraph: bool = False) -> list[EnhancedWord]:
        return [
            EnhancedWord(
                Word("word"), "word." if every and n % every == 0 else "word",
                paragraph=paragraph and n % every == 0,
            )
            for n in range(120)
        ]  # fmt: skip

    assert plausible.is_plausible(words(8), "en")
    assert not plausible.is_plausible(words(2), "en")
    assert plausible.is_plausible(words(2), "ru")
    assert not plausible.is_plausible(words(0), "en")
    assert plausible.is_plausible(words(0), None)
    assert plausible.is_plausible(words(1)[:39], "en")
    assert not plausible.is_plausible(words(8, paragraph=True), "en")


def test_what_was_measured_is_read_from_the_home(tmp_path: Path, tagger_folder: Path) -> None:
    """A model that was never measured has cautious figures, and a broken file is refused."""
    path = opinions.path_of(tmp_path, "mlx-community/some-model")
    assert path == tmp_path / "var" / "models" / "mlx-community--some-model.llasa.json"
    assert opinions.load(path) == Opinion()
    path.parent.mkdir(parents=True)
    measured = Opinion(2.0, 0.15, 3, "ask", calibrated=True)
    path.write_text(json.dumps({"opinion": opinions.dump(measured), "model": "any"}))
    assert opinions.load(path) == measured
    for broken in ("[]", "{", '{"opinion": {"margin": 1}}', '{"opinion": {}}'):
        path.write_text(broken)
        with pytest.raises(ModelRefused, match="cannot be used"):
            opinions.load(path)
    bad = {**opinions.dump(measured), "rule": "guess"}
    path.write_text(json.dumps({"opinion": bad}))
    with pytest.raises(ModelRefused):
        opinions.load(path)


def test_the_recipe_says_how_the_model_is_heard(
    model_folders: dict[str, Path], tagger_folder: Path
) -> None:
    """Another opinion or another tagger writes another text; whether it was measured does not."""
    info = catalog.describe(str(model_folders["qwen3"]), decider=str(tagger_folder))
    assert info.decider is not None
    assert info.second_opinion == f"1/0.3/2/reader/{info.decider.revision}"
    measured = dataclasses.replace(info, opinion=Opinion(calibrated=True))
    assert measured.second_opinion == info.second_opinion
    alone = dataclasses.replace(info, decider=None, opinion=Opinion(rule="ask"))
    assert alone.second_opinion == "1/0.3/2/ask"
    assert info.decider.second_opinion is None
