"""A recipe is one line of text that is read back as it was written."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.recipe import ENGINE_VERSION, Recipe
from engine.records import Profile
from tests.engine.output_samples import MODEL

RECIPES = st.builds(
    Recipe,
    engine=st.from_regex(r"[0-9][0-9a-z.+-]*", fullmatch=True),
    model=st.text(),
    revision=st.none() | st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    part_words=st.integers(0, 10_000),
    tail_words=st.integers(0, 10_000),
    lookahead_words=st.integers(0, 10_000),
    cleaning=st.sampled_from(["off", "safe", "thorough"]),
    language=st.none() | st.from_regex(r"[a-z]{2,3}", fullmatch=True),
    glossary=st.none() | st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
    opinion=st.none() | st.from_regex(r"[0-9./a-z]+", fullmatch=True),
)

#: As earlier versions have stored them.
STORED = {
    "engine=0.1.0 model=punct-en@77d85e2d9f44 part=56/14/12 cleaning=safe language=auto": Recipe(
        "0.1.0", "punct-en", "77d85e2d9f44", 56, 14, 12, "safe", None, None
    ),
    "engine=0.1.0 model=mlx-community/Qwen3-4B-Instruct-2507-4bit@None part=100/25/15"
    " cleaning=thorough language=de glossary=0a1b2c3d4e5f": Recipe(
        "0.1.0",
        "mlx-community/Qwen3-4B-Instruct-2507-4bit",
        None,
        100,
        25,
        15,
        "thorough",
        "de",
        "0a1b2c3d4e5f",
    ),
    "engine=0 model=/home/ada/my @models/a b@1234567890ab part=1/0/0 cleaning=off"
    " language=en": Recipe(
        "0", "/home/ada/my @models/a b", "1234567890ab", 1, 0, 0, "off", "en", None
    ),
}


@given(RECIPES)
@example(Recipe("0", "a@b part=1/2/3 cleaning=off language=en", None, 1, 2, 3, "safe", None, None))
@example(Recipe("0", "a\nb", "c", 1, 2, 3, "safe", None, None))
def test_a_recipe_is_read_back_as_it_was_written(recipe: Recipe) -> None:
    """Whatever the model is called: its name may be a path."""
    assert Recipe.parse(str(recipe)) == recipe


@pytest.mark.parametrize("line", STORED)
def test_what_an_earlier_version_stored_is_read(line: str) -> None:
    """And written again in the same form, so that a stored recipe equals a new one."""
    assert Recipe.parse(line) == STORED[line]
    assert str(STORED[line]) == line


def test_the_recipe_of_a_profile_names_everything_that_decides() -> None:
    """A glossary is named by its fingerprint, and only where there is one."""
    assert str(Recipe.of(Profile(), MODEL)) == (
        f"engine={ENGINE_VERSION} model=punct@0123456789ab part=60/10/15"
        " cleaning=safe language=auto"
    )
    profile = Profile(cleaning="off", language="en", glossary={"Aida": "Ada"}, terms=("Babbage",))
    assert str(Recipe.of(profile, MODEL)) == (
        f"engine={ENGINE_VERSION} model=punct@0123456789ab part=60/10/15"
        " cleaning=off language=en glossary=dbeceead840f"
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "model=punct-en",
        "engine=0.1.0 model=punct-en@1 part=56/14 cleaning=safe language=auto",
        "engine=0.1.0 model=punct-en@1 part=56/14/12 cleaning=hard language=auto",
        "engine=0.1.0 model=punct-en@1 part=56/14/12 cleaning=safe language=auto taste=salty",
    ],
)
def test_a_line_of_another_form_is_refused(line: str) -> None:
    """A later version's recipe is not guessed at."""
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.parse(line)
