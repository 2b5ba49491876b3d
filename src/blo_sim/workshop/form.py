"""What can be changed on the page: the keys that a workshop asks for, with the limits of the schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

from blo_sim.experiment.design import BEHAVIOURS
from blo_sim.experiment.trace import Speaker
from blo_sim.scenario.schema import Components, Desk, LayoutName, Office, Reports

if TYPE_CHECKING:
    from blo_sim.scenario import Scenario

SCENARIO_OWN = ""


def fields(scenario: Scenario) -> list[dict[str, Any]]:
    """Fields of a form.

    Returns
    -------
    list of dict
        ``key`` as `--set` has it, ``group`` and ``what`` (words that the page translates), ``of`` (whose it
        is), ``kind`` (``switch``, ``number``, ``whole`` or ``choice``), ``value`` as it is, and ``least``,
        ``most`` or ``choices`` from the schema.
    """
    return list(_fields(scenario))


def _fields(scenario: Scenario) -> Iterator[dict[str, Any]]:
    model = scenario.model
    if len({row.country for row in model.headquarters}) > 1 or model.layout is not None:
        yield {
            "key": "layout",
            "group": "network",
            "what": "layout",
            "of": "",
            "kind": "choice",
            "value": model.layout or SCENARIO_OWN,
            "choices": [*([] if model.layout else [SCENARIO_OWN]), *get_args(LayoutName)],
        }
    if model.behaviour is not None:
        yield {
            "key": "behaviour",
            "group": "smugglers",
            "what": "behaviour",
            "of": "",
            "kind": "choice",
            "value": SCENARIO_OWN,
            "choices": [SCENARIO_OWN, *BEHAVIOURS],
        }
    speaker = Speaker(scenario)
    for office in model.offices:
        place, of = f"offices.{office.id}", speaker.name(office.post)
        yield _number(f"{place}.full_effect", "offices", "effect", of, office.full_effect, Office)
        parts = office.components
        yield {
            "key": f"{place}.components.link",
            "group": "offices",
            "what": "link",
            "of": of,
            "kind": "switch",
            "value": parts.link,
        }
        yield _number(f"{place}.components.desk", "offices", "desk", of, parts.desk, Components)
        yield _number(f"{place}.components.training", "offices", "training", of, parts.training, Components)
        yield _number(f"{place}.components.pooling", "offices", "pooling", of, parts.pooling, Components)
    for desk in model.desks:
        if desk.officers is not None:
            of = desk.name or desk.id
            yield _number(f"desks.{desk.id}.officers", "staff", "officers", of, desk.officers, Desk)
    for channel in model.channels:
        yield _delay(f"channels.{channel.id}.delay_h", channel.name or channel.id, channel.delay_h.mean)
    if model.link is not None:
        yield _delay("link.delay_h", "link", model.link.delay_h.mean)
    if model.sources:
        factor = model.reports.false_factor
        yield _number("reports.false_factor", "reports", "false_factor", "", factor, Reports)


def _delay(key: str, of: str, mean: float) -> dict[str, Any]:
    """A delay: a number there is a constant number of hours."""
    return {
        "key": key,
        "group": "delays",
        "what": "delay",
        "of": of,
        "kind": "number",
        "value": mean,
        "least": 0.0,
        "most": 1000.0,
    }


def _number(key: str, group: str, what: str, of: str, value: float, table: Any) -> dict[str, Any]:
    """A number with the limits that the schema gives its key."""
    entry = table.model_fields[key.rpartition(".")[2]]
    limits = {}
    for each in entry.metadata:
        for name, sign in (("ge", "least"), ("gt", "least"), ("le", "most"), ("lt", "most")):
            if getattr(each, name, None) is not None:
                limits[sign] = getattr(each, name)
    kind = "whole" if isinstance(value, int) and not isinstance(value, bool) else "number"
    return {"key": key, "group": group, "what": what, "of": of, "kind": kind, "value": value} | limits
