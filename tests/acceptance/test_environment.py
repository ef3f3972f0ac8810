"""No network, half a model, a stopped process: what surrounds us is not always as it should be."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys

import pytest

from state.job import Reason, Status
from tests.acceptance import starting
from tests.acceptance.harness import EMBEDDED, Home, pass_time, talk, wait_for
from tests.acceptance.invariants import check
from tests.acceptance.making import NO_WEIGHTS


def test_no_process_of_ours_opens_a_network_socket(home: Home) -> None:
    """Daemon and real model child, from start to done, under the eyes of strace."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not on this machine")
    if not (EMBEDDED / "model.safetensors").exists():
        pytest.skip("the embedded model is not there")
    home.places.settings.write_text('model = "punct"\nsettle_s = 0.2\n')
    home.drop("a.json", talk("a", 40))
    home.light = False
    home.write_spec()
    traced = home.folder / "calls.txt"
    home.allowed.add(traced)
    done = subprocess.run(
        ["strace", "-f", "--seccomp-bpf", "-e", "trace=socket,connect,execve", "-o", str(traced),
         sys.executable, "-P", str(starting.LAUNCHER), str(home.spec_file),
         "--home", str(home.path), "--drain"],
        env=starting.environment(),
        capture_output=True,
        timeout=100,
    )  # fmt: skip
    if b"ptrace" in done.stderr:
        pytest.skip("processes cannot be traced here")
    assert done.returncode == 0, done.stderr[-500:]
    calls = traced.read_text(errors="replace")
    assert calls.count("engine.child.host") >= 1  # the child was watched, too
    assert re.findall(r"\d+ +(?:socket|connect)\(.*AF_INET.*", calls) == []
    assert len(home.log("model.started")) == 1
    check(home)


def test_half_a_download_is_not_loaded_and_found_when_it_is_whole(home: Home) -> None:
    """The index names a file that is not there yet: held with the reason, no attempt spent."""
    folder = home.path / "models" / "light"
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "model-00002-of-00002.safetensors"}}))
    missing = folder / "model-00002-of-00002.safetensors"
    home.allowed.update({index, missing})
    path = home.drop("a.json", talk("a"))
    with home.daemon() as running:
        held = wait_for(lambda: home.with_queue(lambda queue: queue.held()), what="the hold")
        assert held.reason == Reason.MODEL_MISSING
        assert "not complete" in held.hint
        missing.write_bytes(NO_WEIGHTS)
        job = home.ended(path)
        assert running.stop() == 0
    assert (job.status, job.attempt) == (Status.DONE, 1)
    check(home)


def test_weights_that_are_cut_off_are_waited_for(home: Home) -> None:
    """Half a file under its final name is a download on its way, not a model to be loaded."""
    weights = home.path / "models" / "light" / "model.safetensors"
    tensors = json.dumps({"a": {"dtype": "U8", "shape": [64], "data_offsets": [0, 64]}}).encode()
    whole = len(tensors).to_bytes(8, "little") + tensors + bytes(64)
    weights.write_bytes(whole[:-1])
    path = home.drop("a.json", talk("a"))
    with home.daemon() as running:
        held = wait_for(lambda: home.with_queue(lambda queue: queue.held()), what="the hold")
        assert held.reason == Reason.MODEL_MISSING
        assert "model.safetensors is cut off" in held.hint
        assert home.log("model.started") == []
        weights.write_bytes(whole)
        job = home.ended(path)
        assert running.stop() == 0
    assert (job.status, job.attempt) == (Status.DONE, 1)
    check(home)


def test_a_daemon_that_was_stopped_for_a_while_runs_nothing_twice(home: Home) -> None:
    """SIGSTOP of the daemon alone: its child goes on, and the answer is still taken."""
    home.script(delay_s=0.6)
    paths = [home.drop(f"a{n}.json", talk(f"a{n}x", 40)) for n in range(2)]
    stops = 0
    with home.daemon("--drain", silence_s=0.8) as running:
        wait_for(lambda: home.log("model.started"), what="the child is at work")
        for _ in range(2):
            running.signal(signal.SIGSTOP)
            pass_time(1.2)
            running.signal(signal.SIGCONT)
            stops += 1
            pass_time(0.3)
        assert running.wait() == 0
    assert stops == 2
    for path in paths:
        job = home.ended(path)
        assert (job.status, job.claims) == (Status.DONE, 1)
    assert home.log("part.failed") == []
    check(home)


def test_a_model_child_ends_with_a_killed_daemon(home: Home) -> None:
    """No orphan keeps the model's memory and its lock."""
    home.script(delay_s=30.0)
    home.drop("a.json", talk("a"))
    with home.daemon() as running:
        wait_for(lambda: home.log("model.started"), what="the child is at work")
        child = running.child_pid()
        assert child is not None
        running.kill()  # waits for the child's end, and fails without it
    home.script()
    assert home.drain().returncode == 0
    check(home)
