"""The model child dies, hangs, lies: one part or one file pays for it, nothing else does."""

from __future__ import annotations

import json
import signal
import time

from state.job import Reason, Status
from tests.acceptance.harness import Home, pass_time, runs, spoken, talk, wait_for
from tests.acceptance.invariants import check

KINDS = ("abort", "segfault", "exit137", "fail", "nonsense")


def test_a_part_that_breaks_the_child_three_times_keeps_the_sources_text(home: Home) -> None:
    """Each file ends partial with that part as it was, the other is done, the daemon lives."""
    home.script(*({"word": f"{what}30", "do": what, "times": None} for what in KINDS))
    bad = {what: home.drop(f"{what}.json", talk(what, 60)) for what in KINDS}
    good = home.drop("good.json", talk("good", 60))
    assert home.drain().returncode == 0
    for what, path in bad.items():
        assert home.fired(what) == 3
        job = home.ended(path)
        assert (job.status, job.reason) == (Status.PARTIAL, Reason.PARTS_FELL_BACK)
        assert f"{what}30 {what}31" in home.text_of(path)
    assert home.ended(good).status is Status.DONE
    check(home)


def test_a_file_whose_every_part_breaks_the_child_fails_and_the_others_are_done(home: Home) -> None:
    """Three deaths a part, and then the job is failed with the reason, not tried for ever."""
    home.script({"word": "bad0", "do": "abort", "times": None})
    bad = home.drop("bad.json", talk("bad", 12))
    others = [home.drop(f"good{n}.json", talk(f"good{n}x")) for n in range(3)]
    assert home.drain().returncode == 1
    assert home.fired("abort") == 3
    job = home.job(bad)
    assert job is not None
    assert (job.status, job.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    assert all(home.ended(path).status is Status.DONE for path in others)
    check(home)


def test_a_child_that_cannot_load_fails_the_job_after_three_tries(home: Home) -> None:
    """Dying before any part is counted by itself, and ends."""
    home.script({"word": "<load>", "do": "abort", "times": None})
    path = home.drop("a.json", talk("a"))
    assert home.drain().returncode == 1
    assert home.fired("abort") == 3
    job = home.job(path)
    assert job is not None
    assert (job.status, job.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    check(home)


def test_one_mishap_costs_nothing(home: Home) -> None:
    """A child that breaks once is started again, and each file ends done, whole."""
    home.script(*({"word": f"{what}25", "do": what, "times": 1} for what in KINDS))
    paths = {what: home.drop(f"{what}.json", talk(what, 60)) for what in KINDS}
    assert home.drain().returncode == 0
    for what, path in paths.items():
        assert home.fired(what) == 1
        assert home.ended(path).status is Status.DONE
        assert sum(part.attempts for part in home.parts(path)) <= 1  # 0: it was between two parts
    check(home)


def test_a_model_that_does_not_fit_reads_less_at_a_time_and_then_gives_the_part_up(
    home: Home,
) -> None:
    """One shortage costs nothing; one that stays ends with the reason, and the daemon lives."""
    home.script(
        {"word": "once25", "do": "no_memory", "times": 1},
        {"word": "large0", "do": "no_memory", "times": None},
    )
    once = home.drop("once.json", talk("once", 60))
    large = home.drop("large.json", talk("large", 12))
    assert home.drain().returncode == 1
    assert home.fired("no_memory") == 4
    faults = json.loads(home.script_file.read_text())["faults"]
    tried = {fault["word"]: fault["prefill_tokens"] for fault in faults}
    assert tried == {"large0": [512, 128, 32], "once25": [32]}  # in the order of their names
    assert home.ended(once).status is Status.DONE
    job = home.job(large)
    assert job is not None
    assert (job.status, job.reason) == (Status.FAILED, Reason.MODEL_OUT_OF_MEMORY)
    check(home)


def test_an_answer_with_other_words_is_refused_at_once(home: Home) -> None:
    """The child is not trusted with the text: what it invents is not written."""
    home.script({"word": "a25", "do": "wrong_words", "times": None})
    path = home.drop("a.json", talk("a", 60))
    assert home.drain().returncode == 0
    assert home.fired("wrong_words") == 1
    assert home.ended(path).status is Status.PARTIAL
    assert "something else" not in home.text_of(path)
    check(home)


def test_a_child_that_hangs_is_ended_and_the_next_job_runs(home: Home) -> None:
    """Silence is a fault like a crash; the part is tried again and counted."""
    home.script({"word": "bad0", "do": "hang", "times": None})
    bad, good = home.drop("bad.json", talk("bad")), home.drop("good.json", talk("good"))
    assert home.drain(silence_s=0.4).returncode == 1
    assert home.fired("hang") == 3
    job = home.job(bad)
    assert job is not None
    assert (job.status, job.reason) == (Status.FAILED, Reason.MODEL_CHILD_SILENT)
    assert home.ended(good).status is Status.DONE
    check(home)


TABLE = [f"row {n} costs five euros and is in stock" for n in range(12)]


def test_a_child_that_writes_on_without_end_is_stopped(home: Home) -> None:
    """With the reason, while a table of twelve like rows stays as it was said."""
    home.script({"word": "bad0", "do": "repeat", "times": None})
    bad, table = home.drop("bad.json", talk("bad")), home.drop("table.json", spoken(*TABLE))
    assert home.drain().returncode == 1
    assert home.fired("repeat") == 3
    job = home.job(bad)
    assert job is not None
    assert (job.status, job.reason) == (Status.FAILED, Reason.REPETITION)
    assert home.ended(table).status is Status.DONE
    assert home.text_of(table).lower().replace(".", "").split() == " ".join(TABLE).split()
    check(home)


def test_a_slow_child_that_shows_progress_is_left_alone(home: Home) -> None:
    """Two seconds of work with signs of life are no silence of one second."""
    home.script({"word": "a0", "do": "slow", "times": 1})
    path = home.drop("a.json", talk("a"))
    assert home.drain(silence_s=1.0).returncode == 0
    assert home.fired("slow") == 1
    assert home.ended(path).status is Status.DONE
    assert [part.attempts for part in home.parts(path)] == [0]
    check(home)


def test_a_stopped_machine_is_no_silence(home: Home) -> None:
    """Daemon and child stopped for three times the patience: no attempt is lost."""
    home.script(delay_s=1.0)
    path = home.drop("a.json", talk("a"))
    with home.daemon("--drain", silence_s=0.8) as running:
        home.became(path, Status.RUNNING)
        wait_for(lambda: home.log("model.started"), what="the child is at work")
        running.signal_all(signal.SIGSTOP)
        pass_time(2.4)
        running.signal_all(signal.SIGCONT)
        assert running.wait() == 0
    job = home.ended(path)
    assert (job.status, job.claims, job.attempt) == (Status.DONE, 1, 1)
    assert home.log("part.failed") == []
    check(home)


def test_a_flood_on_standard_error_neither_blocks_nor_fills_the_log(home: Home) -> None:
    """Two megabytes of noise a part leave logs below their cap and the work done."""
    home.script({"word": "a0", "do": "flood", "times": None})
    paths = [home.drop(f"a{n}.json", talk("a")) for n in range(4)]
    assert home.drain().returncode == 0
    assert home.fired("flood") == 4
    assert all(home.ended(path).status is Status.DONE for path in paths)
    assert sum(file.stat().st_size for file in home.places.logs.iterdir()) < 5_100_000
    check(home)


def test_a_killed_child_is_replaced_and_the_job_goes_on_at_its_part(home: Home) -> None:
    """SIGKILL from outside in the middle: finished parts stay finished."""
    home.script(delay_s=1.0)
    path = home.drop("a.json", talk("a", 120))
    kills = 0
    with home.daemon("--drain") as running:
        wait_for(lambda: home.steps().count("part_saved") >= 2, what="two parts")
        time.sleep(0.3)  # the child is in the middle of the next part, and not between two
        child = running.child_pid()
        assert child is not None
        running.kill_child(child)
        kills += 1
        assert running.wait() == 0
    assert kills == 1
    assert not runs(child)
    job = home.ended(path)
    assert job.status is Status.DONE
    assert home.steps().count("part_saved") == job.parts_total
    assert sum(part.attempts for part in home.parts(path)) == 1
    check(home)


def test_stopping_in_the_middle_of_a_part_gives_the_attempt_back(home: Home) -> None:
    """SIGTERM: gone within seconds, the job waits, uncounted, and nothing half is on the disk."""
    home.script(delay_s=20.0)
    path = home.drop("a.json", talk("a"))
    with home.daemon() as running:
        home.became(path, Status.RUNNING)
        wait_for(lambda: home.log("model.started"), what="the child is at work")
        assert running.stop() == 0
    job = home.job(path)
    assert job is not None
    assert (job.status, job.attempt, job.reason) == (Status.QUEUED, 0, Reason.STOPPED)
    assert [p for p in home.transcripts.iterdir() if p != path] == []
    check(home, unfinished=True)
    home.script()
    assert home.drain().returncode == 0
    assert home.ended(path).attempt == 1
    check(home)
