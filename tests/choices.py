"""Random overrides of a scenario, for property tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hypothesis import strategies as st


@st.composite
def overrides(
    draw: st.DrawFn,
    choices: Mapping[str, Sequence[str]],
    always: tuple[str, ...] = (),
    most: int | None = None,
) -> tuple[str, ...]:
    """``always``, then a value for each of some keys of ``choices``, for at most ``most`` of them."""
    size = len(choices) if most is None else most
    keys = draw(st.lists(st.sampled_from(sorted(choices)), unique=True, max_size=size))
    return (*always, *(f"{key}={draw(st.sampled_from(choices[key]))}" for key in keys))
