from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

import blo_sim
from blo_sim import cli
from blo_sim.errors import SimulationError, UsageError

ROOT = Path(__file__).parents[2]


def raising(error: BaseException) -> click.Command:
    @click.command("fails")
    def fails() -> None:
        raise error

    return fails


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> object:
    def call(error: BaseException) -> int:
        monkeypatch.setattr(cli.LazyGroup, "get_command", lambda *_: raising(error))
        return cli.main(["fails"])

    return call


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (UsageError("this is wrong"), 2, "Error: this is wrong\n"),
        (SimulationError("it broke"), 1, "Error: it broke\n"),
        (
            ZeroDivisionError("by zero"),
            1,
            "Error: ZeroDivisionError: by zero (BLO_SIM_DEBUG=1 shows where)\n",
        ),
        (KeyboardInterrupt(), 130, "\nInterrupted: nothing was finished.\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(failing, capsys, monkeypatch, error, code, message) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("BLO_SIM_DEBUG", raising=False)
    assert failing(error) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err == message


def test_tracebacks_only_for_who_asks(failing, capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("BLO_SIM_DEBUG", "1")
    assert failing(ZeroDivisionError("by zero")) == 1
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_unknown_commands_and_options_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["simulate"]) == 2
    assert "No such command" in capsys.readouterr().err
    assert cli.main(["run", "x", "--map", "x"]) == 2
    assert "No such option" in capsys.readouterr().err


def test_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == blo_sim.__version__
    assert cli.main(["--version"]) == 0
    assert blo_sim.__version__ in capsys.readouterr().out


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_help_ends_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    last = capsys.readouterr().out.strip().splitlines()[-1]
    assert last.strip().startswith(f"Example: blo-sim {name}")


def test_help_imports_nothing_heavy() -> None:
    heavy = ("numba", "numpy", "scipy", "networkx", "simpy", "pydantic", "multiprocessing")
    script = (
        "import sys\nfrom blo_sim.cli import main\ncode = main(['--help'])\n"
        f"assert code == 0\nprint([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"
    assert all(name in done.stdout for name in cli.COMMANDS)


def test_a_reader_that_goes_away_causes_no_noise() -> None:
    script = "import sys\nfrom blo_sim.cli import main\nsys.exit(main(['--help']))"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait() == 1


def test_public_names_are_those_listed_and_load_lazily() -> None:
    for name in blo_sim.__all__:
        assert getattr(blo_sim, name) is not None
    assert set(blo_sim.__all__) <= set(dir(blo_sim))
    with pytest.raises(AttributeError, match="has no attribute 'simulator'"):
        blo_sim.simulator  # noqa: B018
    script = "import sys, blo_sim\nprint([n for n in ('numpy', 'pydantic', 'click') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
