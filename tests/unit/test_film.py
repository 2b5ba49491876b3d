"""What the map shows is what the event table has, and of a real place no more than `trace` tells."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from worlds import ROVERS, answering_world, lanes_world

from blo_sim import load_scenario, write_replay
from blo_sim.cli import main
from blo_sim.errors import UsageError
from blo_sim.experiment.design import make_design
from blo_sim.model.events import ARRIVE, DELIVERED, DEPART, READ, SEIZED, SENT, WORKED
from blo_sim.model.replication import replicate
from blo_sim.workshop.film import Lines, film, filmed
from blo_sim.workshop.replay import middle

SETTINGS = ["run.warmup_days=2", "run.days=30", "flows.heroin-north.volume_kg_per_year=40000"]
HOURS = (48.0, 768.0)


def shot(folder: Path, place: str = "synthetic") -> tuple[Any, dict[str, Any]]:
    """The event log of a world with everything on, and its film."""
    path = folder / f"{place}.toml"
    path.write_text((answering_world() + ROVERS).replace('"synthetic"', f'"{place}"'), encoding="utf-8")
    design = make_design([load_scenario(path, SETTINGS)], replications=1)
    lines = Lines(design.worlds[0])
    log = replicate(design.worlds[0], 7, 0, smugglers=design.smugglers[0], watch=lines)
    return log, film(design.scenarios[0], design.worlds[0], log, HOURS, lines)


def test_loads_leave_end_and_weigh_what_the_table_says(tmp_path: Path) -> None:
    log, found = shot(tmp_path)
    left = {
        log.names[event[2]]: (event[0] - HOURS[0], event[4] / 1000)
        for event in log.events
        if event[1] == DEPART and HOURS[0] <= event[0] < HOURS[1]
    }
    ended = {
        log.names[event[2]]: (event[0] - HOURS[0], "seized" if event[1] == SEIZED else "delivered")
        for event in log.events
        if event[1] in (SEIZED, DELIVERED)
    }
    assert {load["id"] for load in found["loads"]} == set(left)
    for load in found["loads"]:
        assert load["track"][0] == pytest.approx(left[load["id"]][0], abs=1e-3)
        assert load["kg"] == pytest.approx(left[load["id"]][1])
        times = load["track"][::2]
        assert times == sorted(times)
        if load["end"] != "under way":
            assert (times[-1], load["end"]) == (pytest.approx(ended[load["id"]][0], abs=1e-3), load["end"])
            assert load["end"] == ended[load["id"]][1]
        assert load["story"][0][1] in ("depart", "report", "sent")
    assert {load["end"] for load in found["loads"]} >= {"seized", "delivered"}


def test_a_load_is_at_the_post_when_it_joins_the_lanes(tmp_path: Path) -> None:
    log, found = shot(tmp_path)
    at = {site["id"]: site["at"] for site in found["sites"]}
    arrivals: dict[str, list[tuple[float, list[float]]]] = {}
    for event in log.events:
        if event[1] == ARRIVE:
            arrivals.setdefault(log.names[event[2]], []).append((event[0] - HOURS[0], at[event[3]]))
    checked = 0
    for load in found["loads"]:
        track = load["track"]
        where = {track[i]: found["points"][track[i + 1]] for i in range(0, len(track), 2)}
        for time, post in arrivals.get(load["id"], []):
            near = min(where, key=lambda known: abs(known - time))
            assert near == pytest.approx(time, abs=1e-3)
            assert where[near] == post
            checked += 1
    assert checked > 20


def test_messages_go_from_office_to_office_and_end(tmp_path: Path) -> None:
    log, found = shot(tmp_path)
    sent = [event for event in log.events if event[1] == SENT and HOURS[0] <= event[0] < HOURS[1]]
    read = {event[4]: event[0] for event in log.events if event[1] == READ}
    assert len(found["messages"]) == len(sent)
    for message, event in zip(found["messages"], sent, strict=True):
        assert message["sent"] == pytest.approx(event[0] - HOURS[0], abs=1e-3)
        assert found["sites"][message["to"]]["id"] == event[3]
        track, at = message["track"], message["from"]
        for i in range(0, len(track), 4):
            start, end, tail, head = track[i : i + 4]
            assert message["sent"] <= start <= end
            assert tail == at
            at = head
        if event[4] in read:
            assert message["end"] == pytest.approx(read[event[4]] - HOURS[0], abs=1e-3)
            assert at == message["to"]
    assert any(message["track"] for message in found["messages"])
    assert any(message["load"] >= 0 for message in found["messages"])


def test_who_watches_the_lines_changes_nothing(tmp_path: Path) -> None:
    log, _ = shot(tmp_path)
    design = make_design([load_scenario(tmp_path / "synthetic.toml", SETTINGS)], replications=1)
    assert replicate(design.worlds[0], 7, 0, smugglers=design.smugglers[0]).events == log.events


def test_lines_of_the_lanes_are_told_wherever_they_change(tmp_path: Path) -> None:
    path = tmp_path / "line.toml"
    path.write_text(lanes_world("0.1", 1, 180, {"hours": [1.0] * 24}), encoding="utf-8")
    design = make_design([load_scenario(path)], replications=1, days=5)
    world, seen = design.worlds[0], []
    replicate(world, design.seed, 0, watch=lambda run: seen.append(run.borders.lines(run.now)))
    found = filmed(design, 0, 0)
    assert len(seen) == 5 * 24
    assert {found["sites"][line[0]]["id"] for line in found["lines"]} == {post.id for post in world.posts}
    for site, *told in found["lines"]:
        number = [post.id for post in world.posts].index(found["sites"][site]["id"])
        changes, now = dict(zip(told[::2], told[1::2], strict=True)), 0
        for hour, waits in enumerate(seen):
            now = changes.pop(hour + 0.5, now)
            assert now == round(60 * waits[number])
        assert changes == {}
        assert max(told[1::2]) > 10


def test_officers_at_work_are_those_of_the_table(tmp_path: Path) -> None:
    log, found = shot(tmp_path)
    done = [
        (event[0] - event[5] - HOURS[0], event[0] - HOURS[0], event[3])
        for event in log.events
        if event[1] == WORKED and event[0] >= HOURS[0] and event[0] - event[5] < HOURS[1]
    ]
    assert len(done) > 10
    assert [(start, end, found["sites"][site]["id"]) for start, end, site in found["work"]] == [
        (pytest.approx(start, abs=1e-3), pytest.approx(end, abs=1e-3), office)
        for start, end, office in sorted(done)
    ]


def test_a_story_begins_with_how_the_load_is_hidden(tmp_path: Path) -> None:
    _, real = shot(tmp_path, "real")
    left = [line for load in real["loads"] for line in load["story"] if line[1] == "depart"]
    assert {line[4].split(" ")[0] for line in left} >= {"truck"}
    assert all(len(line[4].split(" ")) in (1, 2) for line in left)


def test_of_a_real_place_a_film_tells_no_more_than_trace(tmp_path: Path) -> None:
    _, real = shot(tmp_path, "real")
    _, made_up = shot(tmp_path)
    stories = {place: [line for load in each["loads"] for line in load["story"]]
               for place, each in (("real", real), ("made up", made_up))}  # fmt: skip
    met = {place: [line for line in lines if line[1] == "encounter"] for place, lines in stories.items()}
    assert all(line[3] is None for line in met["real"])
    assert any(line[3] for line in met["made up"])
    assert {line[4] for line in met["real"]} <= {"", "lookout", "request"}
    assert "waved through" in {line[4] for line in met["made up"]}
    assert len(met["real"]) == len(met["made up"])
    assert not {"leaked", "forgone"} & {line[1] for lines in stories.values() for line in lines}
    ways = {line[2] for line in stories["real"] if line[1] in ("depart", "diverted", "rerouted")}
    assert ways == {""}


def test_everything_has_a_place_on_the_map(tmp_path: Path) -> None:
    _, found = shot(tmp_path)
    assert all(len(site["at"]) == 2 and all(map(math.isfinite, site["at"])) for site in found["sites"])
    kinds = {site["kind"] for site in found["sites"]}
    assert {"post", "patrol", "inland", "team", "capital"} <= kinds
    assert any(site["office"] for site in found["sites"])


def test_the_run_in_the_middle_is_shown() -> None:
    assert middle([5.0, 1.0, 3.0]) == 2
    assert middle([5.0, 1.0, 3.0, 4.0]) == 2
    assert middle([2.0]) == 0


def test_command_writes_one_file_without_any_address(
    tmp_path: Path, small: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "film.html"
    command = ["replay", small, "--days", "5", "--replications", "3", "--workers", "1", "--quiet", "--out"]
    assert main([*command, str(out), "--replication", "2"]) == 0
    assert capsys.readouterr().out == f"wrote {out}: replication 2 of 3\n"
    text = out.read_text(encoding="utf-8")
    data = json.loads(text.split('id="film">')[1].split("</script>")[0])
    assert data["replication"] == 2
    assert data["run"]["runs"] == 3
    assert "src=" not in text
    assert "@import" not in text
    assert main([*command, str(tmp_path / "none" / "film.html")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert main([*command, str(tmp_path)]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main([*command, str(out), "--replication", "3"]) == 2
    assert "of 3 replications the last is 2" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == text


def test_a_title_cannot_break_out_of_the_page(tmp_path: Path, small: str) -> None:
    path, out = tmp_path / "odd.toml", tmp_path / "film.html"
    odd = "</script><script>alert(1)</script>"
    text = Path(small).read_text(encoding="utf-8")
    path.write_text(text.replace("Two made-up", odd), encoding="utf-8")
    write_replay(path, out=out, days=2, replications=1, workers=1)
    found = out.read_text(encoding="utf-8")
    assert odd not in found
    assert "\\u003c/script>" in found


def test_a_film_has_an_end(small: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at most 365"):
        write_replay(small, out=tmp_path / "film.html", days=366)
    with pytest.raises(UsageError, match="must be one of en, ru"):
        write_replay(small, out=tmp_path / "film.html", language="tj")
