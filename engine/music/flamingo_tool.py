"""Run a Flamingo model: `flamingo_tool.py MODEL DEVICE DTYPE`, for a Python with transformers.

A program of its own; it imports nothing of llasa. It speaks lines of JSON. First it says `ready`
with what the model can do, or `error`. Then each line on standard input is a request:

    {"id": 1, "items": [{"messages": [{"role", "text"}], "sound": PATH or null}], "parameters": {}}
    {"cancel": 1}

and each line on standard output belongs to a request: `text` for a piece of the one item, then
`done` with the answers, or `error` with a name and a message. When standard input is closed, it
ends at once.
"""

from __future__ import annotations

import functools
import json
import os
import queue
import sys
import threading
import wave
from typing import Any

RATE = 16_000
CLASSES = {
    "audioflamingo3": "AudioFlamingo3ForConditionalGeneration",
    "musicflamingo": "MusicFlamingoForConditionalGeneration",
}


def say(**line: Any) -> None:
    """Write a line."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def main(model: str, device: str, dtype: str) -> None:
    """Load the model and answer requests until standard input is closed."""
    requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
    cancelled: set[int] = set()
    threading.Thread(target=listen, args=(requests, cancelled), daemon=True).start()
    try:
        ear = Ear(model, device, dtype)
    except Refused as error:
        say(error=error.name, message=str(error))
        return
    except Exception as error:
        say(error=name_of(error), message=f"{type(error).__name__}: {error}")
        return
    say(ready=ear.facts())
    while True:
        request = requests.get()
        number = request["id"]
        try:
            answers = ear.write(request, functools.partial(cancelled.__contains__, number))
        except Refused as error:
            say(id=number, error=error.name, message=str(error))
        except Exception as error:
            ear.forget()
            say(id=number, error=name_of(error), message=f"{type(error).__name__}: {error}")
        else:
            say(id=number, done=answers)
        cancelled.discard(number)


def listen(requests: queue.SimpleQueue[Any], cancelled: set[int]) -> None:
    """Read standard input; what is to be cancelled must not wait behind what runs."""
    for line in sys.stdin:
        request = json.loads(line)
        if "cancel" in request:
            cancelled.add(request["cancel"])
        else:
            requests.put(request)
    os._exit(0)  # whoever started us is gone


def name_of(error: Exception) -> str:
    """Return the name of what happened."""
    text = f"{type(error).__name__}: {error}".lower()
    short = isinstance(error, MemoryError) or "out of memory" in text or "outofmemory" in text
    return "out_of_memory" if short or "can't allocate memory" in text else "model_failed"


class Refused(Exception):
    """A request, or a model, that cannot be used."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Ear:
    """A loaded model."""

    def __init__(self, path: str, device: str, dtype: str) -> None:
        import torch
        import transformers

        transformers.logging.set_verbosity_error()
        try:
            with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
                self.kind = json.load(file).get("model_type")
        except (OSError, ValueError) as error:
            raise Refused("model_missing", f"{path} holds no model: {error}") from error
        if self.kind not in CLASSES:
            known = " and ".join(CLASSES)
            raise Refused("model_missing", f"The model is a {self.kind}; known are {known}.")
        if not hasattr(transformers, CLASSES[self.kind]):
            version = transformers.__version__
            raise Refused(
                "service_missing", f"transformers {version} has no {CLASSES[self.kind]}: update it."
            )
        self.torch = torch
        self.device = device if device != "auto" else best_device(torch)
        if dtype == "auto":
            dtype = "float32" if self.device == "cpu" else "bfloat16"
        self.dtype = getattr(torch, dtype)
        self.processor = transformers.AutoProcessor.from_pretrained(path, local_files_only=True)
        self.model = (
            getattr(transformers, CLASSES[self.kind])
            .from_pretrained(path, dtype=self.dtype, local_files_only=True)
            .to(self.device)
            .eval()
        )
        self.streamer, self.criteria = transformers.TextStreamer, transformers.StoppingCriteria

    def facts(self) -> dict[str, Any]:
        """Return what the model can do."""
        text = self.model.config.text_config
        made = getattr(self.model.generation_config, "max_new_tokens", None)
        return {
            "model_type": self.kind,
            "most_audio_s": float(self.processor.max_audio_len),
            "context": int(text.max_position_embeddings),
            "most_new_tokens": int(made) if made else None,
            "device": self.device,
            "dtype": str(self.dtype).removeprefix("torch."),
        }

    def write(self, request: dict[str, Any], cancelled: Any) -> list[dict[str, Any]]:
        """Return an answer to each item."""
        torch, tokenizer = self.torch, self.processor.tokenizer
        items = request["items"]
        if cancelled():
            return [{"text": "", "finish": "cancelled", "tokens": 0, "prompt_tokens": 0}] * len(
                items
            )
        prompts = [self.prompt(item) for item in items]
        sounds = [samples_of(item["sound"]) for item in items if item["sound"]]
        if sounds and len(sounds) != len(items):
            raise Refused("bad_request", "A batch has sound in every item or in none.")
        if sounds:
            made = self.processor(text=prompts, audio=sounds)
        else:
            made = tokenizer(prompts, return_tensors="pt", padding=True, padding_side="left")
        # Without the dtype, bfloat16 weights refuse the float32 features.
        made = made.to(self.device, dtype=self.dtype) if sounds else made.to(self.device)
        length = made["input_ids"].shape[1]
        asked = request["parameters"]
        room = int(self.model.config.text_config.max_position_embeddings) - length
        if room < 1:
            raise Refused(
                "too_long",
                f"The sound and the words are {length} tokens, and the model holds "
                f"{length + room}.",
            )
        options: dict[str, Any] = {"max_new_tokens": min(asked["max_new_tokens"], room)}
        if asked["temperature"] > 0:
            options |= {"do_sample": True, "temperature": asked["temperature"]}
            options |= {"top_p": asked["top_p"], "top_k": asked["top_k"]}
            if asked["seed"] is not None:
                torch.manual_seed(asked["seed"])
        else:
            options |= {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        if asked["repetition_penalty"] != 1:
            options["repetition_penalty"] = asked["repetition_penalty"]
        if len(items) == 1:
            options["streamer"] = told(self.streamer, tokenizer, request["id"])
        options["stopping_criteria"] = [stopper(self.criteria, torch, cancelled)]
        with torch.inference_mode():
            rows = self.model.generate(**made, **options)
        prompt_tokens = made["attention_mask"].sum(dim=1).tolist()
        ends = self.ends()
        answers = []
        for row, before in zip(rows[:, length:].tolist(), prompt_tokens, strict=True):
            end = next((n for n, token in enumerate(row) if token in ends), None)
            kept = row if end is None else row[:end]
            finish = "stop" if end is not None else "cancelled" if cancelled() else "length"
            answers.append(
                {
                    "text": tokenizer.decode(kept, skip_special_tokens=True),
                    "finish": finish,
                    "tokens": len(kept),
                    "prompt_tokens": before,
                }
            )
        return answers

    def prompt(self, item: dict[str, Any]) -> str:
        """Return an item by the model's own template; the sound goes with the last message."""
        messages = []
        for message in item["messages"]:
            content = [{"type": "text", "text": message["text"]}] if message["text"] else []
            messages.append({"role": message["role"], "content": content})
        if item["sound"]:
            messages[-1]["content"].append({"type": "audio", "path": item["sound"]})
        text = self.processor.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return str(text)

    def ends(self) -> set[int]:
        """Return the tokens that end an answer."""
        made = self.model.generation_config.eos_token_id
        if made is None:
            made = self.processor.tokenizer.eos_token_id
        return set(made) if isinstance(made, list) else {made}

    def forget(self) -> None:
        """Give memory of a failed request back."""
        if self.device.startswith("cuda"):
            self.torch.cuda.empty_cache()
        elif self.device == "mps":
            self.torch.mps.empty_cache()


def best_device(torch: Any) -> str:
    """Return where the model runs fastest."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def samples_of(path: str) -> Any:
    """Return the samples of prepared sound."""
    import numpy

    with wave.open(path) as file:
        data = file.readframes(file.getnframes())
    return numpy.frombuffer(data, "<i2").astype("float32") / 32768


def told(streamer: Any, tokenizer: Any, number: int) -> Any:
    """Return a streamer that says each piece of the text."""

    class Told(streamer):  # type: ignore[misc]
        def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
            if text:
                say(id=number, text=text)

    return Told(tokenizer, skip_prompt=True, skip_special_tokens=True)


def stopper(criteria: Any, torch: Any, cancelled: Any) -> Any:
    """Return what is asked before each token."""

    class Stopper(criteria):  # type: ignore[misc]
        def __call__(self, input_ids: Any, scores: Any, **_: Any) -> Any:
            stop = cancelled()
            return torch.full((input_ids.shape[0],), stop, device=input_ids.device, dtype=bool)

    return Stopper()


if __name__ == "__main__":
    main(*sys.argv[1:4])
