"""The workshop's server: bounded orders, known files, no way out of the machine or into its files."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import PATIENCE, until
from worlds import small_world

from blo_sim import compare, load_scenario
from blo_sim.cli import main
from blo_sim.errors import ScenarioError, UsageError
from blo_sim.experiment.compare import CompareResult
from blo_sim.workshop import server
from blo_sim.workshop.form import fields
from blo_sim.workshop.jobs import DONE, FAILED, Order, World, answer_of, carried_out, order_of
from blo_sim.workshop.lessons import LANGUAGES, lessons, read_lesson
from blo_sim.workshop.uploads import LARGEST, as_file, read_upload

testclient = pytest.importorskip("starlette.testclient")
BRIDGES = ("two-bridges", "two-bridges-office")
SHORT = {"days": 3, "replications": 2}
HERE = "http://127.0.0.1:8013"


@pytest.fixture
def workshop() -> Iterator[server.Workshop]:
    found = server.Workshop(BRIDGES)
    yield found
    found.jobs.close()


@pytest.fixture
def client(workshop: server.Workshop) -> Iterator[Any]:
    with testclient.TestClient(workshop.app(), base_url=HERE) as found:
        yield found


def two(**more: Any) -> dict[str, Any]:
    return {"worlds": [{"scenario": name} for name in BRIDGES], **SHORT, **more}


def events(client: Any, number: int) -> list[dict[str, Any]]:
    """All events of a run, to its end."""
    text = client.get(f"/api/runs/{number}/progress").text
    return [json.loads(line.removeprefix("data: ")) for line in text.split("\n\n") if line]


# What it hands out ----------------------------------------------------------------------------------


def test_the_page_and_all_that_it_names_are_there_and_nothing_else(client: Any) -> None:
    page = client.get("/").text
    named = [part.split('"')[0] for part in page.split('"/static/')[1:]]
    assert len(named) > 6
    for name in [*named, "borders.json"]:
        assert name in server.FILES
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert answer.content
    ways = ("../jobs.py", "..%2fjobs.py", "%2e%2e/jobs.py", "/etc/passwd", "vendor/../page.html")
    for name in (*ways, "page.html", "vendor/"):
        assert client.get(f"/static/{name}").status_code == 404


@pytest.mark.parametrize("path", ["/", "/static/player.js", "/api/start", "/api/runs/9", "/none"])
def test_every_answer_has_the_strict_policy(client: Any, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8013", "127.0.0.1.evil.example", "0.0.0.0"])
def test_another_name_for_this_machine_is_refused(workshop: server.Workshop, host: str) -> None:
    """DNS rebinding: a page of another site that has its own name point here."""
    app = workshop.app()
    with testclient.TestClient(app, base_url=f"http://{host}") as client:
        for path in ("/", "/api/start", "/static/player.js"):
            answer = client.get(path)
            assert answer.status_code == 400
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_page_of_another_site_cannot_give_orders(client: Any, workshop: server.Workshop) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8013"):
        answer = client.post("/api/runs", json=two(), headers={"Origin": origin})
        assert answer.status_code == 403
    assert not workshop.jobs.jobs
    own = client.post("/api/form", json={"scenario": BRIDGES[0]}, headers={"Origin": HERE})
    assert own.status_code == 200


# Runs -----------------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_a_run_gives_the_answer_of_compare_and_tells_how_far_it_is(client: Any) -> None:
    number = client.post("/api/runs", json=two()).json()["id"]
    told = events(client, number)
    assert [each["state"] for each in told][-1] == DONE
    assert all(each["state"] == "running" for each in told[:-1])
    done = [each["done"] for each in told]
    assert done == sorted(done)
    assert (told[-1]["done"], told[-1]["total"]) == (6, 6)
    found = client.get(f"/api/runs/{number}").json()
    result = compare(*BRIDGES, days=3, replications=2, workers=1)
    gain = result.document()["commodities"]["contraband"]["gains"][BRIDGES[1]]
    assert found["answer"]["kept"]["kg"] == gain["kept_kg"]["mean"]
    assert found["answer"]["intercepted"]["kg"] == gain["intercepted_kg"]["mean"]
    assert found["run"]["runs"] == 2
    film = client.get(f"/api/runs/{number}/film").json()
    assert [world["scenario"] for world in film["worlds"]] == list(BRIDGES)
    assert (film["replication"], film["run"]) == (0, None)
    assert client.get("/api/runs/99/film").status_code == 404


@pytest.mark.no_cover
def test_one_run_at_a_time_which_can_be_cancelled_and_leaves_no_process(
    client: Any, workshop: server.Workshop
) -> None:
    number = client.post("/api/runs", json=two(days=180, replications=40)).json()["id"]
    job = workshop.jobs.jobs[number]
    until(lambda: job.total)
    refused = client.post("/api/runs", json=two())
    assert refused.status_code == 422
    assert "another run is under way" in refused.json()["error"]
    children = children_of(job.process.pid)
    assert client.post(f"/api/runs/{number}/cancel").json() == {"state": "cancelled"}
    assert events(client, number)[-1]["state"] == "cancelled"
    assert client.get(f"/api/runs/{number}").status_code == 409
    until(lambda: not any(alive(each) for each in [job.process.pid, *children]))
    again = client.post("/api/runs", json=two()).json()["id"]
    assert events(client, again)[-1]["state"] == DONE


@pytest.mark.no_cover
def test_a_server_that_ends_leaves_no_process(workshop: server.Workshop) -> None:
    """Neither that of a run that is just done nor that which compiles at the start."""
    before = set(multiprocessing.active_children())
    with testclient.TestClient(workshop.app(), base_url=HERE) as client:
        assert workshop.jobs.compiling.is_alive()
        number = client.post("/api/runs", json=two()).json()["id"]
        assert events(client, number)[-1]["state"] == DONE
    assert set(multiprocessing.active_children()) <= before


@pytest.mark.no_cover
def test_a_run_that_dies_says_so(client: Any, workshop: server.Workshop) -> None:
    number = client.post("/api/runs", json=two(days=180, replications=40)).json()["id"]
    job = workshop.jobs.jobs[number]
    until(lambda: job.total)
    os.kill(job.process.pid, signal.SIGKILL)
    told = events(client, number)
    assert told[-1]["state"] == FAILED
    assert "ended without a result" in told[-1]["error"]


def children_of(process: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[1]) == process:
            found.append(int(path.parent.name))
    return found


def alive(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": 0}, "days is 0; must be a whole number from 1 to 180"),
        ({"days": 181}, "days is 181"),
        ({"days": True}, "days is True"),
        ({"days": 1.5}, "days is 1.5"),
        ({"replications": 41}, "replications is 41; must be a whole number from 1 to 40"),
        ({"replications": None}, "replications is None"),
        ({"worlds": []}, "worlds must be a list of one or two"),
        ({"worlds": [{"scenario": "k22-baseline"}]}, "there is no scenario 'k22-baseline'"),
        ({"worlds": [{"scenario": "../../etc/passwd"}]}, "there is no scenario"),
        ({"worlds": [{"scenario": BRIDGES[0], "set": "x"}]}, "set must be a list"),
        ({"worlds": [{"scenario": BRIDGES[0], "set": ["a=1"] * 201}]}, "at most 200"),
        ({"worlds": [{"scenario": BRIDGES[0], "set": ["a=" + "1" * 500]}]}, "short texts"),
        ({"worlds": [{"scenario": BRIDGES[0], "set": ["ensemble=/etc/passwd"]}]}, "ensemble cannot be set"),
        ({"behaviour": "clever"}, "behaviour is 'clever'"),
        ({"language": "tj"}, "must be en or ru"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_an_order_out_of_bounds_is_refused_with_the_bounds(
    client: Any, workshop: server.Workshop, change: dict[str, Any], said: str
) -> None:
    answer = client.post("/api/runs", json=two(**change))
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert not workshop.jobs.jobs


def test_what_is_no_json_or_too_large_is_refused(client: Any) -> None:
    assert client.post("/api/runs", content=b"{").status_code == 400
    assert client.post("/api/runs", content=b"[]").status_code == 422
    assert client.post("/api/runs", content=b"[" * 100_000).status_code in (400, 422)
    large = client.post("/api/runs", content=b" " * 200_001)
    assert large.status_code == 422
    assert "more than 200,000 bytes" in large.json()["error"]


def test_wrong_values_of_a_world_fail_with_key_and_limit() -> None:
    with pytest.raises(ScenarioError, match=r"components\.desk"):
        carried_out(Order((World(BRIDGES[1], ("offices.blo-east.components.desk=99",)),), 1, 1))


@pytest.mark.no_cover
def test_one_world_alone_has_a_film_and_no_answer() -> None:
    told: list[tuple[int, int]] = []
    films: list[dict[str, Any]] = []
    order = Order((World(BRIDGES[0]),), 2, 1)
    found = carried_out(order, lambda *each: told.append(each), films.append)
    assert found["answer"] is None
    assert found["run"]["runs"] == 1
    assert [len(film["worlds"]) for film in films] == [1]
    assert told[-1] == (1, 1)


def test_the_answer_in_per_cent_is_of_what_the_first_world_intercepts() -> None:
    result = compare(*BRIDGES, days=20, replications=3, workers=1)
    assert isinstance(result, CompareResult)
    found = answer_of(result)
    before = result.document()["commodities"]["contraband"]["measures"][BRIDGES[0]]["intercepted_kg"]["mean"]
    assert found["before_kg"] == before > 0
    for name in ("intercepted", "kept"):
        assert found[name]["percent"] == pytest.approx(100 * found[name]["kg"] / before)
        low, high = found[name]["percent_interval"]
        assert low < found[name]["percent"] < high
    assert found["unchanged_kg"] + found["response_kg"] == pytest.approx(found["kept"]["kg"])
    travellers = [result.document()["lawful"][name] for name in BRIDGES]
    assert [each["wait_min"] for each in found["lawful"]] == [
        60 * each["wait_h"]["mean"] for each in travellers
    ]
    assert [each["searched_percent"] for each in found["lawful"]] == [
        100 * each["searched_share"]["mean"] for each in travellers
    ]


# Forms and files ------------------------------------------------------------------------------------


def test_the_form_has_the_keys_of_the_scenario_with_the_limits_of_the_schema(client: Any) -> None:
    found = client.post("/api/form", json={"scenario": BRIDGES[1]}).json()
    by_key = {field["key"]: field for field in found["fields"]}
    desk = by_key["offices.blo-east.components.desk"]
    assert (desk["kind"], desk["value"], desk["least"], desk["most"]) == ("whole", 0, 0, 20)
    assert by_key["offices.blo-east.components.link"]["kind"] == "switch"
    assert by_key["offices.blo-east.full_effect"]["most"] == 1.0
    assert "fixed" in by_key["behaviour"]["choices"]
    assert found["problems"] == []
    assert any("busiest lanes at" in note for note in found["notes"])


@pytest.mark.parametrize("name", ["two-bridges-office", "overload", "k22-extension"])
def test_every_field_of_a_form_can_be_set_to_what_it_is(name: str) -> None:
    scenario = load_scenario(name)
    settings = [
        f"{field['key']}={str(field['value']).lower() if field['kind'] == 'switch' else field['value']}"
        for field in fields(scenario)
        if field["value"] != "" and field["group"] != "delays"
    ]
    assert settings
    assert load_scenario(name, settings).model == scenario.model
    delays = [f"{field['key']}=3.5" for field in fields(scenario) if field["group"] == "delays"]
    changed = load_scenario(name, delays).model
    found = [channel.delay_h.mean for channel in changed.channels]
    assert set(found) <= {3.5}
    assert bool(delays) == (changed != scenario.model)


def test_overloaded_posts_are_shown_before_the_run(client: Any) -> None:
    sent = {"scenario": BRIDGES[0], "set": ["crossings.east.daily.truck=100000"]}
    found = client.post("/api/form", json=sent).json()
    assert any("load in the busiest month" in each["message"] for each in found["problems"])
    wrong = client.post("/api/form", json={"scenario": BRIDGES[0], "set": ["flows.none.volume=1"]}).json()
    assert wrong["problems"][0]["key"] == "flows.none.volume"


def test_a_world_is_saved_whole_sent_back_and_is_the_same(client: Any, workshop: server.Workshop) -> None:
    changes = ["offices.blo-east.components.training=0.25"]
    text = client.post("/api/file", json={"scenario": BRIDGES[1], "set": changes}).json()["text"]
    tomllib.loads(text)
    sent = client.post("/api/scenario", json={"file": "mine.toml", "text": text})
    assert sent.json()["scenario"] == "mine.toml"
    assert "mine.toml" in client.get("/api/start").json()["scenarios"]
    mine = World("mine.toml", (), workshop.uploads["mine.toml"]).load()
    assert mine.sha256 == load_scenario(BRIDGES[1], changes).sha256
    again = client.post("/api/form", json={"scenario": "mine.toml", "set": ["run.days=7"]}).json()
    assert again["problems"] == []


def test_the_region_is_saved_as_one_file() -> None:
    text = as_file(load_scenario("k22-extension"))
    assert read_upload("region.toml", text.encode()).sha256 == load_scenario("k22-extension").sha256


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("x.toml", b"title = ", "x.toml: is not TOML"),
        ("x.toml", b"\xff\xfe", "is not a text in UTF-8"),
        ("x.toml", b"#" * (LARGEST + 1), "at most 1,000,000"),
        ("x.toml", b'extends = "../../etc/passwd"', "can name bundled ones only"),
        ("x.toml", b'extends = "/etc/hosts"', "can name bundled ones only"),
        ("x.toml", b'ensemble = "/etc/hosts"', "can name bundled ones only"),
        ("../x.toml", b"", "must end with .toml and have letters"),
        ("x/y.toml", b"", "must end with .toml and have letters"),
        ("x.txt", b"", "must end with .toml"),
        ("x.toml", b'extends = ["k22-baseline"]', "extends"),
    ],
)
def test_files_that_are_broken_or_reach_for_others_are_refused(file: str, content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        read_upload(file, content)


def test_problems_of_a_file_that_is_sent_name_it_and_its_lines_and_no_path(client: Any) -> None:
    text = small_world().replace('place = "synthetic"', 'place = "synthetic"\nplaec = "real"')
    answer = client.post("/api/scenario", json={"file": "mine.toml", "text": text})
    assert answer.status_code == 422
    assert "mine.toml:" in answer.json()["error"]
    assert "plaec" in answer.json()["error"]
    assert "/tmp" not in answer.json()["error"]


def test_so_many_files_and_no_more(client: Any) -> None:
    text = small_world()
    for number in range(server.MOST_UPLOADS):
        assert client.post("/api/scenario", json={"file": f"w{number}.toml", "text": text}).status_code == 200
    assert "start the workshop again" in client.post(
        "/api/scenario", json={"file": "more.toml", "text": text}
    ).json()["error"]
    assert client.post("/api/scenario", json={"file": "w1.toml", "text": text}).status_code == 200


# Lessons --------------------------------------------------------------------------------------------


def test_five_lessons_come_with_the_program_in_both_languages() -> None:
    found = lessons()
    assert [each.id for each in found] == ["queue", "race", "hub-or-mesh", "false-tips", "displacement"]
    for lesson in found:
        for text in lesson.texts.values():
            assert set(text) == set(LANGUAGES)
            assert all(len(each) > 3 for each in text.values())
        for name, overrides in lesson.worlds:
            load_scenario(name, overrides)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("lesson", "low", "high"),
    [
        ("queue", 10, 60),
        ("race", 10, 50),
        ("hub-or-mesh", -40, -3),
        ("false-tips", 10, 60),
        ("displacement", 15, 100),
    ],
)
def test_a_lesson_comes_out_as_its_explanation_says(lesson: str, low: float, high: float) -> None:
    """And its interval decides for one choice, so that the room is told something."""
    found = next(each for each in lessons() if each.id == lesson)
    worlds = tuple(World(*each) for each in found.worlds)
    answer = carried_out(Order(worlds, found.days, found.replications))["answer"]
    gain = answer[found.measure]
    assert low < gain["percent_interval"][0] <= gain["percent_interval"][1] < high
    for choice in found.choices:
        if choice.low <= gain["percent"] < choice.high:
            assert all(choice.low <= end < choice.high for end in gain["percent_interval"])
    if lesson == "displacement":
        assert -answer["response_kg"] > 0.5 * answer["unchanged_kg"]


LESSON = """
measure = "kept"
days = 5
replications = 2
title = { en = "a", ru = "b" }
text = { en = "a", ru = "b" }
question = { en = "a", ru = "b" }
explanation = { en = "a", ru = "b" }
next = { en = "a", ru = "b" }
baseline = { scenario = "two-bridges" }
alternative = { scenario = "two-bridges-office" }
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('measure = "kept"', 'measure = "saved"', "measure: is 'saved'; must be one of intercepted, kept"),
        ("days = 5", "days = 500", "days: is 500; must be a whole number from 1 to 180"),
        ('next = { en = "a", ru = "b" }', 'next = "a"', "next: must be a table with texts en, ru"),
        ('baseline = { scenario = "two-bridges" }', "", "baseline: must be a table"),
        ("days = 5", "days = 5\ndayz = 6", "dayz: is no key of a lesson"),
        ("days = 5", "days = ", "not TOML"),
    ],
)
def test_a_broken_lesson_is_named_with_key_and_what_would_be_right(old: str, new: str, said: str) -> None:
    assert read_lesson("9-mine.toml", LESSON).id == "mine"
    with pytest.raises(UsageError) as caught:
        read_lesson("9-mine.toml", LESSON.replace(old, new))
    assert str(caught.value).startswith("9-mine.toml: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ([(None, 0), (1, None)], "leave no gap"),
        ([(None, 0), (0, 5)], "highest no high"),
        ([(3, 1)], "low must be less"),
    ],
)
def test_choices_cover_all_answers(ranges: list[tuple[float | None, float | None]], said: str) -> None:
    text = LESSON
    for low, high in ranges:
        text += "[[choices]]\ntext = { en = 'a', ru = 'b' }\n"
        text += "" if low is None else f"low = {low}\n"
        text += "" if high is None else f"high = {high}\n"
    with pytest.raises(UsageError, match=said):
        read_lesson("9-mine.toml", text)


# The command ----------------------------------------------------------------------------------------


@pytest.mark.no_cover
def test_the_command_serves_until_it_is_told_to_stop_and_frees_the_port(small: str) -> None:
    from urllib.request import urlopen

    options = ["--port", "0", "--no-browser"]
    command = [sys.executable, "-m", "blo_sim", "workshop", small, "two-bridges", *options]
    pipe = subprocess.PIPE
    program = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    try:
        assert program.stdout is not None
        address = program.stdout.readline().split(" at ")[1].split()[0]
        assert address.startswith("http://127.0.0.1:")
        with urlopen(f"{address}api/start", timeout=PATIENCE) as answer:
            assert json.load(answer)["scenarios"] == ["two-bridges", "small"]
        program.send_signal(signal.SIGINT)
        assert program.wait(15) == 0
        port = int(address.split(":")[2].strip("/"))
        server.listening(port).close()
    finally:
        program.kill()
        program.communicate()


def test_a_port_that_is_taken_is_a_clear_error(capsys: pytest.CaptureFixture[str]) -> None:
    taken = server.listening(0)
    taken.listen()
    port = taken.getsockname()[1]
    try:
        assert main(["workshop", "two-bridges", "--port", str(port), "--no-browser"]) == 2
        assert f"--port {port}: cannot be used" in capsys.readouterr().err
    finally:
        taken.close()
    assert main(["workshop", "no-such-world", "--no-browser"]) == 2


def test_without_starlette_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.startswith("starlette")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "blo_sim.workshop.server", raising=False)
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert main(["workshop", "two-bridges", "--no-browser"]) == 2
    assert "pip install 'blo-sim[workshop]'" in capsys.readouterr().err


def test_orders_are_read_whole() -> None:
    sent = two(behaviour="fixed", seed=5, language="ru")
    sent["worlds"][1]["set"] = ["run.days=9"]
    order = order_of(sent, {})
    assert order == Order((World(BRIDGES[0]), World(BRIDGES[1], ("run.days=9",))), 3, 2, 5, "fixed", "ru")
