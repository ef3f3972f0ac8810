"""Answers of chat models: caches kept from turn to turn, sampling, limits, thinking."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ChatError, PromptTooLong
from engine.guided import model
from engine.guided.generate import Answer, Options, Writer
from engine.guided.model import Model
from engine.models import catalog
from tests import small_models
from tests.chat_model import smollm2

Messages = list[dict[str, Any]]
QUESTION = {"role": "user", "content": "What is the capital of France?"}


@pytest.fixture(scope="module")
def smol() -> Writer:
    """Return SmolLM2 as a writer."""
    return Writer(model.load(catalog.describe(str(smollm2()))))


@pytest.fixture(scope="module")
def tools_model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return a random model whose template shows tools and thinks."""
    folder = small_models.tools_like(tmp_path_factory.mktemp("tools") / "model")
    return model.load(catalog.describe(str(folder)))


def answer(writer: Writer, messages: Messages, **options: Any) -> tuple[str, Answer]:
    pieces: list[str] = []
    more = {name: options.pop(name) for name in ("tools", "cancelled") if name in options}
    took = writer.write(messages, options=Options(**options), on_text=pieces.append, **more)
    return "".join(pieces), took


def test_the_second_turn_reads_only_what_is_new(smol: Writer) -> None:
    """The first turn's prompt, its answer and its end are in the cache; the text is sensible."""
    text, first = answer(smol, [QUESTION], max_tokens=20)
    assert "Paris" in text
    assert (first.finish, first.cached_tokens) == ("stop", 0)
    again = [
        QUESTION,
        {"role": "assistant", "content": text},
        {"role": "user", "content": "And of Italy?"},
    ]
    text, second = answer(smol, again, max_tokens=20)
    assert "Rome" in text
    assert second.cached_tokens == first.prompt_tokens + first.tokens + 1


def test_a_changed_conversation_keeps_what_it_shares(smol: Writer) -> None:
    """Another question after the same system text: the system text is not read again."""
    system = {"role": "system", "content": "You answer in one word."}
    answer(smol, [system, QUESTION], max_tokens=3)
    text, took = answer(smol, [system, {"role": "user", "content": "Is water wet?"}], max_tokens=3)
    assert 8 < took.cached_tokens < took.prompt_tokens
    alone, _ = answer(
        Writer(smol._model), [system, {"role": "user", "content": "Is water wet?"}], max_tokens=3
    )
    assert text == alone


def test_an_answer_after_a_kept_cache_is_that_of_a_fresh_one(random_model: Model) -> None:
    """Also where the cache is a window or a running state, from which nothing can be removed."""
    writer = Writer(random_model)
    messages: Messages = [{"role": "user", "content": "one two three " * 10}]
    kept = 0
    for said in ("go on", "and on", "stop"):
        text, took = answer(writer, messages, max_tokens=6)
        fresh, whole = answer(Writer(random_model), messages, max_tokens=6)
        assert (text, took.prompt_tokens) == (fresh, whole.prompt_tokens)
        kept += took.cached_tokens
        # Not what it wrote: the cache must be cut, or begun again.
        messages += [{"role": "assistant", "content": "no"}, {"role": "user", "content": said}]
    if random_model.info.path.endswith(("llama3", "qwen3", "sentencepiece")):
        assert kept > 0


def test_a_long_prompt_is_read_in_chunks(tools_model: Model) -> None:
    """No pass reads more than the model's limit; each is told."""
    small = Writer(model.load(tools_model.info, prefill_tokens=32))
    read: list[int] = []
    messages: Messages = [{"role": "user", "content": "one two three " * 30}]
    took = small.write(
        messages, options=Options(max_tokens=1), on_text=lambda piece: None, on_read=read.append
    )
    assert read == [*range(32, took.prompt_tokens - 1, 32), took.prompt_tokens - 1]


def test_every_end_token_ends_an_answer(tmp_path: Path, tools_model: Model) -> None:
    """Llama 3 and Gemma name several: the ones of the generation's own file count, too."""
    folder = Path(shutil.copytree(tools_model.info.path, tmp_path / "model"))
    messages: Messages = [{"role": "user", "content": "one"}]
    writer = Writer(tools_model)
    _, took = answer(writer, messages, max_tokens=8)
    assert (took.finish, took.tokens) == ("length", 8)
    tokens = writer._cache._tokens[took.prompt_tokens :]
    place = next(n for n in range(7, 0, -1) if tokens[n] not in tokens[:n])
    ends = [tokens[place], tools_model.template.end_id]
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    other = Writer(model.load(catalog.describe(str(folder))))
    _, took = answer(other, messages, max_tokens=8)
    assert (took.finish, took.tokens) == ("stop", place)
    assert set(ends) <= other._tokenizer.end_ids


def test_a_seed_decides_what_is_drawn(tools_model: Model) -> None:
    """The same seed writes the same; others write other texts; no temperature, no chance."""
    writer = Writer(tools_model)
    messages: Messages = [{"role": "user", "content": "one"}]

    def drawn(**options: Any) -> str:
        return answer(writer, messages, max_tokens=12, **options)[0]

    assert drawn(temperature=1.0, seed=7) == drawn(temperature=1.0, seed=7)
    assert len({drawn(temperature=1.0, seed=seed) for seed in range(5)}) > 1
    assert drawn(seed=1) == drawn(seed=2)
    assert drawn(temperature=1.0, top_p=1e-6, seed=3) == drawn()


def test_a_conversation_that_does_not_fit_is_refused(tools_model: Model) -> None:
    """The context is the model's own; the error says how much is too much."""
    writer = Writer(tools_model)
    assert writer.facts.context == 2048
    with pytest.raises(PromptTooLong, match=r"2,048") as caught:
        answer(writer, [{"role": "user", "content": "word " * 3_000}])
    assert (caught.value.reason, bool(caught.value.hint)) == ("too_long", True)
    with pytest.raises(ChatError):
        answer(writer, [])
    assert answer(writer, [QUESTION], max_tokens=2)[1].tokens == 2


def test_an_answer_ends_where_the_context_is_full(tools_model: Model) -> None:
    """Prompt and answer together never have more tokens than the model reads."""
    writer = Writer(tools_model)
    size = len(writer.prompt([QUESTION]))
    writer.facts = type(writer.facts)(size + 3, None, False, writer.facts.call_marks)
    assert answer(writer, [QUESTION], max_tokens=50)[1].tokens <= 3


def test_thinking_that_the_prompt_began_is_marked_in_the_text(tools_model: Model) -> None:
    """Whoever reads the text needs no other knowledge to tell thinking from answer."""
    writer = Writer(tools_model)
    assert writer.facts.thinking == ("<think>", "</think>")
    assert answer(writer, [QUESTION], think=True, max_tokens=2)[0].startswith("<think>\n")
    assert not answer(writer, [QUESTION], think=False, max_tokens=2)[0].startswith("<think>")
    quoted = [{"role": "user", "content": "what does <think> mean"}]
    assert not answer(writer, quoted, max_tokens=2)[0].startswith("<think>")


def test_a_cancelled_answer_ends_at_the_next_token(smol: Writer) -> None:
    """What was written until then stands, and stays in the cache."""
    asked = iter([False, False, False, True])

    def cancelled() -> bool:
        return next(asked)

    text, took = answer(smol, [QUESTION], max_tokens=50, cancelled=cancelled)
    assert took.finish == "cancelled"
    assert 0 < took.tokens < 4
    assert "capital" in text


def test_reading_can_be_cancelled(tools_model: Model) -> None:
    """Between two passes; nothing is written then."""
    small = Writer(model.load(tools_model.info, prefill_tokens=16))
    messages: Messages = [{"role": "user", "content": "one two three " * 30}]
    text, took = answer(small, messages, max_tokens=5, cancelled=lambda: True)
    assert (text, took.tokens, took.finish) == ("", 0, "cancelled")
    assert answer(small, messages, max_tokens=2)[1].cached_tokens == 16


def test_after_a_failure_the_cache_is_begun_again(tools_model: Model) -> None:
    """A listener that raises in the middle leaves nothing half read behind."""
    writer = Writer(tools_model)

    def fail(piece: str) -> None:
        raise KeyError(piece)

    with pytest.raises(KeyError):
        writer.write([QUESTION], options=Options(max_tokens=5), on_text=fail)
    assert answer(writer, [QUESTION], max_tokens=2)[1].cached_tokens == 0


def test_freed_memory_does_not_gather_from_turn_to_turn(smol: Writer) -> None:
    """MLX keeps freed buffers for later; after an answer it gives them back."""
    import mlx.core as mx

    messages: Messages = []
    for n in range(2):
        messages.append({"role": "user", "content": f"Say {n}."})
        text, _ = answer(smol, messages, max_tokens=4)
        messages.append({"role": "assistant", "content": text})
        assert mx.get_cache_memory() < 4 << 20
