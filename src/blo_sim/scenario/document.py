"""The JSON Schema of a scenario file."""

from __future__ import annotations

from typing import Any

from blo_sim.scenario.schema import ScenarioModel

_LAYERS: dict[str, Any] = {
    "extends": {
        "type": "string",
        "description": "a bundled name, or a path ending in .toml relative to this file, to merge over",
    },
    "remove": {
        "type": "array",
        "items": {"type": "string"},
        "description": "ids of rows of the parent to take out",
    },
}


def schema_document() -> dict[str, Any]:
    """The JSON Schema of a scenario file, keys sorted by whoever prints it.

    A file with ``extends`` may leave out whatever its parent has, so ``required`` holds only for a file
    without it.
    """
    document = ScenarioModel.model_json_schema(by_alias=True)
    required = document.pop("required")
    document["properties"] = {**_LAYERS, **document["properties"]}
    document["if"] = {"not": {"required": ["extends"]}}
    document["then"] = {"required": required}
    document["dependentRequired"] = {"remove": ["extends"]}
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "blo-sim scenario"
    return document
