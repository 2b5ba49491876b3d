"""Bad scenario files: each a clear message with file, line, key, value and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from worlds import BEHAVIOUR, small_world

from blo_sim.errors import ScenarioError
from blo_sim.scenario import load_scenario


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "small.toml").write_text(small_world(), encoding="utf-8")
    return tmp_path


def problems(path: Path | str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert caught.value.exit_code == 2
    return [str(problem) for problem in caught.value.problems]


def child(folder: Path, text: str) -> list[str]:
    """Problems of a file that extends the small world; ``text`` starts on its line 2."""
    path = folder / "child.toml"
    path.write_text(f'extends = "small.toml"\n{text}', encoding="utf-8")
    return [problem.removeprefix(f"{folder}/") for problem in problems(path)]


def row(array: str, name: str, line: str) -> str:
    return f'[[{array}]]\nid = "{name}"\n{line}\n'


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no such file" in problems(tmp_path / "gone.toml")[0]


def test_a_bundled_name_written_as_a_file(tmp_path: Path) -> None:
    assert "did you mean the bundled scenario 'k22-baseline'?" in problems(tmp_path / "k22-baseline.toml")[0]


def test_an_unknown_name_lists_those_there_are() -> None:
    (problem,) = problems("k22-basline")
    assert "did you mean 'k22-baseline'?" in problem
    assert "k22-extension" in problem


@pytest.mark.parametrize("name", ["", "folder.toml"])
def test_a_directory(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.toml").mkdir()
    assert "is a directory, not a scenario file" in problems(tmp_path / name)[0]


def test_broken_toml(folder: Path) -> None:
    (problem,) = child(folder, '[run]\ndays = 3\n\n[[offices]\nid = "x"\n')
    assert problem.startswith("child.toml:5: not valid TOML: ")


def test_toml_that_stops_too_soon(folder: Path) -> None:
    (problem,) = child(folder, "[run]\ndays = [3,\n\n")
    assert problem.startswith("child.toml:3: not valid TOML: ")


def test_toml_nested_without_end(folder: Path) -> None:
    (problem,) = child(folder, f"x = {'[' * 5000}")
    assert problem.startswith("child.toml: not valid TOML: ")


def test_text_in_another_encoding(folder: Path) -> None:
    (folder / "latin.toml").write_bytes('extends = "small.toml"\ntitle = "Grenzübergang"\n'.encode("latin-1"))
    (problem,) = problems(folder / "latin.toml")
    assert "latin.toml:2: not UTF-8 text" in problem


def test_an_editor_s_byte_order_mark_and_line_ends(folder: Path) -> None:
    text = '\ufeffextends = "small.toml"\r\n[run]\r\ndays = -1\r\n'
    (folder / "windows.toml").write_bytes(text.encode())
    (problem,) = problems(folder / "windows.toml")
    assert "windows.toml:3: run.days: -1 must be greater than 0" in problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[run]\ndais = 3\n", "child.toml:3: run.dais: unknown key; did you mean 'days'?"),
        (
            "[link]\ndelay_minutes = 30\n",
            "child.toml:3: link.delay_minutes: unknown key; did you mean 'delay_h'?",
        ),
        ("[lanes]\nx = 1\n", "child.toml:2: lanes: unknown key; did you mean 'places'?"),
        (
            row("flows", "heroin-north", "volume_tonnes = 3"),
            "child.toml:4: flows.heroin-north.volume_tonnes: unknown key; did you mean 'volume_kg_per_year'?",
        ),
        (
            row("flows", "heroin-north", "volume_kg_per_year = -3"),
            "child.toml:4: flows.heroin-north.volume_kg_per_year: -3 must be at least 0",
        ),
        ("[run]\nreplications = 0\n", "child.toml:3: run.replications: 0 must be greater than 0"),
        ("[run]\ndays = 1.5\n", "child.toml:3: run.days: 1.5 must be a whole number"),
        ('[run]\ndays = "30"\n', "child.toml:3: run.days: '30' must be a whole number"),
        ("[run]\ndays = true\n", "child.toml:3: run.days: true must be a whole number"),
        (
            "[run]\ngrant = 5\n",
            "child.toml:3: run.grant: 5 must be a date such as 2013-10-22, without quotes",
        ),
        ("[lookouts]\nmatch = 1.5\n", "child.toml:3: lookouts.match: 1.5 must be at most 1"),
        ("[lookouts]\nmatch = true\n", "child.toml:3: lookouts.match: True is not a number"),
        ("[lookouts]\nmatch = inf\n", "child.toml:3: lookouts.match: inf is not a finite number"),
        (
            "[lookouts]\nmatch = { value = 0.5, unit = 3 }\n",
            "child.toml:3: lookouts.match: a number in long form is {value = ..",
        ),
        (
            '[lookouts]\nmatch = "d_prime_raod"\n',
            "child.toml:3: lookouts.match: 'd_prime_raod' is not a row of [parameters]; "
            "did you mean 'd_prime_road'?",
        ),
        (
            'place = "reel"\n',
            "child.toml:2: place: 'reel' must be 'real' or 'synthetic'; did you mean 'real'?",
        ),
        ("offices = 3\n", "child.toml:2: offices: 3 must be an array in [ ]"),
        ("run = 3\n", "child.toml:2: run: 3 must be a table of keys and values"),
        (
            row("posts", "bridge-aa", 'country = "Aaland"'),
            "child.toml:4: posts.bridge-aa.country: 'Aaland' must be two capital letters, such as TJ",
        ),
        (
            row("posts", "bridge-aa", "hours = [8]"),
            "child.toml:4: posts.bridge-aa.hours.1: has 1 items, must have more",
        ),
        (
            row("profiles", "by-day", "weekdays = [1]"),
            "child.toml:4: profiles.by-day.weekdays: has 1 items, must have",
        ),
        (
            row("commodities", "Pure Heroin", ""),
            "child.toml:3: commodities.Pure Heroin.id: 'Pure Heroin' must be an id",
        ),
        (
            row("prices", "p", 'commodity = "heroin"\nusd_per_kg = { AA = -5, BB = 1 }'),
            "child.toml:5: prices.p.usd_per_kg.AA: -5 must be at least 0",
        ),
        (
            row("prices", "p", 'commodity = "heroin"\nusd_per_kg = 5'),
            "child.toml:5: prices.p.usd_per_kg: 5 must be a table of keys and values",
        ),
        (
            row("flows", "heroin-north", "mean_load_kg = -3"),
            "child.toml:4: flows.heroin-north.mean_load_kg: -3 must be greater than 0",
        ),
        (
            row("flows", "heroin-north", "mean_load_kg = { road = -3, foot = 1 }"),
            "child.toml:4: flows.heroin-north.mean_load_kg.road: -3 must be greater than 0",
        ),
        (
            row("channels", "posts-capitals", "delay_h = { gamma = { mean = 3 } }"),
            "child.toml:4: channels.posts-capitals.delay_h: a distribution is a number, {exponential = ",
        ),
        (
            row("channels", "posts-capitals", "delay_h = { lognormal = { mean = -3.0, cv = 1.0 } }"),
            "child.toml:4: channels.posts-capitals.delay_h: the mean of a lognormal is positive, not -3.0",
        ),
        (
            "[lookouts]\nmatch = { value = 0.5, grade = 'publisht' }\n",
            "child.toml:3: lookouts.match.grade: 'publisht' must be one of seed, published, derived, judged; "
            "did you mean 'published'?",
        ),
        (
            "[lookouts]\nmatch = { value = 0.5, range = [0.9, 0.1] }\n",
            "child.toml:3: lookouts.match.range: [0.9, 0.1] must be [low, high]",
        ),
        (
            "[lookouts]\nmatch = { value = 0.5, range = [0, 1], scale = 'log' }\n",
            "child.toml:3: lookouts.match.range: [0, 1] must lie above 0 where scale is log",
        ),
        (
            "[parameters]\nidle = { value = 3 }\n",
            "child.toml:3: parameters.idle: this parameter is used nowhere",
        ),
    ],
)
def test_one_wrong_key(folder: Path, text: str, expected: str) -> None:
    (problem,) = child(folder, text)
    assert problem.startswith(expected)


def test_a_missing_key_is_laid_at_its_row(folder: Path) -> None:
    found = child(folder, '\n[[units]]\nid = "new"\ncountry = "BB"\nplace = "north"\n')
    assert found == ["child.toml:3: units.new.detection: this key is missing"]


def test_a_missing_table(tmp_path: Path) -> None:
    path = tmp_path / "part.toml"
    path.write_text(small_world().replace("[lookouts]", "[reports.extra]"), encoding="utf-8")
    found = problems(path)
    assert f"{path}: lookouts: this key is missing" in found
    assert any(
        "reports.extra: unknown key; allowed: addressing, chase, expiry_h, " in line
        for line in found
    )


def test_all_problems_are_told_at_once(folder: Path) -> None:
    found = child(
        folder,
        'remove = ["nobody"]\n[run]\ndays = -1\ndais = 2\n'
        + row("offices", "blo-bridge", "setup_days = -4")
        + "[lookouts]\nmatch = { value = 2, grade = 'guess' }\n",
    )
    starts = ("remove", "run.days", "run.dais", "offices.blo-bridge.setup_days", "lookouts.match:")
    for start in (*starts, "lookouts.match.grade"):
        assert sum(f": {start}" in problem for problem in found) == 1
    assert len(found) == 6


def test_an_unknown_key_does_not_hide_a_wrong_reference(folder: Path) -> None:
    found = child(folder, row("offices", "blo-bridge", 'colour = "red"\npost = "bridge-cc"'))
    assert [problem.split(": ")[1] for problem in found] == [
        "offices.blo-bridge.colour",
        "offices.blo-bridge.post",
    ]


def test_an_unused_parameter_of_a_single_file(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    path.write_text(
        small_world().replace("d_prime_road = {", "d_prime_raod = 0.3\nd_prime_road = {"), encoding="utf-8"
    )
    (problem,) = problems(path)
    assert problem.endswith("parameters.d_prime_raod: this parameter is used nowhere")


def test_parameters_refer_to_parameters(tmp_path: Path) -> None:
    path = tmp_path / "one.toml"
    text = small_world().replace("mean = 6.0, cv = 0.8", 'mean = "mean_delay", cv = 0.8')
    path.write_text(text.replace("[parameters]\n", "[parameters]\nmean_delay = 5.0\n"), encoding="utf-8")
    assert load_scenario(path).model.channels[0].delay_h.mean == 5.0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            'kind = "lerning"',
            "behaviour.kind: 'lerning' must be 'fixed', 'learning' or 'best-reply'; did you mean 'learning'?",
        ),
        ("risk_threshold = 1.5", "behaviour.risk_threshold: 1.5 must be at most 1"),
        ("prior_losses = 0", "behaviour.prior_losses: 0 must be greater than 0"),
        ("memory_days = 0", "behaviour.memory_days: 0 must be greater than 0"),
        ("loss_usd = -1", "behaviour.loss_usd: -1 must be at least 0"),
        ("lay_low_days = -1", "behaviour.lay_low_days: -1 must be at least 0"),
        ("rumour = 2", "behaviour.rumour: 2 must be at most 1"),
        ("most_attempts = 0", "behaviour.most_attempts: 0 must be at least 1"),
        ("most_attempts = 21", "behaviour.most_attempts: 21 must be at most 20"),
        ("replacment = 0.5", "behaviour.replacment: unknown key; did you mean 'replacement'?"),
    ],
)
def test_the_table_of_behaviour(folder: Path, line: str, expected: str) -> None:
    """Its line is the second of a table that is right in all else."""
    lines = BEHAVIOUR.strip().splitlines()
    key = line.partition(" ")[0]
    text = "\n".join([lines[0], line, *(each for each in lines[1:] if not each.startswith(f"{key} "))])
    assert child(folder, text + "\n") == [f"child.toml:3: {expected}"]


@pytest.mark.parametrize("key", ["risk_threshold", "prior_losses", "memory_days"])
def test_what_a_table_of_behaviour_cannot_lack(folder: Path, key: str) -> None:
    text = "".join(line for line in BEHAVIOUR.splitlines(keepends=True) if not line.startswith(key))
    (problem,) = child(folder, text)
    assert problem.startswith("child.toml:")
    assert f"behaviour.{key}" in problem
    assert "missing" in problem
