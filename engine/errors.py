"""What can go wrong in the engine, as one tree.

EngineError
├── TranscriptError            the input; `reason` is stored with the job
│   ├── InvalidTranscript      cannot be read: the job ends `invalid`
│   └── NotATranscript         readable, but not a transcript: the job ends `ignored`
├── ModelError                 the model; the queue is held, the job fails or the command ends
│   ├── ModelNotFound
│   │   └── ModelDownloadFailed
│   └── ModelRefused
├── ChildError                 the model child; the part is tried again
│   ├── ChildDied
│   ├── ChildSilent
│   ├── ChildRepeats
│   ├── ChildFailed
│   └── ChildStrained          smaller requests may work
│       ├── NoMemory
│       └── GpuTimeout
├── ChatError                  this conversation cannot be answered so; the child goes on
│   ├── ConversationBusy
│   ├── PromptTooLong
│   ├── ToolRefused
│   └── TornHistory
├── PartError                  this part can never succeed: it keeps the source's text at once
│   ├── CannotSpell
│   └── AlignmentError
├── SoundError                 a recording, or a tool that works on it
│   ├── BadSound               it cannot be heard: it is damaged, silent of length, or no sound
│   ├── ConverterMissing       no tool here reads this format
│   ├── TranscriberMissing     no Whisper tool, or not its model
│   ├── DiarizerMissing        nothing here tells speakers apart
│   ├── RecordingMissing       there is no recording beside the transcript
│   └── ToolError              the tool did not do its work: it is tried again
│       ├── ToolFailed
│       └── ToolSilent
├── OutputError                a sidecar could not be written
├── CorrectionsError           a file of corrections cannot be used; it is never overwritten
└── SpeakersError              a names file; has the key, the line and what is allowed
"""

from __future__ import annotations


class EngineError(Exception):
    """Something went wrong in the engine."""

    reason = "engine_error"
    hint = "Run `llasactl doctor` and look at the log."

    def __init__(self, message: str = "", *, hint: str = "", reason: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        if hint:
            self.hint = hint
        if reason:
            self.reason = reason


class TranscriptError(EngineError):
    """The file is not usable as a transcript."""


class InvalidTranscript(TranscriptError):
    """The file cannot be read as what it claims to be."""

    reason = "not_json"
    hint = "Write the transcript again with your Whisper tool; llasa then finds it by itself."


class NotATranscript(TranscriptError):
    """The file is readable, but it is not a Whisper transcript."""

    reason = "not_a_transcript"
    hint = "Nothing to do: the file was not touched."


class ModelError(EngineError):
    """The model cannot be used."""

    reason = "model_unusable"
    hint = "Set `model` in llasa.toml to another model and run `llasactl doctor`."


class ModelNotFound(ModelError):
    """The model is not on this machine."""

    reason = "model_missing"
    hint = (
        "Download it once with `llasactl model pull NAME`, or give the path of a local folder; "
        "`llasactl model list` shows what is here."
    )


class ModelDownloadFailed(ModelNotFound):
    """The model could not be downloaded."""


class ModelRefused(ModelError):
    """The model folder asks for something that is not allowed."""

    reason = "model_refused"


class ChildError(EngineError):
    """The model child did not answer as it should."""

    reason = "model_child_died"


class ChildDied(ChildError):
    """The model child ended in the middle of its work."""


class ChildSilent(ChildError):
    """The model child made no progress for too long and was ended."""

    reason = "model_child_silent"


class ChildRepeats(ChildError):
    """The model child wrote more than its part can hold and was ended."""

    reason = "repetition"


class ChildFailed(ChildError):
    """The model child reported a failure."""

    reason = "model_child_failed"


class ChildStrained(ChildError):
    """The model child needed more than the machine has; the next one processes less at a time."""


class NoMemory(ChildStrained):
    """The model child ran out of memory."""

    reason = "model_out_of_memory"
    hint = "Set a smaller model in llasa.toml, or close other programs that use much memory."


class GpuTimeout(ChildStrained):
    """The system took the GPU away from the model child, which had used it for too long."""

    reason = "gpu_timeout"
    hint = "Let the display sleep while it works, or set a smaller model in llasa.toml."


class ChatError(EngineError):
    """The conversation cannot be answered as it was asked."""

    hint = "Change the conversation or its tools; the model is ready for another."


class ConversationBusy(ChatError):
    """Another answer is being written in this conversation."""

    hint = "Wait until it is written, or stop it."


class TornHistory(ChatError):
    """A call and its result would have come apart."""

    hint = "This is a bug: please report it. The conversation is as it was before."


class PromptTooLong(ChatError):
    """The conversation does not fit the model."""

    reason = "too_long"
    hint = "Leave out old messages, begin another conversation, or choose a larger model."


class ToolRefused(ChatError):
    """The schema of a tool's arguments asks for what cannot be checked while they are written."""

    hint = "Leave the keyword out of the tool's schema; arguments are checked before a call, too."


class SoundError(EngineError):
    """The recording cannot be worked on."""

    reason = "bad_sound"
    hint = "Run `llasactl doctor`: it says which tools for sound are here."


class BadSound(SoundError):
    """There is no sound in this file that can be heard."""

    hint = "Play the file; if it cannot be played either, record or export it again."


class ConverterMissing(SoundError):
    """No tool here reads this format of sound."""

    reason = "converter_missing"
    hint = (
        "Install ffmpeg (`brew install ffmpeg`, `apt install ffmpeg`); for WAV, FLAC, MP3 and Ogg "
        "`uv tool install 'llasa[audio]'` is enough."
    )


class TranscriberMissing(SoundError):
    """No Whisper tool is on this machine."""

    reason = "transcriber_missing"
    hint = (
        "Install one: `uv tool install mlx-whisper` (Mac), `brew install whisper-cpp`, or "
        "`uv tool install 'llasa[whisper]'`; docs/audio.md says how to get a model for it."
    )


class DiarizerMissing(SoundError):
    """Nothing on this machine tells speakers apart."""

    reason = "diarizer_missing"
    hint = "Install it with `uv tool install 'llasa[diarize]'`; docs/audio.md says more."


class RecordingMissing(SoundError):
    """There is no recording beside this transcript."""

    reason = "recording_missing"
    hint = "Put it into the same folder, with the same name (talk.m4a for talk.json)."


class ToolError(SoundError):
    """A tool for sound did not do its work."""

    reason = "tool_failed"
    hint = "Run the tool by hand on the same file; docs/audio.md has the commands."


class ToolFailed(ToolError):
    """A tool for sound ended with an error."""

    def __init__(self, *, code: int, said: str = "", name: str = "The tool") -> None:
        self.code, self.said = code, said
        last = said.strip().splitlines()[-1:] or [""]
        how = f"signal {code - 128}" if code > 128 else f"exit code {code}"  # as the guard says it
        super().__init__(f"{name} ended with {how}" + (f": {last[0]}" if last[0] else "."))

    def named(self, name: str) -> ToolFailed:
        """Return the same failure with the tool's name."""
        return ToolFailed(code=self.code, said=self.said, name=name)


class ToolSilent(ToolError):
    """A tool for sound made no progress for too long and was ended."""

    reason = "tool_silent"


class OutputError(EngineError):
    """An output file could not be written."""

    reason = "output_unwritable"
    hint = "Check the folder's permissions and the free space of its disk."


class CorrectionsError(EngineError):
    """A file of corrections cannot be used."""

    reason = "bad_corrections"
    hint = "Fix the file or move it away, then run `llasactl render JOB`; nothing overwrites it."

    def __init__(self, message: str, *, path: str) -> None:
        self.path = path
        super().__init__(f"{path}: {message}.")


class SpeakersError(EngineError):
    """A file with speakers' names has a mistake."""

    reason = "bad_speakers"
    hint = "Fix the line, then run `llasactl speakers JOB --apply`."

    def __init__(
        self, message: str, *, key: str = "", line: int | None = None, allowed: str = "", path: str
    ) -> None:
        self.key, self.line, self.allowed, self.path = key, line, allowed, path
        place = path + (f", line {line}" if line is not None else "")
        text = f"{place}: {message}." if place else f"{message}."
        super().__init__(f"{text} Allowed: {allowed}." if allowed else text)


class PartError(EngineError):
    """This part cannot be enhanced by this model, however often it is tried."""

    reason = "part_unusable"


class CannotSpell(PartError):
    """The model's vocabulary cannot write this text."""

    reason = "cannot_spell"
    hint = "Use a model whose tokenizer works on bytes."


class AlignmentError(PartError):
    """A decoded part does not have exactly the words that it was given."""

    reason = "alignment"
    hint = "This is a bug: please report it with the output of `llasactl show JOB`."
