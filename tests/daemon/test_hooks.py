"""A hook is read from the settings, told by a process, and never in the way of anything."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from daemon import config as settings
from daemon.errors import ConfigError
from daemon.home import Home
from daemon.hooks.answers import MEANINGS
from daemon.hooks.notification import LONGEST, notification
from daemon.hooks.process import GRACE_S, HookProcess
from daemon.hooks.records import Hook

POST = [sys.executable, "-P", "-m", "daemon.hooks.post"]


def wait_for_end(process: HookProcess) -> None:
    """Wait until a process has ended, without taking its exit code."""
    assert process.pid is not None
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def run(
    folder: Path, *command: str, document: bytes = b"{}", timeout_s: float = 30.0
) -> HookProcess:
    return HookProcess(
        command, document, folder=folder, timeout_s=timeout_s, now=0.0, meanings=MEANINGS
    )


# The settings


def hook(text: str, home: Home) -> Hook:
    return settings.parse(f"[on_done]\n{text}\n", home).on_done


def test_a_hook_names_its_channels_in_the_settings(home: Home) -> None:
    """The home of a user stands for `~`; without a channel there is none."""
    found = hook('notify = true\ncommand = ["~/done", "-q"]\ntimeout_s = 5', home)
    assert list(found.channels) == ["notify", "command"]
    assert found.command == (os.path.expanduser("~/done"), "-q")
    assert found.timeout_s == 5.0
    assert list(hook("text = true", home).channels) == []
    assert hook('command = "/bin/true"', home).command == ("/bin/true",)


@pytest.mark.parametrize(
    "text",
    [
        'sound = "ping"',
        'notify = "yes"',
        "command = [1]",
        'command = [""]',
        "timeout_s = 0",
        "timeout_s = true",
        'webhook = "ftp://127.0.0.1/x"',
        'webhook = "http://"',
        'webhook = "http://127.0.0.1:port/"',
        'webhook = "http://me:secret@127.0.0.1/"',
        'webhook = "http://127.0.0.1/a b"',
        'host = ""',
    ],
)
def test_a_mistake_in_a_hook_names_its_line(home: Home, text: str) -> None:
    """And says what is allowed."""
    with pytest.raises(ConfigError, match="line 1") as refused:
        hook(text, home)
    assert refused.value.allowed


def test_another_machine_must_be_named_twice(home: Home) -> None:
    """A webhook elsewhere takes names of files off this machine: nobody does that by mistake."""
    with pytest.raises(ConfigError, match="names of your files"):
        hook('webhook = "https://nas.example/llasa"', home)
    with pytest.raises(ConfigError):
        hook('webhook = "https://nas.example/llasa"\nhost = "other.example"', home)
    assert hook('webhook = "https://nas.example/llasa"\nhost = "nas.example"', home).webhook
    assert hook('webhook = "http://localhost:8123/x"', home).webhook
    assert hook('webhook = "http://[::1]:8123/x"', home).webhook


# The notification


def test_a_name_cannot_become_a_part_of_the_script() -> None:
    """On a Mac it is an argument after the script, not a part of it."""
    name = 'a" & do shell script "rm -rf ~" & "'
    command = notification("llasa", name, platform="darwin")
    assert command[-2:] == ["llasa", name]
    assert all(name not in word for word in command[:-1])


def test_a_name_cannot_become_markup_or_an_option() -> None:
    """notify-send reads a small HTML and backslash escapes."""
    command = notification("llasa", "--urgency=<b>\\n&\x1b[2J", platform="linux")
    assert command[-3:] == ["--", "llasa", "--urgency=&lt;b&gt;\\\\n&amp;\\\\x1b[2J"]


def test_a_long_line_is_cut() -> None:
    """A notification has little room."""
    assert len(notification("llasa", "x" * 999, platform="darwin")[-1]) == LONGEST


# The process


def test_the_document_is_on_the_standard_input(tmp_path: Path) -> None:
    """However large it is, and whether or not it is read."""
    document = json.dumps({"x": "y" * 300_000}).encode()
    process = run(tmp_path, "/bin/sh", "-c", "cat > got", document=document)
    wait_for_end(process)
    assert process.poll(0.0) == ""
    assert (tmp_path / "got").read_bytes() == document
    unread = run(tmp_path, "/bin/true", document=document)
    wait_for_end(unread)
    assert unread.poll(0.0) == ""


def test_what_went_wrong_is_said(tmp_path: Path) -> None:
    """An exit code, a signal, a program that is not there."""
    for script, said in (("exit 3", "exit code 3"), ("kill -9 $$", "signal 9")):
        process = run(tmp_path, "/bin/sh", "-c", script)
        wait_for_end(process)
        assert said in (process.poll(0.0) or "")
    missing = run(tmp_path, "/nowhere/program").poll(0.0)
    assert missing == "program cannot be started: No such file or directory"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this system has no handles of processes")
def test_a_process_that_hangs_is_ended_with_its_group(tmp_path: Path) -> None:
    """One that ignores the request, and the child that it has started, are killed."""
    os.mkfifo(tmp_path / "ready")
    script = "trap '' TERM; sh -c 'echo $$ > ready; exec sleep 600' & wait; sleep 600"
    process = run(tmp_path, "/bin/sh", "-c", script, timeout_s=30)
    handle = os.pidfd_open(int((tmp_path / "ready").read_text()))
    assert process.poll(29.0) is None
    assert process.poll(30.0) is None  # asked to end
    assert process.poll(31.0) is None
    while (answer := process.poll(30.0 + GRACE_S)) is None:
        wait_for_end(process)
    assert answer == "it was ended after 30 s"
    assert select.select([handle], [], [], 30)[0] == [handle]  # readable once it has ended
    os.close(handle)


def test_a_process_has_a_group_of_its_own(tmp_path: Path) -> None:
    """Ctrl-C in the terminal of the daemon does not end it."""
    process = run(tmp_path, "/bin/sleep", "600")
    assert process.pid is not None
    assert os.getpgid(process.pid) == process.pid != os.getpgid(0)
    assert process.finish(0.01) is None
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


# The webhook


class Answering(BaseHTTPRequestHandler):
    received: list[tuple[str, str, bytes]] = []  # noqa: RUF012 - of one test
    status = 204

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        kind = self.headers["Content-Type"]
        self.received.append((self.path, kind, self.rfile.read(length)))
        self.send_response(self.status)
        self.send_header("Location", "http://192.0.2.1/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Print nothing."""


@pytest.mark.parametrize(("status", "said"), [(204, ""), (302, "error"), (500, "error")])
def test_the_result_is_posted(tmp_path: Path, status: int, said: str) -> None:
    """A redirection is not followed: it may lead to another machine."""
    Answering.status, Answering.received = status, []
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        server.timeout = 60
        url = f"http://127.0.0.1:{server.server_port}/llasa?to=me"
        process = run(tmp_path, *POST, url, "here", "20", document=b'{"event": "done"}')
        server.handle_request()
        wait_for_end(process)
    assert said in (process.poll(0.0) or "")
    assert Answering.received == [("/llasa?to=me", "application/json", b'{"event": "done"}')]


def test_a_host_that_does_not_answer_is_a_failure(tmp_path: Path) -> None:
    """Said in words."""
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        url = f"http://127.0.0.1:{server.server_port}/"
    process = run(tmp_path, *POST, url, "here", "5")
    wait_for_end(process)
    assert process.poll(0.0) == "the host of the webhook did not answer"


def test_a_name_that_leads_to_another_machine_gets_nothing(tmp_path: Path) -> None:
    """Even where a line of /etc/hosts gives `localhost` another address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but its own")
        address = probe.getsockname()[0]
    with HTTPServer((address, 0), Answering) as server:
        url = f"http://{address}:{server.server_port}/"
        process = run(tmp_path, *POST, url, "here", "5")
        wait_for_end(process)
    assert process.poll(0.0) == "the name of the webhook's host leads to another machine"


def test_the_daemon_itself_never_knows_the_network() -> None:
    """Its processes for hooks are programs of their own."""
    code = (
        "import sys, daemon.start; "
        "print(sorted({'ssl', 'http.client', 'urllib.request'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
