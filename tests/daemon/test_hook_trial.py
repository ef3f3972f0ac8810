"""A hook that is tried by hand says why it does not work."""

from __future__ import annotations

from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.test_speakers import done


def test_a_hook_that_fails_when_it_is_tried_is_quoted(ask: Ask, rig: WorkerRig) -> None:
    """Its last line alone, safe to print; whoever tries it watches."""
    script = "echo first >&2; printf 'no \\033[31mbus\\n\\n'; exit 3"
    rig.config.home.settings.write_text(f"[on_done]\ncommand = ['/bin/sh', '-c', '''{script}''']\n")
    done(rig)
    line = ask("hooks", "--try", "done").out.splitlines()[1]
    assert line.startswith("on_done.command: it ended with exit code 3; it said: no ")
    assert line.endswith("bus")
    assert "first" not in line
    assert line.isprintable()
