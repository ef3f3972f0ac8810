"""`llasactl mcp` where its extra is not installed."""

from __future__ import annotations

import sys

import pytest

from tests.daemon.conftest import Ask


def test_without_its_extra_the_command_says_how_to_install_it(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback, and nothing on standard output, which belongs to the protocol."""
    for name in [name for name in sys.modules if name.split(".")[0] in ("mcp", "mcp_types")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "daemon.mcp.server", raising=False)
    monkeypatch.setitem(sys.modules, "mcp", None)
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    answer = ask("mcp")
    assert answer.code == 3
    assert answer.out == ""
    assert "uv tool install 'llasa[mcp]'" in answer.err
