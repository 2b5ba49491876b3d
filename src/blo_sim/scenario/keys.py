"""Which keys a scenario file may have at a place, read off the schema."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from blo_sim.scenario.lines import Key


def keys_of(table: type[BaseModel]) -> list[str]:
    """Keys of a table as a file writes them."""
    return [field.alias or name for name, field in table.model_fields.items()]


def below(kind: Any, label: str | int) -> Any:
    """The type of what stands under ``label`` in a value of type ``kind``; None where it is not known."""
    kind = _bare(kind)
    if table_of(kind) is not None:
        fields = {field.alias or name: field for name, field in kind.model_fields.items()}
        return fields[str(label)].annotation if label in fields else None
    arguments = get_args(kind)
    if get_origin(kind) in (list, tuple):
        return arguments[0]
    return arguments[1] if get_origin(kind) is dict else None


def table_of(kind: Any) -> type[BaseModel] | None:
    """The class of a table with fixed keys, or None."""
    kind = _bare(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def is_free(kind: Any) -> bool:
    """Whether a table may have any key."""
    return get_origin(_bare(kind)) is dict


def kind_at(model: type[BaseModel], key: Key) -> Any:
    """The type at a key of a scenario."""
    kind: Any = model
    for label in key:
        kind = below(kind, label)
    return kind


def _bare(kind: Any) -> Any:
    """A type without its limits, without None, and the table's side of "a number or a table"."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    sides = [_bare(side) for side in get_args(kind) if side is not type(None)]
    tables = [side for side in sides if get_origin(side) is dict]
    return (tables or sides)[0]
