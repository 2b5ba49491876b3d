"""The documentation against the code: commands, keys, measures, public names, and a tutorial that runs."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from worlds import small_world

import blo_sim
from blo_sim.cli import COMMANDS, group
from blo_sim.experiment import exchange

DOCS = Path(__file__).resolve().parents[2] / "docs"
RENEW = "renew it with `python -m docs.generate`"


@cache
def generate() -> ModuleType:
    """``docs/generate.py``, wherever the tests are started."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def squeezed(text: str) -> str:
    """Text without its line breaks and widths, which differ between versions of click."""
    return " ".join(text.split())


def shape(text: str) -> list[str]:
    """Words of an output with ``#`` for every number: digits may differ between processors, words not.

    Rules of tables follow the width of the numbers below them, so they are left out, and so are signs.
    """
    words = re.sub(r"[+-]?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?", "#", text).split()
    return [word for word in words if set(word) != {"-"}]


# Commands


def test_reference_shows_the_help_of_every_command() -> None:
    assert squeezed(page("reference/cli.md")).endswith(squeezed(generate().command_line())), RENEW


def test_the_page_of_plausible_worlds_is_of_the_shipped_ensemble() -> None:
    assert squeezed(page("plausible.md")).endswith(squeezed(generate().narrowed_ranges())), RENEW


def test_every_command_and_option_is_in_the_reference() -> None:
    text = page("reference/cli.md")
    for name in COMMANDS:
        assert f"## blo-sim {name}\n" in text
        command = group.get_command(click.Context(group), name)
        assert command is not None
        for parameter in command.params:
            for option in getattr(parameter, "opts", []):
                assert option in text or not option.startswith("-"), f"{name} {option}"


def test_every_help_ends_with_an_example() -> None:
    for name in ("", *COMMANDS):
        assert "Example: blo-sim" in generate().help_of(name).strip().split("\n")[-1]


# Keys


def test_reference_of_keys_is_that_of_the_schema() -> None:
    written = page("reference/scenario.md").partition(generate().MARK)[2]
    assert written.strip() == generate().scenario_keys().strip(), RENEW


def keys_of_json_schema() -> Iterator[tuple[str, str]]:
    from blo_sim.scenario import schema_document

    document = schema_document()
    yield from (("file", key) for key in document["properties"])
    for name, table in document["$defs"].items():
        yield from ((name, key) for key in table.get("properties", {}))


def test_every_key_of_the_json_schema_is_in_the_reference() -> None:
    keys = list(keys_of_json_schema())
    text = page("reference/scenario.md")
    missing = [key for key in keys if f"`{key[1]}`" not in text and f"[{key[1]}]" not in text]
    missing = [key for key in missing if f"`{key[1]} =" not in text]
    assert len(keys) > 150
    assert missing == []


def test_no_meaning_is_written_for_a_key_that_is_gone() -> None:
    from blo_sim.scenario import schema

    module = generate()
    for name in module.MEANINGS:
        owner, _, key = name.rpartition(".")
        table = getattr(schema, owner or "ScenarioModel")
        fields = {entry.alias or label: entry for label, entry in table.model_fields.items()}
        assert key in fields, name
        assert not fields[key].description, f"{name} has a description of its own by now"
    for name in module.TABLES:
        assert hasattr(schema, name)


# Measures


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("docs") / "small.toml"
    path.write_text(small_world(), encoding="utf-8")
    scenario = blo_sim.load_scenario(path)
    return blo_sim.compare(scenario, scenario, replications=2, days=5, workers=1, clock="dated")


def names_in(content: Any, known: set[str]) -> Iterator[str]:
    """Keys of a document, without names of scenarios and commodities."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key not in known:
                yield key
            yield from names_in(value, known)
    elif isinstance(content, list):
        for value in content:
            yield from names_in(value, known)


def test_every_measure_is_in_the_reference(compared: Any) -> None:
    text = page("reference/results.md")
    channels = {name for world in compared.design.worlds for name in exchange.channels(world)}
    places = {place for found in compared.document()["places"].values() for place in found}
    gains = {place for found in compared.document()["gain_by_place"].values() for place in found}
    known = {*compared.design.names, *compared.design.blocks(), *channels, *places, *gains}
    names = {*names_in(compared.document(), known), *compared.replications_table()[0], *compared.rows()[0]}
    assert {"kept_kg", "attribution_shift", "wait_h", "expected_ug"} <= names
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_every_cause_is_explained() -> None:
    from blo_sim.model.events import CAUSES

    told = page("reference/results.md").partition("## Causes of a seizure")[2]
    assert [cause for cause in CAUSES if f"`{cause}`" not in told] == []


# Python


def test_public_names_are_in_the_reference() -> None:
    text = page("reference/python.md")
    documented = re.findall(r"^\.\. auto(?:function|class|data):: (\w+)$", text, flags=re.MULTILINE)
    first = text.partition("## Results")[0]
    assert sorted(name for name in documented if re.search(rf":: {name}$", first, re.MULTILINE)) == sorted(
        blo_sim.__all__
    )


# Links and the tutorial


def test_links_lead_somewhere() -> None:
    for path in sorted(DOCS.rglob("*.md")):
        if "_build" in path.parts:
            continue
        for target in re.findall(r"\]\((?!http)([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


def test_every_page_is_reachable_from_the_index() -> None:
    listed = set(re.findall(r"^([\w/]+)$", page("index.md"), flags=re.MULTILINE))
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    pages = {name for name in pages if not name.startswith(("decisions/0", "_build")) and name != "index"}
    assert pages == listed


COMMANDS_OF_TUTORIAL = [
    command for block in generate().blocks(page("tutorial.md")) for command, _ in block.steps
]


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, str]]:
    """Its commands in order, with what is printed there and what they print; later ones need earlier ones."""
    return list(generate().played(page("tutorial.md"), tmp_path_factory.mktemp("tutorial")))


def test_the_tutorial_has_commands() -> None:
    assert len(COMMANDS_OF_TUTORIAL) >= 10


@pytest.mark.parametrize("number", range(len(COMMANDS_OF_TUTORIAL)))
def test_tutorial_runs_and_prints_what_it_shows(tutorial: list[tuple[str, str, str]], number: int) -> None:
    command, shown, printed = tutorial[number]
    assert command == COMMANDS_OF_TUTORIAL[number]
    assert shape(generate().cut(shown, printed)) == shape(shown), f"{command}: {RENEW}"


def test_files_named_in_the_pages_exist() -> None:
    root = DOCS.parent
    for name in ("docs/validation.md", "docs/model.md", "CONTRIBUTING.md", "README.md"):
        text = (root / name).read_text(encoding="utf-8")
        paths = re.findall(r"`((?:src|tests|docs|benchmarks|scenarios|\.ci)/[\w./-]*)`", text)
        assert [path for path in paths if not (root / path).exists()] == [], name
