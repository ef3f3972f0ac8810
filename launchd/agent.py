"""The interface to both service managers; other rooms import this module."""

from __future__ import annotations

import sys

from launchd.errors import UnsupportedPlatform
from launchd.host import Host, this_host
from launchd.launchctl import LaunchdManager
from launchd.records import Manager, ServiceState, Step
from launchd.spec import LABEL, MUSIC_LABEL, AgentSpec
from launchd.systemctl import SystemdManager

__all__ = ["LABEL", "MUSIC_LABEL", "AgentSpec", "Manager", "ServiceState", "Step", "manager"]


def manager(
    platform: str | None = None, *, host: Host | None = None, label: str = LABEL
) -> Manager:
    """Return the service manager of a platform (as in `sys.platform`); this one's by default."""
    platform = platform or sys.platform
    if platform == "darwin":
        return LaunchdManager(host or this_host(), label=label)
    if platform.startswith("linux"):
        return SystemdManager(host or this_host(), label=label)
    raise UnsupportedPlatform(f"{platform} has neither launchd nor systemd")
