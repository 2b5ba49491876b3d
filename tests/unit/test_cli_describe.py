from __future__ import annotations

import pytest

from blo_sim import load_scenario
from blo_sim.cli import main
from blo_sim.scenario.describe import describe


def test_sums_are_those_of_the_file(small: str) -> None:
    sections = {each.title: each for each in describe(load_scenario(small))}
    world = {row[0]: row[1:] for row in sections["World"].rows}
    assert world["crossings"] == ("1 open, 0 closed", "1")
    assert world["lawful crossings a year"] == ("truck 73,000, car 109,500", "182,500")
    flows = {row[0]: row[1:] for row in sections["Flows"].rows}
    assert flows["heroin"] == ("road 70 %, foot 30 %", "20,000", "1,450", "1")
    (office,) = sections["Border Liaison Offices"].rows[:1]
    assert office[:4] == ("blo-bridge", "2013-02-01", "5 + 10", "100 %")
    judged = {row[0]: row[1:] for row in sections["Judged parameters that many values share"].rows}
    assert judged["d_prime_road"] == ("0.5", "0 to 1", "made up")
    grades = {row[0]: int(row[2]) for row in sections["Assumptions by grade"].rows}
    assert grades["judged"] > 10


def test_command_prints_every_section_in_110_columns(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", small, "--set", "flows.heroin-north.volume_kg_per_year=1234"]) == 0
    out = capsys.readouterr().out
    for title in ("World", "Borders", "Flows", "Border Liaison Offices", "Channels", "Assumptions"):
        assert f"\n{title}" in out
    assert "1,234" in out
    assert max(len(line) for line in out.splitlines()) <= 110
