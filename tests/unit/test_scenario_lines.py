"""Lines of headers and keys in a TOML text."""

from __future__ import annotations

import tomllib

from worlds import small_world

from blo_sim.scenario.lines import line_numbers, line_of

TEXT = '''\
title = "x"
note = """
days = 3
[[rows]] "" ""
"""
raw = \'\'\'
a = 1 \'\' \'\'\'

[run] # days
days = 3  # [ not open
"quoted key" = "{ ["
a.b = 1

[[rows]]
id = "one"
list = [
  "x = 1",  # ]
  [1, 2],
]
after = 1

[rows.part]
deep = 2

[[rows]]
id = "two"

[rows.part]
deep = 3

[[rows]]
nameless = true
'''


def test_every_form_of_key() -> None:
    lines = line_numbers(TEXT, tomllib.loads(TEXT))
    assert lines == {
        ("title",): 1,
        ("note",): 2,
        ("raw",): 6,
        ("run",): 9,
        ("run", "days"): 10,
        ("run", "quoted key"): 11,
        ("run", "a", "b"): 12,
        ("rows", "one"): 14,
        ("rows", "one", "id"): 15,
        ("rows", "one", "list"): 16,
        ("rows", "one", "after"): 20,
        ("rows", "one", "part"): 22,
        ("rows", "one", "part", "deep"): 23,
        ("rows", "two"): 25,
        ("rows", "two", "id"): 26,
        ("rows", "two", "part"): 28,
        ("rows", "two", "part", "deep"): 29,
        ("rows", 2): 31,
        ("rows", 2, "nameless"): 32,
    }


def test_the_nearest_line() -> None:
    lines = line_numbers(TEXT, tomllib.loads(TEXT))
    assert line_of(lines, ("rows", "one", "list", 1, 0)) == 16
    assert line_of(lines, ("rows", "two", "missing")) == 25
    assert line_of(lines, ("nowhere",)) == 0


def test_a_whole_scenario() -> None:
    text = small_world()
    lines = line_numbers(text, tomllib.loads(text))
    source = text.split("\n")
    for key, number in lines.items():
        assert str(key[-1]) in source[number - 1] or source[number - 1].startswith("[[")
    assert source[lines["legs", "north-market", "km"] - 1] == "km = 300"
