"""The figures, on small examples counted by hand."""

from engine.text.scores import figures, label, marked, p_k, punctuation


def test_labels_follow_the_benchmark_groups() -> None:
    """Colons are commas, exclamation marks and semicolons full stops; quotes do not hide marks."""
    written = ["so", "so,", "so:", "so;", "so!", 'so."', "so?"]
    assert [label(word) for word in written] == [
        "O", "COMMA", "COMMA", "PERIOD", "PERIOD", "PERIOD", "QUESTION",
    ]  # fmt: skip


def test_overall_is_the_micro_average() -> None:
    """Hits, guesses and truths are summed before the division."""
    table = punctuation(["COMMA", "PERIOD", "O", "O"], ["COMMA", "COMMA", "O", "PERIOD"])
    assert table["comma"] == {"precision": 50.0, "recall": 100.0, "f1": 66.67}
    assert table["overall"] == {"precision": 33.33, "recall": 50.0, "f1": 40.0}


def test_nothing_said_and_nothing_true_is_zero() -> None:
    """No division by zero where a label does not occur."""
    assert figures(0, 0, 0) == {"precision": 0.0, "recall": 0.0, "f1": 0.0}


def test_pk_is_zero_for_the_right_breaks_and_grows_with_wrong_ones() -> None:
    """Pk compares where paragraphs part, with half a paragraph of tolerance."""
    right = [i % 10 == 0 for i in range(40)]
    assert p_k(right, right) == 0.0
    near = [i % 10 == 1 for i in range(40)]
    assert 0 < p_k(right, near) < p_k(right, [False] * 40)
    assert marked(right, right)["f1"] == 100.0
