"""The model child does not outlive its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests import small_models


def test_the_child_ends_when_its_parent_is_gone(tmp_path: Path) -> None:
    """A closed pipe ends the child, whatever it is doing."""
    code = (
        "import sys; from engine.child import client; from engine.models import catalog; "
        "one = client.ModelClient(catalog.describe(sys.argv[1])); "
        "print(one.start().pid, flush=True); import os; os._exit(9)"
    )
    folder = small_models.qwen3_like(tmp_path / "model")
    parent = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True
    )
    pid = int(parent.stdout)
    for _ in range(100):
        if not _runs(pid):
            break
        time.sleep(0.05)
    assert not _runs(pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not (stat.exists() and stat.read_text().split(") ")[1].startswith("Z"))
