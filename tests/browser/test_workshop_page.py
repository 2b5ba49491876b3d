"""The workshop in a real browser: guess, lock, play, reveal; worlds of one's own; all on this machine."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from waiting import until, until_on
from worlds import small_world

from blo_sim.workshop import server

uvicorn = pytest.importorskip("uvicorn")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    socket = server.listening(0)
    config = uvicorn.Config(
        server.Workshop(("two-bridges", "two-bridges-office", "overload")).app(), log_level="warning"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [socket]})
    thread.start()
    until(lambda: running.started)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}/"
    running.should_exit = True
    thread.join(20)
    socket.close()
    assert not thread.is_alive()


@pytest.fixture
def page(watched: Any, address: str) -> Iterator[Any]:
    watched.page.goto(address)
    watched.page.locator("[data-lesson]").first.wait_for()
    yield watched.page
    assert watched.complaints == []
    assert all(url.startswith((address, "data:", "blob:")) for url in watched.requests)


def reveal(page: Any) -> None:
    """Ask for the answer, which is there some time after the film."""
    until_on(page, lambda: page.locator("#reveal").is_visible())
    page.click("#reveal")


def text(page: Any, where: str) -> str:
    found: str = page.locator(where).inner_text()
    return found


def own_worlds(page: Any, days: int = 5, runs: int = 2) -> None:
    page.click("#free")
    page.locator("#form fieldset").first.wait_for()
    page.fill("#days", str(days))
    page.fill("#replications", str(runs))


def test_it_opens_with_the_first_lesson_and_all_of_them_to_choose(page: Any) -> None:
    assert page.locator("[data-lesson]").count() == 5
    assert page.title() == "blo_sim workshop"
    assert text(page, "#lesson-title") == "1. Queue and capacity"
    assert page.locator("#film-box").is_hidden()
    assert page.locator("#answer").is_hidden()


def test_guess_lock_play_reveal(page: Any) -> None:
    page.click("[data-lesson=displacement]")
    assert page.locator("input[name=guess]").count() == 4
    page.click("#lock")
    assert page.locator("#working").is_hidden(), "nothing runs without a guess"
    page.locator("input[name=guess]").nth(3).check()
    page.click("#lock")
    assert page.locator("input[name=guess]").first.is_disabled()
    assert "Locked: Nearly all of it." in text(page, "#locked")
    until_on(page, lambda: page.locator("#film-box").is_visible())
    assert page.locator("#answer").is_hidden(), "the answer waits until it is asked for"
    until_on(page, lambda: float(page.locator("#slider").input_value()) > 1)
    assert page.locator("input[name=guess]").first.is_disabled()
    reveal(page)
    assert "It came out otherwise: Some of it" in text(page, "#answer-verdict")
    assert "95 % interval" in text(page, "#answer-numbers")
    assert "smugglers' answer changes that by -" in text(page, "#answer-numbers")
    assert text(page, "#answer-why").startswith("Why: The lorries move")
    labels = page.locator("#answer-picture text").all_text_contents()
    found = re.findall(r"[+-][0-9.]+ %", text(page, "#answer-numbers"))
    assert labels == ["0 %", f"answer with interval: {found[0]}"]
    page.click("[data-language=ru]")
    assert "Вышло иначе" in text(page, "#answer-verdict")
    assert text(page, "#answer-why").startswith("Почему: Грузовики")
    assert page.locator("input[name=guess]").first.is_disabled()


def test_a_number_is_guessed_too(page: Any) -> None:
    page.click("[data-lesson=false-tips]")
    page.fill("input[name=guess]", "10")
    page.click("#lock")
    reveal(page)
    verdict = text(page, "#answer-verdict")
    assert verdict.startswith("You said 10 %, the simulation says ")
    assert 15 < float(verdict.split("says ")[1].split(" %")[0]) < 35
    assert page.locator("#answer-picture text").last.text_content() == "guess: +10 %"


def test_a_changed_world_is_run_and_the_address_remembers_it(page: Any, address: str) -> None:
    own_worlds(page)
    assert page.locator("#b").input_value() == "two-bridges-office"
    training = page.locator("[data-key='offices.blo-east.components.training']")
    training.fill("0.25")
    training.press("Tab")
    label = page.locator("label:has([data-key$=training])")
    until_on(page, lambda: "changed" in str(label.get_attribute("class")))
    assert "training" in page.url
    page.click("#run")
    until_on(page, lambda: page.locator("#film-box").is_visible())
    until_on(page, lambda: "of 2 runs have less" in text(page, "#among"))
    film = page.locator("figure h2").all_inner_texts()
    assert film == ["two-bridges", "two-bridges-office"]
    reveal(page)
    assert "over 2 runs" in text(page, "#answer-numbers")
    remembered = page.url
    page.goto("about:blank")
    page.goto(remembered)
    page.locator("#form fieldset").first.wait_for()
    assert page.locator("[data-key='offices.blo-east.components.training']").input_value() == "0.25"
    assert page.locator("#days").input_value() == "5"


def test_wrong_values_are_shown_before_a_run(page: Any) -> None:
    own_worlds(page)
    desk = page.locator("[data-key='offices.blo-east.components.desk']")
    desk.fill("99")
    desk.press("Tab")
    until_on(page, lambda: page.locator("#problems li").count() > 0)
    assert "components.desk" in text(page, "#problems")
    assert page.locator("#run").is_disabled()
    desk = page.locator("[data-key='offices.blo-east.components.desk']")
    desk.fill("0")
    desk.press("Tab")
    until_on(page, lambda: page.locator("#problems li").count() == 0)
    assert page.locator("#run").is_enabled()


def test_a_run_is_cancelled(page: Any) -> None:
    own_worlds(page, days=180, runs=40)
    page.click("#run")
    until_on(page, lambda: "of 120 runs" in text(page, "#progress-text"))
    page.click("#cancel")
    until_on(page, lambda: page.locator("#working").is_hidden())
    assert text(page, "#error") == "Cancelled."
    assert page.locator("#film-box").is_hidden()
    assert page.locator("#run").is_enabled()


def test_a_page_that_is_loaded_again_finds_its_run(page: Any) -> None:
    own_worlds(page, days=180, runs=40)
    page.click("#run")
    until_on(page, lambda: "of 120 runs" in text(page, "#progress-text"))
    page.reload()
    until_on(page, lambda: "of 120 runs" in text(page, "#progress-text"))
    page.click("#cancel")
    until_on(page, lambda: page.locator("#working").is_hidden())


def test_a_broken_file_is_refused_and_a_good_one_taken(page: Any, tmp_path: Path, watched: Any) -> None:
    own_worlds(page)
    broken, good = tmp_path / "broken.toml", tmp_path / "mine.toml"
    broken.write_text("title = ", encoding="utf-8")
    page.set_input_files("#upload", str(broken))
    until_on(page, lambda: "broken.toml: is not TOML" in text(page, "#error"))
    # The browser logs that the server said no: that is what was asked for here.
    watched.complaints[:] = [each for each in watched.complaints if "422" not in each]
    good.write_text(small_world(), encoding="utf-8")
    page.set_input_files("#upload", str(good))
    until_on(page, lambda: page.locator("#b").input_value() == "mine.toml")
    assert page.locator("#error").is_hidden()
    page.select_option("#b", "")
    page.select_option("#a", "mine.toml")
    page.click("#run")
    until_on(page, lambda: page.locator("#film-box").is_visible())
    until_on(page, lambda: page.locator("#working").is_hidden())
    assert page.locator("figure").count() == 1
    assert page.locator("#reveal").is_hidden()


def test_a_world_is_saved_as_a_file(page: Any, tmp_path: Path) -> None:
    import tomllib

    own_worlds(page)
    with page.expect_download() as waited:
        page.click("#download")
    waited.value.save_as(tmp_path / "saved.toml")
    assert waited.value.suggested_filename == "two-bridges-office-changed.toml"
    saved = tomllib.loads((tmp_path / "saved.toml").read_text(encoding="utf-8"))
    assert saved["offices"][0]["id"] == "blo-east"


def test_no_words_are_left_in_the_other_language(page: Any) -> None:
    page.click("[data-language=ru]")
    assert page.locator("html").get_attribute("lang") == "ru"
    for choose in ("[data-lesson=race]", "#free"):
        page.click(choose)
        page.wait_for_timeout(300)
        for where in ("h2:visible", "button:visible", "legend:visible", "#lesson p:visible"):
            for found in page.locator(where).all_inner_texts():
                if found and found != "English":
                    assert any("а" <= letter.lower() <= "я" for letter in found), found
    assert "language=ru" in page.url


def test_nothing_bars_people_who_use_it_otherwise(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    results = axe.run(page)
    assert results.violations_count == 0, results.generate_report()
    own_worlds(page)
    page.click("#run")
    reveal(page)
    page.locator("#play").click()
    results = axe.run(page)
    assert results.violations_count == 0, results.generate_report()


def test_everything_is_reached_by_keyboard(page: Any) -> None:
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.dataset.lesson || ''"))
    assert {"queue", "race", "hub-or-mesh", "false-tips", "displacement", "free", "lock"} <= reached


def test_a_title_with_markup_is_text(page: Any, tmp_path: Path) -> None:
    own_worlds(page)
    odd = tmp_path / "odd.toml"
    odd.write_text(
        small_world().replace("Two made-up", "<img src=x onerror=alert(1)>"), encoding="utf-8"
    )
    page.set_input_files("#upload", str(odd))
    until_on(page, lambda: page.locator("#b").input_value() == "odd.toml")
    assert page.locator("img").count() == 0
    assert json.loads(page.evaluate("JSON.stringify(document.images.length)")) == 0
