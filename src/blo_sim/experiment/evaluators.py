"""Where tasks run: in this process, or in several.

An evaluator knows nothing of the design of an experiment. It is given a function, what all calls
share, and the tasks; it yields the results in the order of the tasks, so that whatever was yielded is
a contiguous prefix and no result depends on the number of workers.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from typing import Any, Protocol

from blo_sim.errors import BloSimError, SimulationError

Job = Callable[[Any, Any], Any]
Results = Generator[Any, None, None]
POLL_SECONDS = 0.5


class Evaluator(Protocol):
    """Calls a function for every task."""

    def map(self, tasks: Iterable[Any]) -> Results:
        """Yield the result of every task, in the order of the tasks.

        Raises
        ------
        SimulationError
            If a task fails, or if its process is lost.
        """
        ...


@dataclass(frozen=True)
class Failure:
    """An exception on its way from a worker: any exception can travel as text."""

    message: str
    trace: str

    def error(self) -> SimulationError:
        """The error to raise; the trace rides along as a note, seen only by who asks for tracebacks."""
        error = SimulationError(self.message)
        error.add_note(self.trace)
        return error


class SerialEvaluator:
    """Runs every task in this process.

    Parameters
    ----------
    job : callable
        Takes ``shared`` and a task.
    shared : object
        What all tasks need.
    """

    def __init__(self, job: Job, shared: Any) -> None:
        self.job, self.shared = job, shared

    def map(self, tasks: Iterable[Any]) -> Results:
        """Yield the results in the order of the tasks."""
        for task in tasks:
            yield _accepted(_guarded(self.job, self.shared, task))


class ProcessEvaluator:
    """Runs tasks in local processes, started afresh (``spawn``) so that they inherit nothing.

    ``job`` and ``shared`` are pickled once and sent once to each worker. At most two tasks a worker
    are outstanding. When the iterator is closed early (an error, Ctrl-C) the workers are terminated.

    Parameters
    ----------
    job : callable
        A function of a module; takes ``shared`` and a task, returns something that can be pickled.
    shared : object
        What all tasks need; must be picklable.
    workers : int
        Number of processes, at least 1.
    """

    def __init__(self, job: Job, shared: Any, workers: int) -> None:
        self.job, self.shared, self.workers = job, shared, workers

    def map(self, tasks: Iterable[Any]) -> Results:
        """Yield the results in the order of the tasks."""
        executor = ProcessPoolExecutor(
            max_workers=self.workers,
            mp_context=get_context("spawn"),
            initializer=_start_worker,
            initargs=(pickle.dumps((self.job, self.shared)),),
        )
        finished = False
        try:
            yield from self._in_order(executor, iter(tasks))
            finished = True
        except BrokenProcessPool as broken:
            raise SimulationError(
                "a worker process ended before its task did: it was killed, ran out of memory, or the "
                "calling script has no `if __name__ == '__main__':`; fewer workers need less memory, one "
                "needs no process"
            ) from broken
        finally:
            _stop(executor, finished)

    def _in_order(self, executor: ProcessPoolExecutor, waiting: Iterator[Any]) -> Results:
        pending = deque(_submit(executor, task) for task in islice(waiting, 2 * self.workers))
        while pending:
            result = _result(pending.popleft())
            pending.extend(_submit(executor, task) for task in islice(waiting, 1))
            yield result


def evaluator_for(job: Job, shared: Any, *, workers: int | None, tasks: int) -> Evaluator:
    """The evaluator for a number of workers (default: all cores), never more of them than tasks."""
    count = min(workers or os.cpu_count() or 1, tasks)
    return SerialEvaluator(job, shared) if count <= 1 else ProcessEvaluator(job, shared, count)


def _guarded(job: Job, shared: Any, task: Any) -> Any:
    try:
        return job(shared, task)
    except Exception as error:
        said = str(error) if isinstance(error, BloSimError) else f"{type(error).__name__}: {error}"
        return Failure(f"{task} failed: {said}", traceback.format_exc())


def _accepted(outcome: Any) -> Any:
    if isinstance(outcome, Failure):
        raise outcome.error()
    return outcome


def _result(future: Future[Any]) -> Any:
    # A wait without a limit cannot be interrupted on every system.
    while not wait([future], timeout=POLL_SECONDS).done:
        pass
    return _accepted(future.result())


def _submit(executor: ProcessPoolExecutor, task: Any) -> Future[Any]:
    # A worker may be started here, and keeps the signal mask: no Ctrl-C reaches it, from its first instant.
    with _interrupts_held():
        return executor.submit(_work, task)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stop(executor: ProcessPoolExecutor, finished: bool) -> None:
    processes = list((getattr(executor, "_processes", None) or {}).values())
    executor.shutdown(wait=finished, cancel_futures=True)
    if not finished:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


_worker: dict[str, Any] = {}


def _start_worker(payload: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker["payload"] = payload


def _work(task: Any) -> Any:
    try:
        if "job" not in _worker:
            _worker["job"], _worker["shared"] = pickle.loads(_worker.pop("payload"))
            gc.freeze()  # the worlds stay until the end: the collector need not look at them again
    except Exception as error:
        return Failure(f"a worker could not read the worlds: {error}", traceback.format_exc())
    return _guarded(_worker["job"], _worker["shared"], task)
