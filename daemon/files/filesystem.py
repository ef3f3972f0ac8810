"""Find out whether a folder's file system sends events: shares of other machines do not.

Linux names the file system of a path in /proc/self/mountinfo, macOS in the output of `mount`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path, PurePath
from typing import Final

# Other machines (or a host around this one) change files there without this kernel knowing.
_SILENT_NAMES: Final = """
    9p afpfs afs ceph cifs davfs drvfs ftp fuse.davfs2 fuse.glusterfs fuse.rclone fuse.s3fs
    fuse.sshfs fuse.vmhgfs-fuse glusterfs macfuse nfs nfs4 prl_fs smb3 smbfs vboxsf virtiofs
    vmhgfs webdav
"""
SILENT: Final = frozenset(_SILENT_NAMES.split())
# Those of them that are folders of this machine's host: a database is no safer there, but a
# container may have no other disk.
_HOST: Final = {"9p", "drvfs", "fuse.vmhgfs-fuse", "prl_fs", "vboxsf", "virtiofs", "vmhgfs"}
SHARES: Final = SILENT - _HOST
_UNKNOWN: Final = "unknown"


def has_events(path: Path) -> bool:
    """Return whether changes below the path send events; True if the file system is unknown."""
    return filesystem_of(path, _mounts()) not in SILENT


def is_share(path: Path) -> bool:
    """Return whether the path, which need not exist yet, lies on another machine."""
    return filesystem_of(PurePath(os.path.realpath(path)), _mounts()) in SHARES


def filesystem_of(path: PurePath, mounts: dict[PurePath, str]) -> str:
    """Return the name of the file system that holds an absolute path."""
    for folder in (path, *path.parents):
        if folder in mounts:
            return mounts[folder]
    return _UNKNOWN


def parse_mountinfo(text: str) -> dict[PurePath, str]:
    """Return mount point -> file system from /proc/self/mountinfo; of two, the later counts."""
    mounts = {}
    for line in text.splitlines():
        left, separator, right = line.partition(" - ")
        fields = left.split(" ")
        if separator and len(fields) > 4 and right:
            point = re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), fields[4])
            mounts[PurePath(point)] = right.split(" ")[0]
    return mounts


def parse_mount(text: str) -> dict[PurePath, str]:
    """Return mount point -> file system from the output of macOS's `mount`."""
    found = re.findall(r"^.+? on (/.*) \((\w+)[,)].*$", text, flags=re.MULTILINE)
    return {PurePath(point): name for point, name in found}


def _mounts() -> dict[PurePath, str]:
    try:
        if sys.platform == "darwin":
            done = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True
            )
            return parse_mount(done.stdout)
        return parse_mountinfo(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, subprocess.SubprocessError):
        return {}
