"""One line of llasa.toml is changed, and the line before brings it back."""

from __future__ import annotations

import pytest

from engine.tuning.errors import TuningError
from engine.tuning.settings import undone, used

TEXT = """\
# Settings.
watch = ["a"]

model = "punct"  # comes with llasa
cleaning = "safe"

[profile.x]
folders = ["x"]
model = "other"
"""


def test_a_line_is_changed_and_comes_back() -> None:
    """Everything else stays as it is, comments and sections too."""
    new = used(TEXT, "model", "house")
    changed = set(new.splitlines()) - set(TEXT.splitlines())
    assert 'model = "house"' in changed
    assert len(new.splitlines()) == len(TEXT.splitlines()) + 1
    text, model = undone(new, "model")
    assert (text, model) == (TEXT, "punct")


def test_settings_without_the_line_get_one_before_the_sections() -> None:
    """Undoing takes it out again."""
    bare = 'watch = ["a"]\n\n[profile.x]\nfolders = ["x"]\n'
    new = used(bare, "model", "house")
    assert new.index('model = "house"') < new.index("[profile.x]")
    text, model = undone(new, "model")
    assert model is None
    assert "house" not in text
    assert used("", "model", "house").endswith('model = "house"\n')


def test_models_used_one_after_the_other_come_back_one_after_the_other() -> None:
    """The line that was the user's own is the last; using the same one again changes nothing."""
    first = used(TEXT, "model", "one")
    new = used(first, "model", "two")
    assert used(new, "model", "two") == new
    assert undone(new, "model") == (first, "one")
    assert undone(first, "model") == (TEXT, "punct")
    bare = 'watch = ["a"]\n\n[profile.x]\nfolders = ["x"]\n'
    assert undone(used(bare, "model", "house"), "model") == (bare, None)


def test_there_is_nothing_to_undo_where_nothing_was_used() -> None:
    """The hint says what to write."""
    with pytest.raises(TuningError, match="which model there was before"):
        undone(TEXT, "model")


def test_settings_that_are_not_understood_are_not_changed() -> None:
    """A mistake in them is named."""
    with pytest.raises(TuningError, match="cannot be changed"):
        used('model = "punct\n', "model", "house")
