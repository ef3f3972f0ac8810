"""What can go wrong with music, as one tree; `reason` is the name that a program gets.

SoundError
├── MeasurerMissing        no librosa here
└── MusicError             the model that hears music, or what it was asked
    ├── AudioMissing       no such upload
    ├── NotAudio
    ├── TooLong            the recording, under the policy "refuse"; or what is uploaded
    ├── BadQuestion        what was asked cannot be asked
    ├── MusicModelMissing
    ├── MusicUnavailable   the service, or what it needs, is not here
    ├── LicenceNotAccepted
    ├── MusicNoMemory
    ├── MusicFailed
    └── Cancelled
"""

from __future__ import annotations

from engine.errors import SoundError


class MeasurerMissing(SoundError):
    """Nothing on this machine measures music."""

    reason = "measurer_missing"
    hint = (
        "Install it with `uv tool install 'llasa[measure]'`, or name a Python that has librosa: "
        "`audio_python` in llasa.toml, or LLASA_AUDIO_PYTHON."
    )


class MusicError(SoundError):
    """The music cannot be heard by the model."""

    reason = "music_error"
    hint = "docs/music.md says what the service needs."
    status = 500  # of the answer by HTTP


class AudioMissing(MusicError):
    """There is no such upload."""

    reason = "file_missing"
    hint = "Upload it with POST /api/v1/upload; uploads are forgotten when the service ends."
    status = 404


class TooLong(MusicError):
    """This is longer than what may be heard."""

    reason = "too_long"
    hint = 'Cut it, or use the policy "window" or "truncate".'
    status = 413


class NotAudio(MusicError):
    """No sound can be read from this file."""

    reason = "not_audio"
    hint = "Play the file; if it cannot be played either, export it again."
    status = 415


class BadQuestion(MusicError):
    """This cannot be asked."""

    reason = "bad_request"
    hint = "docs/music.md shows what a request is made of."
    status = 422


class MusicModelMissing(MusicError):
    """The model that hears music is not on this machine."""

    reason = "model_missing"
    hint = (
        "Get it once, for example with `hf download nvidia/music-flamingo-2601-hf`, and name its "
        "folder: `model` under [music] in llasa.toml, or LLASA_MUSIC_MODEL."
    )
    status = 503


class MusicUnavailable(MusicError):
    """The music service is not there."""

    reason = "service_missing"
    hint = "Start it with `llasa-music`; docs/music.md says what it needs."
    status = 503


class LicenceNotAccepted(MusicError):
    """The licence of the model's weights was not accepted."""

    reason = "licence_not_accepted"
    hint = "Read it, then start once with `llasa-music --accept-licence`."
    status = 403


class MusicNoMemory(MusicError):
    """The model ran out of memory."""

    reason = "out_of_memory"
    hint = "Use shorter windows (window_s), or a quantized model through llama-server."
    status = 507


class MusicFailed(MusicError):
    """The model did not do its work."""

    reason = "model_failed"


class Cancelled(MusicError):
    """The answer was cancelled."""

    reason = "cancelled"
    hint = "Ask again."
    status = 409
