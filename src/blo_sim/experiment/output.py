"""The folder of an experiment: checked before the run, written whole at its end."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blo_sim.errors import UsageError

if TYPE_CHECKING:
    from blo_sim.experiment.behaviours import BehavioursResult
    from blo_sim.experiment.result import Result

RESULT, REPLICATIONS, LEDGER = "result.json", "replications.csv", "ledger.csv"


@contextmanager
def output_folder(folder: str | os.PathLike[str] | None) -> Iterator[Path | None]:
    """A folder that can be written to; made if need be, and taken away again if what follows fails.

    Raises
    ------
    UsageError
        If it is not a folder, or cannot be made or written to.
    """
    if folder is None:
        yield None
        return
    path = Path(folder)
    made: list[Path] = []
    try:
        try:
            _make(path, made)
            try_to_write(path)
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"--out {path}: cannot write there ({reason}); give a folder that can be written to"
            ) from error
        yield path
    except BaseException:
        _remove_empty(made)
        raise


def write_result(folder: Path, result: Result | BehavioursResult) -> None:
    """Write ``result.json``, ``replications.csv`` and, of a comparison, ``ledger.csv``.

    Each is written in one step: a reader never sees half a file.
    """
    write_whole(folder / RESULT, as_json(result.document()))
    for name, rows in ((REPLICATIONS, result.replications_rows()), (LEDGER, result.ledger_rows())):
        first = next(rows, None)
        if first is not None:
            _write_rows(folder / name, chain([first], rows), list(first))


def file_to_write(out: str | os.PathLike[str]) -> Path:
    """Where a single file of ``--out`` goes.

    Raises
    ------
    UsageError
        If its folder does not exist.
    """
    path = Path(out)
    if not path.parent.is_dir():
        raise UsageError(f"--out {path}: there is no folder {path.parent}")
    return path


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Errors of the disk, while a single file of ``--out`` is written, as ours."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"--out {path}: cannot be written ({error.strerror or error})") from error


def as_json(content: Any) -> str:
    """JSON text with a final newline; refuses NaN."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """CSV text with a header; None is an empty field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def write_whole(path: Path, text: str) -> None:
    """Write a file beside its place, then move it there."""
    with beside(path) as place, place.open("w", encoding="utf-8", newline="") as file:
        file.write(text)


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a CSV file, row by row, beside its place, then move it there."""
    with beside(path) as place, place.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """A place for a file beside its own, to which it is moved once it is whole and on the disk."""
    place = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield place
        with place.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(place, path)
    except BaseException:
        place.unlink(missing_ok=True)
        raise


def _make(path: Path, made: list[Path]) -> None:
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir()
        made.append(each)
    if not path.is_dir():
        raise NotADirectoryError(0, "it is a file")


def try_to_write(folder: Path) -> None:
    """Raise an ``OSError`` if no file can be made in a folder."""
    handle, name = tempfile.mkstemp(prefix=".writable.", dir=folder)
    os.close(handle)
    os.unlink(name)


def _remove_empty(made: Sequence[Path]) -> None:
    for each in reversed(made):
        try:
            each.rmdir()
        except OSError:
            return
