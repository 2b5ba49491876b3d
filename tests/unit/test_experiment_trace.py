from __future__ import annotations

from pathlib import Path

import pytest
from runs import load, log_of
from worlds import small_world

from blo_sim import load_scenario
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.experiment.trace import BOTH, Speaker, trace
from blo_sim.model.events import KINDS, MECHANISMS, TAKEN, Event


def test_default_is_the_first_whose_fate_differs(small: str, without: str) -> None:
    told = trace(without, against=small)
    assert told.chosen == "the first whose fate differs"
    assert told.worlds == ("without", "small")
    ends = {fate.split()[0] for fate in told.fates.values()}
    assert ends == {"seized", "delivered"}
    assert [line.moment for line in told.lines] == sorted(line.moment for line in told.lines)
    assert told.lines[0].world == BOTH
    assert told.lines[0].text.startswith("leaves origin for market with ")
    for world, fate in told.fates.items():
        last = [line.text for line in told.lines if line.world in (world, BOTH)]
        assert any(text.startswith(fate.split()[0].upper()) for text in last)


def test_default_in_one_world_is_the_first_seized(small: str) -> None:
    told = trace(small)
    assert told.chosen == "the first seized"
    assert told.fates["small"].startswith("seized at ")
    assert all(line.world == BOTH for line in told.lines)


def test_a_world_against_itself_differs_in_nothing(small: str) -> None:
    told = trace(small, against=load_scenario(small))
    assert told.worlds == ("small",)


def test_an_unknown_id_is_answered_with_one_that_exists(
    small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        trace(small, consignment="heroin-north.boat:1")
    known = str(caught.value).split("'")[-2]
    assert trace(small, consignment=known).consignment == known
    assert main(["trace", small, "--consignment", "heroin-north.boat:1"]) == 2
    assert known in capsys.readouterr().err


def test_replications_tell_other_stories(small: str) -> None:
    assert trace(small, replication=0).lines != trace(small, replication=1).lines


def test_command_prints_both_worlds(small: str, without: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", without, "--against", small, "--days", "10"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Consignment ")
    assert "  in without: " in out
    assert "  in small: " in out
    assert "simulated load" not in out
    assert "seized with probability" in out


def test_a_real_place_is_labelled_as_simulated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "real.toml"
    path.write_text(small_world().replace('place = "synthetic"', 'place = "real"'), encoding="utf-8")
    assert main(["trace", str(path), "--days", "10"]) == 0
    out = capsys.readouterr().out
    assert "A simulated load with judged parameters" in out
    assert "probability" not in out


SENTENCES = {
    "withheld": "  the message to bridge, BB post is withheld by an office on its way",
    "merged": "  the message to bridge, BB post is not needed: as new a lookout stands there",
    "carried": "    goes on to bridge, BB post by note, 30 min",
    "taken": "    an officer at bridge, BB post takes it up, 30 min after it came",
    "worked": "    the officer at bridge, BB post is done with it after 30 min",
    "leaked": "    LEAKED at bridge, BB post: its owner is warned",
    "rerouted": "warned, turns back before bridge, BB post and takes another way",
    "waited": "warned, waits 30 min before bridge, BB post",
    "held": "was held at bridge, BB post for an answer, 30 min",
    "mistaken": "  a lawful vehicle is searched at bridge, BB post in its place, 30 min in the bay",
}


def speaker(place: str) -> Speaker:
    return Speaker(load(small_world().replace('place = "synthetic"', f'place = "{place}"')))


def said(kind: str, note: str = "note", place: str = "synthetic") -> str:
    event = Event(1.0, KINDS.index(kind), 0, "bridge-bb", 7, 0.5, note)
    return speaker(place).say(kind, event, "heroin-north", 2.0)


def test_what_offices_do_in_words() -> None:
    assert {kind: said(kind) for kind in SENTENCES} == SENTENCES


def test_every_kind_of_event_has_a_sentence() -> None:
    for kind in KINDS:
        if kind not in ("depart", "diverted", "deterred"):
            notes = MECHANISMS if kind == "forgone" else ("note",)
            assert all("bridge, BB post" in said(kind, note) for note in notes)


def test_for_a_real_place_nothing_names_a_weak_shift_or_desk() -> None:
    assert said("encounter", "waved through").endswith(", a compromised shift waves it through")
    assert said("encounter", "waved through", "real") == said("encounter", "", "real")
    assert said("encounter", "request", "real").endswith(", an answer told of it")
    assert speaker("synthetic").tells("leaked")
    assert speaker("synthetic").tells("forgone")
    assert not speaker("real").tells("leaked")
    assert not speaker("real").tells("forgone")


DESK = """
[[desks]]
id = "slow"
officers = 1
service_h = 0.5
"""


def test_a_story_with_desks_tells_every_step(tmp_path: Path) -> None:
    text = (small_world() + DESK).replace('id = "capital-bb"\n', 'id = "capital-bb"\ndesk = "slow"\n')
    path = tmp_path / "desks.toml"
    path.write_text(text, encoding="utf-8")
    log = log_of(text)
    asked = next(event.consignment for event in log.rows() if event.kind == TAKEN)
    lines = [line.text for line in trace(path, consignment=log.names[asked]).lines]
    assert "    the officer at capital-bb is done with it after 30 min" in lines
    for words in ("    goes on to capital-bb by ", "    an officer at capital-bb takes it up, "):
        assert any(line.startswith(words) for line in lines)
