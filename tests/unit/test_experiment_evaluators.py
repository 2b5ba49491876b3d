from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from waiting import PATIENCE, until

from blo_sim.errors import SimulationError, UsageError
from blo_sim.experiment import evaluators
from blo_sim.experiment.evaluators import (
    MOST_IN_CHUNK,
    Chunks,
    ClusterEvaluator,
    ProcessEvaluator,
    SerialEvaluator,
    _in_order,
    evaluator_for,
)


def multiply(shared: int, task: int) -> tuple[int, int]:
    time.sleep(0.05 if task % 3 == 0 else 0.0)
    return shared * task, os.getpid()


def fail_at_three(shared: int, task: int) -> int:
    if task == 3:
        raise ValueError("three is too many")
    return task


def misuse(shared: int, task: int) -> int:
    raise UsageError("a message as it is")


def die(shared: int, task: int) -> int:
    if task == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def die_once(shared: str, task: int) -> int:
    mark = Path(shared) / str(task)
    if task in (11, 30) and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def log_task(shared: str, task: int) -> int:
    with Path(shared).open("a") as file:
        file.write(f"{task}\n")
    return task


def report_imports(shared: None, task: int) -> list[str]:
    return [name for name in ("numba", "scipy", "pydantic", "click") if name in sys.modules]


def test_processes_give_the_results_of_one_in_order_from_several_ids() -> None:
    serial = list(SerialEvaluator(multiply, 7).map(range(12)))
    parallel = list(ProcessEvaluator(multiply, 7, 2).map(range(12)))
    assert [value for value, _ in parallel] == [value for value, _ in serial] == [7 * n for n in range(12)]
    assert {pid for _, pid in serial} == {os.getpid()}
    pids = {pid for _, pid in parallel}
    assert len(pids) == 2
    assert os.getpid() not in pids


def test_never_more_workers_than_tasks() -> None:
    one = evaluator_for(multiply, 1, workers=8, tasks=1)
    assert isinstance(one, SerialEvaluator)
    three = evaluator_for(multiply, 1, workers=8, tasks=3)
    assert isinstance(three, ProcessEvaluator)
    assert three.workers == 3


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_becomes_a_simulation_error_after_the_finished_prefix(workers: int) -> None:
    done: list[int] = []
    with pytest.raises(SimulationError) as caught:
        done.extend(evaluator_for(fail_at_three, None, workers=workers, tasks=10).map(range(10)))
    assert done == [0, 1, 2]
    assert str(caught.value) == "3 failed: ValueError: three is too many"
    assert "Traceback" in "".join(caught.value.__notes__)


def test_a_message_on_purpose_stays_as_it_is() -> None:
    with pytest.raises(SimulationError) as caught:
        list(SerialEvaluator(misuse, None).map([0]))
    assert str(caught.value) == "0 failed: a message as it is"


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_worker_is_a_clear_error() -> None:
    with pytest.raises(SimulationError, match="killed, ran out of memory"):
        list(ProcessEvaluator(die, None, 2).map(range(8)))


def test_outstanding_tasks_are_bounded(tmp_path: Path) -> None:
    log = tmp_path / "log"
    results = ProcessEvaluator(log_task, str(log), 2).map(range(10**6))
    assert next(results) == 0
    time.sleep(0.3)
    begun = len(log.read_text().split())
    time.sleep(0.3)
    assert len(log.read_text().split()) == begun <= 2 * 2 + 2
    results.close()


def test_chunks_grow_with_quick_tasks_and_stay_small_with_slow_ones() -> None:
    quick, slow = Chunks(range(10**6), 2), Chunks(range(10**6), 2)
    for _ in range(20):
        for chunks, seconds in ((quick, 0.001), (slow, 5.0)):
            count = len(chunks.next())
            chunks.took(seconds * count, count)
    assert quick.size == MOST_IN_CHUNK
    assert slow.size == 1
    assert quick.next()[0] == sum(map(len, list(quick.waiting)[:-1]))


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_what_a_lost_worker_had_is_run_again(tmp_path: Path) -> None:
    """Each of two workers is killed once, in the middle; every result comes once, in order."""
    results = list(ProcessEvaluator(die_once, str(tmp_path), 2).map(range(40)))
    assert results == list(range(40))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["11", "30"]


def test_what_had_come_when_the_next_chunk_could_not_be_sent_is_not_lost() -> None:
    chunks, sent, seen = Chunks(range(20), 1), 0, []

    def submit(chunk: list[int]) -> list[int]:
        nonlocal sent
        sent += 1
        if sent == 5:
            raise BrokenPipeError
        return chunk

    while True:
        try:
            for outcome in _in_order(chunks, submit, lambda chunk: (chunk, 1.0)):
                seen.append(outcome)
            break
        except BrokenPipeError:
            assert sent == 5
    assert seen == list(range(20))


def test_closing_early_stops_the_workers_at_once() -> None:
    results = ProcessEvaluator(multiply, 1, 2).map([3] * 10_000)
    pid = next(results)[1]
    started = time.monotonic()
    results.close()
    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_workers_import_only_what_the_job_needs() -> None:
    results = list(ProcessEvaluator(report_imports, None, 2).map(range(2)))
    assert all("scipy" not in names and "numba" not in names for names in results)


@pytest.mark.skipif(os.name == "nt", reason="POSIX process groups")
def test_ctrl_c_reaches_the_parent_only(tmp_path: Path) -> None:
    """Ctrl-C goes to the whole process group, workers still starting included; they say nothing."""
    script = tmp_path / "endless.py"
    script.write_text(
        textwrap.dedent(
            """
            import signal
            import time
            from blo_sim.experiment.evaluators import ProcessEvaluator

            # Of a program that was begun in the background, a shell may have it ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)

            def slow(shared, task):
                time.sleep(0.05)
                return task

            if __name__ == "__main__":
                try:
                    for result in ProcessEvaluator(slow, None, 2).map(range(10**6)):
                        if result == 0:
                            print("first", flush=True)
                except KeyboardInterrupt:
                    print("stopped", flush=True)
            """
        )
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "first\n"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert out == "stopped\n"
    assert err == ""
    assert process.returncode == 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_workers_of_a_killed_program_end_too(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        textwrap.dedent(
            """
            import os
            from blo_sim.experiment.evaluators import ProcessEvaluator

            def name_of(shared, task):
                return os.getpid()

            if __name__ == "__main__":
                for pid in ProcessEvaluator(name_of, None, 1).map(range(10**6)):
                    print(pid, flush=True)
            """
        )
    )
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    process.kill()
    process.stdout.close()
    process.wait()
    until(lambda: not running(worker))


def running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# On a cluster ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, **here) as started:
        yield started.scheduler_address


def test_a_cluster_gives_the_results_of_one_in_order_from_several_ids(cluster: str) -> None:
    results = list(ClusterEvaluator(multiply, 7, cluster).map(range(30)))
    assert [value for value, _ in results] == [7 * task for task in range(30)]
    ids = {pid for _, pid in results}
    assert len(ids) == 2
    assert os.getpid() not in ids


def test_a_cluster_serves_one_experiment_after_the_other(cluster: str) -> None:
    for factor in (2, 3, 2):
        results = ClusterEvaluator(multiply, factor, cluster).map(range(4))
        assert [value for value, _ in results] == [factor * task for task in range(4)]


def test_a_failure_on_a_cluster_comes_after_the_finished_prefix(cluster: str) -> None:
    done: list[int] = []
    with pytest.raises(SimulationError, match="3 failed: ValueError: three is too many"):
        done.extend(ClusterEvaluator(fail_at_three, None, cluster).map(range(10)))
    assert done == [0, 1, 2]


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_what_a_lost_worker_of_a_cluster_had_is_run_again(cluster: str, tmp_path: Path) -> None:
    assert list(ClusterEvaluator(die_once, str(tmp_path), cluster).map(range(40))) == list(range(40))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["11", "30"]


def test_a_cluster_of_this_machine_is_started_and_stopped() -> None:
    pytest.importorskip("distributed")
    results = list(ClusterEvaluator(multiply, 1, "local:1").map(range(3)))
    assert [value for value, _ in results] == [0, 1, 2]
    (pid,) = {pid for _, pid in results}
    until(lambda: not running(pid))


@pytest.mark.parametrize("address", ["", "here", "local:0", "local:-1", "local:many", "tcp:1", "http://a:1"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match=r"must be tcp://host:port of a Dask scheduler, or local:N"):
        ClusterEvaluator(multiply, 1, address)


def test_a_scheduler_that_does_not_answer_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(evaluators, "CONNECT_SECONDS", 0.3)
    with pytest.raises(UsageError, match=r"--cluster tcp://127\.0\.0\.1:1: no scheduler answers there"):
        list(ClusterEvaluator(multiply, 1, "tcp://127.0.0.1:1").map(range(3)))


def test_without_dask_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"blo-sim\[cluster\]"):
        evaluator_for(multiply, 1, workers=None, tasks=3, cluster="local:2")
