"""One large file of a repository -> the shared cache, continued where it stopped.

huggingface_hub keeps whole files of a download that was interrupted and throws the begun one away,
which may be gigabytes. Here it stays, and is taken when its SHA-256 is the one that the repository
gives.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from huggingface_hub import utils
from huggingface_hub.errors import HfHubHTTPError, HTTPError

from engine.errors import ModelDownloadFailed

_TRIES: Final = 5  # in a row that brought nothing
_WAIT_S: Final = 1.0  # between two tries


def present(target: Path) -> int:
    """Return how many bytes of a file are here, complete or not."""
    for path in (target, _begun(target)):
        if path.is_file():
            return path.stat().st_size
    return 0


def fetch(url: str, target: Path, *, size: int, on_progress: Callable[[int], None]) -> None:
    """Fetch a file whose name is its SHA-256; `on_progress` is called with bytes that arrived.

    Raises `ModelDownloadFailed`, and what the network raises.
    """
    if target.exists():
        return
    begun = _begun(target)
    with begun.open("ab") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ModelDownloadFailed(
                "Another process is downloading this model.", hint="Wait for it to end."
            ) from None
        _append(url, out, size, on_progress)
    with begun.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != target.name:
        begun.unlink()
        raise ModelDownloadFailed(
            "A file of the model arrived damaged and was removed.",
            hint="Run the same command again.",
        )
    begun.replace(target)


def _begun(target: Path) -> Path:
    return target.with_name(f"{target.name}.llasa.incomplete")


def _append(url: str, out: IO[bytes], size: int, on_progress: Callable[[int], None]) -> None:
    """Append the rest of a file to what is there; asks again while something arrives."""
    failures = 0
    while (before := out.tell()) < size:
        try:
            _append_once(url, out, on_progress)
        except HfHubHTTPError:  # an answer, and no interruption
            raise
        except (HTTPError, OSError):
            failures = failures + 1 if out.tell() == before else 0
            if failures >= _TRIES:
                raise
            time.sleep(_WAIT_S)
        finally:
            out.flush()


def _append_once(url: str, out: IO[bytes], on_progress: Callable[[int], None]) -> None:
    headers = utils.build_hf_headers()
    headers["Accept-Encoding"] = "identity"  # a packed answer would have other offsets
    if out.tell():
        headers["Range"] = f"bytes={out.tell()}-"
    with utils.get_session().stream("GET", url, headers=headers, follow_redirects=True) as answer:
        utils.hf_raise_for_status(answer)
        if out.tell() and answer.status_code == 200:  # the server begins again
            on_progress(-out.tell())
            out.truncate(0)
            out.seek(0)
        for chunk in answer.iter_bytes():
            out.write(chunk)
            on_progress(len(chunk))
