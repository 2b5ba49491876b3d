"""Numbers and distributions as a scenario writes them.

A number is written plainly, as the name of a row of ``[parameters]``, or in long form::

    d_prime = 0.3
    d_prime = "d_prime_road"
    d_prime = {value = 0.3, grade = "judged", reason = "no field data", range = [0.0, 0.8]}

A distribution adds its shape: ``{lognormal = {mean = 2.0, cv = 0.8}}``, ``{exponential = {mean = 2.0}}``,
``{constant = 2.0}``; a plain number is a constant. ``range`` of a distribution is that of its mean.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.functional_validators import BeforeValidator
from pydantic.json_schema import JsonSchemaValue, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

SHAPES = ("constant", "exponential", "lognormal")
NOTES = frozenset({"value", "source", "grade", "reason", "range", "scale"})


def parameters_of(info: ValidationInfo) -> dict[str, Any]:
    """The ``[parameters]`` table of the scenario under validation."""
    context: dict[str, Any] = info.context or {}
    parameters: dict[str, Any] = context.get("parameters", {})
    return parameters


def look_up(name: str, info: ValidationInfo) -> Any:
    """The row of ``[parameters]`` that a value refers to by name.

    Raises
    ------
    ValueError
        If there is no such row; the message names the nearest one.
    """
    parameters = parameters_of(info)
    if name not in parameters:
        near = difflib.get_close_matches(name, parameters, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"{name!r} is not a row of [parameters]{hint}")
    if info.context and "used" in info.context:
        info.context["used"].add(name)
    return parameters[name]


def as_number(value: Any, info: ValidationInfo) -> Any:
    """Resolve a name or a long form to the plain number behind it."""
    if isinstance(value, str):
        value = look_up(value, info)
    if isinstance(value, dict):
        unknown = sorted(set(value) - NOTES)
        if unknown or "value" not in value:
            raise ValueError(
                f"a number in long form is {{value = .., source, grade, reason, range, scale}}, not {value!r}"
            )
        value = value["value"]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a number")
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return value


Quantity = Annotated[
    float,
    BeforeValidator(as_number),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "description": "a row of [parameters]"},
                {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]},
            ]
        }
    ),
]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution of positive durations (or of a constant), by its mean and coefficient of variation.

    Parameters
    ----------
    kind : {"constant", "exponential", "lognormal"}
    mean : float
        In the unit of the key that holds it.
    cv : float
        Standard deviation over mean; 0 for a constant, 1 for an exponential.
    """

    kind: Literal["constant", "exponential", "lognormal"]
    mean: float
    cv: float

    @classmethod
    def constant(cls, value: float) -> Distribution:
        return cls("constant", float(value), 0.0)

    @classmethod
    def exponential(cls, mean: float) -> Distribution:
        return cls("exponential", float(mean), 1.0)

    @classmethod
    def lognormal(cls, mean: float, cv: float) -> Distribution:
        return cls("lognormal", float(mean), float(cv))

    @classmethod
    def parse(cls, raw: Any, info: ValidationInfo) -> Distribution:
        """Read any of the written forms.

        Raises
        ------
        ValueError
            If the form is unknown, the mean is negative or a lognormal's mean is not positive.
        """
        if isinstance(raw, cls):
            return raw
        if isinstance(raw, str):
            raw = look_up(raw, info)
        if isinstance(raw, dict) and "value" not in raw:
            return cls._shaped(raw, info)
        mean = float(as_number(raw, info))
        if mean < 0:
            raise ValueError(f"{mean} is negative; durations are at least 0")
        return cls.constant(mean)

    @classmethod
    def _shaped(cls, raw: dict[str, Any], info: ValidationInfo) -> Distribution:
        shapes = [key for key in raw if key not in NOTES]
        if len(shapes) != 1 or shapes[0] not in SHAPES:
            raise ValueError(
                "a distribution is a number, {exponential = {mean}}, {lognormal = {mean, cv}} or "
                f"{{constant = ..}}, not {raw!r}"
            )
        shape, body = shapes[0], raw[shapes[0]]
        if shape == "constant":
            return cls.parse(body, info)
        wanted = {"mean"} if shape == "exponential" else {"mean", "cv"}
        if not isinstance(body, dict) or set(body) != wanted:
            raise ValueError(f"{shape} takes {' and '.join(sorted(wanted))}, not {body!r}")
        mean = float(as_number(body["mean"], info))
        if mean <= 0:
            raise ValueError(f"the mean of a {shape} is positive, not {mean}")
        if shape == "exponential":
            return cls.exponential(mean)
        cv = float(as_number(body["cv"], info))
        if cv < 0:
            raise ValueError(f"the cv of a lognormal is at least 0, not {cv}")
        return cls.lognormal(mean, cv)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(cls.written)
        )

    def written(self) -> dict[str, Any]:
        """The distribution as a scenario file writes it."""
        if self.kind == "constant":
            return {"constant": self.mean}
        if self.kind == "exponential":
            return {"exponential": {"mean": self.mean}}
        return {"lognormal": {"mean": self.mean, "cv": self.cv}}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        mean = {"type": "object", "properties": {"mean": {}, "cv": {}}, "required": ["mean"]}
        return {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "description": "a row of [parameters]"},
                {
                    "type": "object",
                    "properties": {"constant": {}, "exponential": mean, "lognormal": mean, "value": {}},
                },
            ]
        }
