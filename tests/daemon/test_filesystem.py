"""Which folders send events, according to the mounts of Linux and macOS."""

from __future__ import annotations

from pathlib import PurePath

from daemon.files.filesystem import SHARES, SILENT, filesystem_of, parse_mount, parse_mountinfo

MOUNTINFO = r"""
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
35 27 0:31 / /mnt/nas rw,relatime shared:12 - nfs4 nas:/export rw,vers=4.2
36 27 0:32 / /mnt/with\040space rw - cifs //server/share rw
37 35 0:33 / /mnt/nas/local rw - tmpfs tmpfs rw
38 27 0:34 / /mnt/nas rw - fuse.sshfs host: rw
broken line
"""
MOUNT = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//anna@nas._smb._tcp.local/talks on /Volumes/talks (smbfs, nodev, nosuid, mounted by anna)
/dev/disk4s2 on /Volumes/My Disk (one) (hfs, local, nodev)
"""


def test_linux_mounts_are_read() -> None:
    """The deepest mount holds a path, and a later one covers an earlier."""
    mounts = parse_mountinfo(MOUNTINFO)
    assert filesystem_of(PurePath("/home/anna"), mounts) == "ext4"
    assert filesystem_of(PurePath("/mnt/nas/talks"), mounts) == "fuse.sshfs"
    assert filesystem_of(PurePath("/mnt/nas/local/x"), mounts) == "tmpfs"
    assert filesystem_of(PurePath("/mnt/with space/x"), mounts) == "cifs"


def test_macos_mounts_are_read() -> None:
    """Names of volumes may hold brackets."""
    mounts = parse_mount(MOUNT)
    assert filesystem_of(PurePath("/Users/anna"), mounts) == "apfs"
    assert filesystem_of(PurePath("/Volumes/talks/2026"), mounts) == "smbfs"
    assert filesystem_of(PurePath("/Volumes/My Disk (one)/x"), mounts) == "hfs"


def test_shares_are_silent_and_disks_are_not() -> None:
    """An unknown file system counts as one that sends events; the rescan runs in any case."""
    assert {"nfs", "nfs4", "cifs", "smbfs", "9p", "fuse.sshfs"} <= SILENT
    assert not {"ext4", "apfs", "tmpfs", "btrfs", "hfs", "unknown"} & SILENT
    assert filesystem_of(PurePath("/x"), {}) == "unknown"


def test_a_folder_of_the_host_is_no_share_of_another_machine() -> None:
    """A container may have no other disk; the doctor warns of it."""
    assert {"nfs", "nfs4", "cifs", "smbfs", "fuse.sshfs", "webdav"} <= SHARES < SILENT
    assert not {"9p", "virtiofs", "vboxsf", "ext4", "apfs", "unknown"} & SHARES
