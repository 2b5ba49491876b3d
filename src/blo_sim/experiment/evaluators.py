"""Where tasks run: in this process, or in several.

An evaluator knows nothing of the design of an experiment. It is given a function, what all calls
share, and the tasks; it yields the results in the order of the tasks, so that whatever was yielded is
a contiguous prefix and no result depends on the number of workers.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context, parent_process
from typing import Any, Protocol

from blo_sim.errors import BloSimError, SimulationError, UsageError, needing

Job = Callable[[Any, Any], Any]
Results = Generator[Any, None, None]
POLL_SECONDS = 0.5
CHUNK_SECONDS = 0.5
MOST_IN_CHUNK = 500
MOST_LOSSES = 3
CONNECT_SECONDS = 10


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

    ``job`` and ``shared`` are pickled once and sent once to each worker. Tasks travel in chunks that take
    some `CHUNK_SECONDS` each, two chunks a worker outstanding. If a worker is lost, what it had is run again.
    When the iterator is closed early (an error, Ctrl-C) the workers are terminated.

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
        chunks = Chunks(tasks, self.workers)
        payload = pickle.dumps((self.job, self.shared))
        losses = 0
        while True:
            executor = ProcessPoolExecutor(
                max_workers=self.workers,
                mp_context=get_context("spawn"),
                initializer=_start_worker,
                initargs=(payload,),
            )
            finished = False
            try:
                yield from _in_order(chunks, partial(_submit, executor), _result)
                finished = True
            except BrokenProcessPool as broken:
                losses += 1
                if losses >= MOST_LOSSES:
                    raise SimulationError(
                        f"a worker process ended before its task did, {losses} times: it was killed, ran out "
                        "of memory, or the calling script has no `if __name__ == '__main__':`; fewer workers "
                        "need less memory, one needs no process"
                    ) from broken
            finally:
                _stop(executor, finished)
            if finished:
                return


class ClusterEvaluator:
    """Runs tasks on a Dask cluster, one that exists or one that is started here.

    ``job`` and ``shared`` are sent once to each worker. Chunks and their order are as in `ProcessEvaluator`;
    Dask runs what a lost worker had on another one.

    Parameters
    ----------
    job, shared
        As for `ProcessEvaluator`.
    address : str
        ``tcp://host:port`` of a scheduler, or ``local:N`` for N processes on this machine.

    Raises
    ------
    UsageError
        If ``dask.distributed`` is not installed, the address is wrong, or nobody answers there.
    """

    def __init__(self, job: Job, shared: Any, address: str) -> None:
        self.job, self.shared, self.address = job, shared, address
        self.local = _local_workers(address)
        self.distributed = _distributed()

    def map(self, tasks: Iterable[Any]) -> Results:
        """Yield the results in the order of the tasks."""
        named = self.distributed.client
        cancelled = named.FutureCancelledError, named.FuturesCancelledError
        lost = self.distributed.scheduler.KilledWorker, *cancelled
        with self._client() as client:
            chunks, losses = Chunks(tasks, self._workers(client)), 0
            while True:
                try:
                    yield from _in_order(chunks, self._submitter(client), self._result)
                    return
                except lost as error:  # what all workers share went with the last of them
                    losses += 1
                    if losses >= MOST_LOSSES:
                        raise SimulationError(
                            f"--cluster {self.address}: workers were lost {losses} times ({error}); have "
                            "they enough memory, and the same version of blo-sim?"
                        ) from error

    def _submitter(self, client: Any) -> Callable[[list[Any]], Any]:
        """What sends chunks to workers, after it has sent them the job and what all tasks share."""
        self._workers(client)
        data = pickle.dumps((self.job, self.shared))
        known = hashlib.sha256(data).hexdigest()
        payload = client.scatter(data, broadcast=True, hash=False)
        return lambda chunk: client.submit(_work_on_cluster, known, payload, chunk, pure=False)

    def _workers(self, client: Any) -> int:
        """Number of threads of the cluster; waits a little for workers that are just starting."""
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise UsageError(
                f"--cluster {self.address}: the cluster has no worker; start some first"
            ) from None
        return int(sum(client.nthreads().values()))

    @staticmethod
    def _result(future: Any) -> Any:
        return future.result()

    @contextmanager
    def _client(self) -> Iterator[Any]:
        distributed, cluster = self.distributed, None
        if self.local:
            cluster = distributed.LocalCluster(
                n_workers=self.local,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address="127.0.0.1:0",
            )
        try:
            try:
                client = distributed.Client(cluster or self.address, timeout=CONNECT_SECONDS)
            except (OSError, TimeoutError, ValueError) as error:
                raise UsageError(
                    f"--cluster {self.address}: no scheduler answers there ({error}); give the address that "
                    "`dask scheduler` prints, or local:N"
                ) from error
            with client:
                yield client
        finally:
            if cluster is not None:
                cluster.close()


def _local_workers(address: str) -> int:
    """N of ``local:N``; 0 for the address of a scheduler."""
    kind, _, rest = address.partition(":")
    if kind in ("tcp", "tls", "ucx", "inproc") and rest.startswith("//"):
        return 0
    if kind == "local" and rest.isdigit() and int(rest) >= 1:
        return int(rest)
    raise UsageError(f"--cluster {address}: must be tcp://host:port of a Dask scheduler, or local:N")


def _distributed() -> Any:
    from importlib import import_module

    with needing("cluster", "--cluster"):
        return import_module("distributed")


# Chunks ---------------------------------------------------------------------------------------------


class Chunks:
    """Tasks in chunks of about `CHUNK_SECONDS`, as far as they are known; never so large that workers wait.

    ``waiting`` are chunks that were handed out and whose results nobody has taken yet: they are handed out
    again after a loss.
    """

    def __init__(self, tasks: Iterable[Any], workers: int) -> None:
        self.tasks = iter(tasks)
        self.workers = workers
        self.size = 1
        self.waiting: deque[list[Any]] = deque()

    @property
    def outstanding(self) -> int:
        """How many may be under way at once."""
        return 2 * self.workers

    def next(self) -> list[Any]:
        """One more chunk; empty if there are no more tasks."""
        chunk = list(islice(self.tasks, self.size))
        if chunk:
            self.waiting.append(chunk)
        return chunk

    def took(self, seconds: float, count: int) -> None:
        """Learn from a chunk how large the next ones are; twice as large as before at most."""
        wanted = int(CHUNK_SECONDS * count / seconds) if seconds > 0 else MOST_IN_CHUNK
        self.size = max(1, min(wanted, 2 * self.size, MOST_IN_CHUNK))


def _in_order(
    chunks: Chunks, submit: Callable[[list[Any]], Any], result: Callable[[Any], Any]
) -> Results:
    """Results of all tasks in their order, with a bounded number of chunks under way."""
    pending = deque(submit(chunk) for chunk in chunks.waiting)
    while len(pending) < chunks.outstanding and (chunk := chunks.next()):
        pending.append(submit(chunk))
    while pending:
        outcomes, seconds = result(pending.popleft())
        chunks.took(seconds, len(outcomes))
        if chunk := chunks.next():
            pending.append(submit(chunk))  # fails if workers were lost: nothing may be taken off before
        chunks.waiting.popleft()
        for outcome in outcomes:
            yield _accepted(outcome)


def evaluator_for(
    job: Job, shared: Any, *, workers: int | None, tasks: int, cluster: str | None = None
) -> Evaluator:
    """The evaluator for a number of workers (default: all cores), never more of them than tasks.

    Parameters
    ----------
    cluster : str, optional
        Where to run instead, see `ClusterEvaluator`.
    """
    if cluster is not None:
        return ClusterEvaluator(job, shared, cluster)
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
    return future.result()


def _submit(executor: ProcessPoolExecutor, chunk: list[Any]) -> Future[Any]:
    # A worker may be started here, and keeps the signal mask: no Ctrl-C reaches it, from its first instant.
    with _interrupts_held():
        return executor.submit(_work, chunk)


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
_lock = threading.Lock()


def _start_worker(payload: bytes) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker["payload"] = payload


def _end_with_parent() -> None:
    """Whoever kills the program kills its workers too, which would wait for tasks for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(chunk: list[Any]) -> tuple[list[Any], float]:
    try:
        job, shared = _unpacked("", _worker.pop("payload", b""))
    except Exception as error:
        return _unreadable(error)
    return _run(job, shared, chunk)


def _work_on_cluster(known: str, payload: bytes, chunk: list[Any]) -> tuple[list[Any], float]:
    """Run a chunk on a worker of a cluster, which may run others, of other experiments too."""
    try:
        job, shared = _unpacked(known, payload)
    except Exception as error:
        return _unreadable(error)
    return _run(job, shared, chunk)


def _unpacked(known: str, payload: bytes) -> tuple[Job, Any]:
    """The job and what all tasks share, unpickled once; the last one is kept by its digest."""
    with _lock:
        if _worker.get("known") != known:
            _worker["ready"], _worker["known"] = pickle.loads(payload), known
            gc.freeze()  # the worlds stay until the end: the collector need not look at them again
        job, shared = _worker["ready"]
        return job, shared


def _unreadable(error: Exception) -> tuple[list[Any], float]:
    return [Failure(f"a worker could not read the worlds: {error}", traceback.format_exc())], 0.0


def _run(job: Job, shared: Any, chunk: list[Any]) -> tuple[list[Any], float]:
    """Results of a chunk, and the seconds that it took; the first failure ends it."""
    started = time.perf_counter()
    results: list[Any] = []
    for task in chunk:
        results.append(_guarded(job, shared, task))
        if isinstance(results[-1], Failure):
            break
    return results, time.perf_counter() - started
