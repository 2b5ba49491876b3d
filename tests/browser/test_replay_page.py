"""The film of a comparison in a real browser: it plays from a file, tells stories, and asks nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from waiting import until_on

from blo_sim import write_replay

DAYS = 20


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.html"
    write_replay("two-bridges", "two-bridges-office", out=path, days=DAYS, replications=6, workers=1)
    return path


@pytest.fixture
def page(watched: Any, film: Path) -> Any:
    watched.page.goto(film.as_uri())
    yield watched.page
    assert watched.complaints == []
    assert all(url.startswith(("file:", "data:", "blob:")) for url in watched.requests)


def content(page: Any) -> Any:
    return json.loads(page.locator("#film").inner_text() or page.locator("#film").text_content())


def hour(page: Any) -> float:
    return float(page.locator("#slider").input_value())


def picture(page: Any, number: int = 0) -> str:
    found: str = page.locator("canvas").nth(number).evaluate("(canvas) => canvas.toDataURL()")
    return found


def seek(page: Any, hours: float) -> None:
    page.locator("#slider").evaluate(
        "(slider, hours) => { slider.value = hours; slider.dispatchEvent(new Event('input')); }", hours
    )


def test_it_opens_with_both_worlds_and_says_what_it_is(page: Any) -> None:
    assert page.title() == "two-bridges / two-bridges-office"
    assert page.locator("figure h2").all_inner_texts() == ["two-bridges", "two-bridges-office"]
    assert "made-up place" in page.locator("#care").inner_text()
    assert page.locator("#now").inner_text().startswith("Jan 1")
    run = content(page)["run"]
    said = page.locator("#among").inner_text()
    assert f"{run['less']:.0f} % of 6 runs have less" in said
    assert "95 % interval" in said


def test_it_plays_pauses_and_steps(page: Any) -> None:
    page.select_option("#speed", "72")
    page.click("#play")
    until_on(page, lambda: hour(page) > 30)
    assert page.locator("#play").inner_text() == "Pause"
    page.click("#play")
    stopped = hour(page)
    page.wait_for_timeout(200)
    assert hour(page) == stopped
    page.click("#forward")
    page.click("#forward")
    page.click("#back")
    assert hour(page) == pytest.approx(stopped + 1, abs=0.11)


def test_a_load_moves_over_the_map(page: Any) -> None:
    document = content(page)
    for number, world in enumerate(document["worlds"]):
        track = max((load["track"] for load in world["loads"]), key=lambda track: track[2] - track[0])
        pictures = []
        for share in (0.2, 0.5, 0.8):
            seek(page, track[0] + share * (track[2] - track[0]))
            pictures.append(picture(page, number))
        assert len(set(pictures)) == 3


def test_keys_do_what_buttons_do(page: Any) -> None:
    page.keyboard.press("ArrowRight")
    assert hour(page) == 1
    page.keyboard.press("Shift+ArrowRight")
    assert hour(page) == 25
    page.keyboard.press("ArrowLeft")
    assert hour(page) == 24
    page.keyboard.press("+")
    assert page.locator("#speed").input_value() == "12"
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert page.locator("#speed").input_value() == "3"
    page.keyboard.press("Space")
    until_on(page, lambda: hour(page) > 25)
    page.keyboard.press("Space")
    page.keyboard.press("Home")
    assert hour(page) == 0


def test_what_stands_below_the_maps_is_counted_right_at_any_moment(page: Any) -> None:
    """Worked out here from the tracks; both worlds show the same moment."""
    document = content(page)
    for now in (0.0, 100.0, 333.3, DAYS * 24.0):
        seek(page, now)
        for number, world in enumerate(document["worlds"]):
            ends = [(load["track"][0], load["track"][-2], load) for load in world["loads"]]
            way = sum(start <= now <= end for start, end, _ in ends)
            seized = [load["kg"] for _, end, load in ends if end < now and load["end"] == "seized"]
            delivered = sum(end < now and load["end"] == "delivered" for _, end, load in ends)
            said = page.locator("figcaption").nth(number).inner_text()
            assert said.startswith(f"under way {way} · seized {len(seized)} (")
            assert said.endswith(f"delivered {delivered}")
            assert float(said.split("(")[1].split(" kg")[0].replace(",", "")) == pytest.approx(
                sum(seized), abs=0.6
            )
    assert sum(load["end"] == "seized" for load in document["worlds"][0]["loads"]) > 2


def test_the_play_ends_at_the_end_and_begins_again(page: Any) -> None:
    seek(page, DAYS * 24 - 2)
    page.select_option("#speed", "24")
    page.click("#play")
    until_on(page, lambda: page.locator("#play").inner_text() == "Play")
    assert hour(page) == DAYS * 24
    page.click("#play")
    until_on(page, lambda: hour(page) < DAYS * 12)
    page.click("#play")


def test_a_dot_that_is_clicked_tells_its_story(page: Any) -> None:
    document = content(page)
    load = max(document["worlds"][0]["loads"], key=lambda load: load["track"][2] - load["track"][0])
    seek(page, (load["track"][0] + load["track"][2]) / 2)
    # Whichever dot is drawn last near a place is met there; look for one by a raster of clicks.
    box = page.locator("canvas").first.bounding_box()
    for x in range(10, int(box["width"]), 20):
        for y in range(10, int(box["height"]), 20):
            page.locator("canvas").first.dispatch_event(
                "click", {"clientX": box["x"] + x, "clientY": box["y"] + y}
            )
            if page.locator("#load").input_value():
                break
    chosen = page.locator("#load").input_value()
    lines = page.locator("#story li").all_inner_texts()
    told = next(each for each in document["worlds"][0]["loads"] if each["id"] == chosen)
    assert f"with {told['kg']:.1f} kg of" in lines[0] or f"with {told['kg']:.2f} kg of" in lines[0]
    headings = page.locator("#story h3").all_inner_texts()
    assert f"two-bridges: {told['end']}" in headings


def test_loads_that_end_differently_come_first(page: Any) -> None:
    document = content(page)
    fates: dict[str, list[str]] = {}
    for world in document["worlds"]:
        for load in world["loads"]:
            fates.setdefault(load["id"], []).append(load["end"])
    differing = {name for name, ends in fates.items() if len(ends) < 2 or len(set(ends)) > 1}
    options = page.locator("#load option").evaluate_all("(all) => all.map((each) => each.value)")
    assert options[0] == ""
    assert len(options) == 1 + len(fates)
    assert set(options[1 : 1 + len(differing)]) == differing
    assert differing
    page.select_option("#load", options[1])
    assert page.locator("#story li").count() > 1


def test_everything_is_said_in_russian_too(page: Any) -> None:
    page.select_option("#load", index=1)
    english = page.locator("main").inner_text()
    page.click("[data-language=ru]")
    assert page.locator("html").get_attribute("lang") == "ru"
    assert page.locator("#play").inner_text() == "Пуск"
    assert "Вымышленная местность" in page.locator("#care").inner_text()
    assert "выезжает" in page.locator("#story li").first.inner_text()
    words = words_left(page.locator("main").inner_text(), content(page))
    assert words == set()
    page.click("[data-language=en]")
    assert page.locator("main").inner_text() == english


def words_left(text: str, document: Any) -> set[str]:
    """English words of the page that are not names of the scenario."""
    names = json.dumps(document["worlds"]) + json.dumps(document["run"]) + "Natural Earth blo_sim Shift Home"
    names += "".join(world["scenario"] for world in document["worlds"])
    return {word for word in re.findall(r"[A-Za-z]{4,}", text) if word not in names}


def test_nothing_bars_people_who_use_it_otherwise(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for language in ("en", "ru"):
        page.click(f"[data-language={language}]")
        page.select_option("#load", index=1)
        results = axe.run(page)
        assert results.violations_count == 0, results.generate_report()
    assert "under way" in page.locator("canvas").first.get_attribute("aria-label") or "в пути" in str(
        page.locator("canvas").first.get_attribute("aria-label")
    )


def test_a_narrow_window_shows_the_worlds_one_below_the_other(page: Any) -> None:
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_timeout(100)
    tops = [page.locator("figure").nth(number).bounding_box()["y"] for number in (0, 1)]
    assert tops[1] > tops[0] + 200
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def pixels(page: Any, colour: tuple[int, int, int]) -> int:
    """So many pixels of the first map have a colour, edges apart."""
    found: int = page.locator("canvas").first.evaluate(
        """(canvas, [red, green, blue]) => {
          const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let i = 0; i < all.length; i += 4) {
            count += all[i] === red && all[i + 1] === green && all[i + 2] === blue;
          }
          return count;
        }""",
        list(colour),
    )
    return found


def test_lines_messages_and_officers_at_work_are_drawn(watched: Any, tmp_path: Path) -> None:
    path = tmp_path / "desks.html"
    write_replay("overload-mesh", out=path, days=10, replications=1, workers=1)
    page, bar, ring, pile = watched.page, (179, 38, 30), (176, 122, 0), (11, 83, 148)
    page.goto(path.as_uri())
    world = content(page)["worlds"][0]
    at = [tuple(site["at"]) for site in world["sites"]]
    hours = [0.25 + 0.5 * step for step in range(480)]

    def busy(hour: float) -> int:
        return len({at[site] for start, end, site in world["work"] if start <= hour <= end})

    def long(hour: float) -> int:
        known = [
            [minutes for since, minutes in zip(line[1::2], line[2::2], strict=True) if since <= hour]
            for line in world["lines"]
        ]
        return max((minutes[-1] for minutes in known if minutes), default=0)

    def stand(hour: float) -> int:
        return sum(
            message["sent"] <= hour
            and (message["end"] is None or message["end"] >= hour)
            and not any(
                start <= hour < end
                for start, end in zip(message["track"][::4], message["track"][1::4], strict=True)
            )
            for message in world["messages"]
        )

    for count, colour in ((busy, ring), (long, bar), (stand, pile)):
        few, many = min(hours, key=count), max(hours, key=count)
        assert count(few) < count(many)
        seek(page, few)
        least = pixels(page, colour)
        seek(page, many)
        assert pixels(page, colour) > least
        if colour != pile and count(few) == 0:
            assert least == 0
    # The browser says that pixels could be read faster: that is this test's doing.
    assert [each for each in watched.complaints if "willReadFrequently" not in each] == []


def test_a_real_place_has_borders_a_valley_and_a_warning(watched: Any, tmp_path: Path) -> None:
    path = tmp_path / "region.html"
    write_replay(
        "k22-baseline", out=path, days=2, replications=1, workers=1, behaviour="fixed", language="ru"
    )
    page = watched.page
    page.goto(path.as_uri())
    assert page.locator("html").get_attribute("lang") == "ru"
    names = [each["name"] for world in content(page)["worlds"] for each in world["sites"] + world["towns"]]
    russian = page.evaluate("(names) => names.map(PLACES.inRussian)", names)
    assert len(names) > 100
    assert [name for name in russian if re.search("[A-Za-z]", name)] == []
    page.click("[data-language=en]")
    assert "no real shipment" in page.locator("#care").inner_text()
    seek(page, 40)
    whole = picture(page)
    page.select_option("#view", "fergana")
    assert picture(page) != whole
    page.select_option("#view", "whole")
    assert picture(page) == whole
    assert watched.complaints == []
    assert "among" not in page.locator("#among").inner_text()
