"""The two records that the kernel works on: a lane group and a post.

All times are ticks (2^-32 h) as 64-bit integers. Weekly tables have one entry for each hour of the
week, counted from hour 0 of the run; ``*_until`` says in how many hours the entry next changes.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

HOURS = 168
SERVERS = 96
"""Largest number of lanes of a group and of officers of a bay."""
BLOCK = 64
"""Lawful vehicles whose gaps and service times are drawn at once."""
PENDING = 4096
"""Referred lawful vehicles of one post between lane and bay."""
QUEUE = 256
"""Largest number of waiting routine vehicles in a bay."""
LIVE = 64
"""Contraband vehicles of one post that were started in the bay and not yet asked for."""

NEVER = np.int64(2**62)


def _record(fields: list[tuple[Any, ...]]) -> np.dtype[Any]:
    """A structured type whose rows have fields as attributes, in compiled and in plain Python alike."""
    return np.dtype((np.record, np.dtype(fields, align=True)))


GROUP = _record(
    [
        # What every call touches stands together at the front.
        ("next", "i8"),  # arrival of the next lawful vehicle
        ("number", "i8"),  # lawful vehicles that have arrived
        ("last_start", "i8"),
        ("servers", "i8"),  # the most lanes that have been open at once
        ("passages", "i8"),
        ("wait", "i8"),
        ("key", "u8"),
        ("most_referred", "f8"),  # the largest share below
        ("departures", "i8", (SERVERS,)),  # the last ones, in order
        ("gaps", "f8", (BLOCK,)),
        ("services", "i8", (BLOCK,)),
        ("rate", "f8", (HOURS,)),  # lawful arrivals an hour
        ("lanes", "i2", (HOURS,)),
        ("lanes_until", "i2", (HOURS,)),
        ("months", "f8", (12,)),
        ("share", "f8", (HOURS,)),  # lawful share referred to the bay
        ("referred", "i8"),
        ("kind", "i8"),  # service: 0 constant, 1 exponential, 2 lognormal
        ("first", "f8"),  # its mean in hours, or the location of the logarithm
        ("second", "f8"),  # the scale of the logarithm
    ]
)

POST = _record(
    [
        ("first_group", "i8"),
        ("stop_group", "i8"),
        ("now", "i8"),
        ("window_from", "i8"),
        ("window_to", "i8"),
        ("officers", "i2", (HOURS,)),
        ("officers_until", "i2", (HOURS,)),
        ("search_location", "f8"),
        ("search_scale", "f8"),
        ("queue_limit", "i8"),
        ("pending", "i8"),
        ("pending_time", "i8", (PENDING,)),
        ("pending_vehicle", "i8", (PENDING,)),
        ("head", "i8"),
        ("waiting", "i8"),
        ("queue_time", "i8", (QUEUE,)),
        ("queue_vehicle", "i8", (QUEUE,)),
        ("queue_search", "i8", (QUEUE,)),
        ("servers", "i8"),  # the most officers that have been there at once
        ("departures", "i8", (SERVERS,)),  # the last ones, in order
        ("last_start", "i8"),
        ("live", "i8"),
        ("live_vehicle", "i8", (LIVE,)),
        ("live_departure", "i8", (LIVE,)),
        ("searched", "i8"),
        ("released", "i8"),
        ("bay_wait", "i8"),
        ("overflow", "i8"),
    ]
)


@lru_cache
def hours_until_change(table: tuple[int, ...]) -> tuple[int, ...]:
    """For each hour of a weekly table, in how many hours it next takes another value (168: never)."""
    ahead = [HOURS] * HOURS
    for hour in range(2 * HOURS - 2, -1, -1):
        here, following = hour % HOURS, (hour + 1) % HOURS
        ahead[here] = 1 if table[here] != table[following] else min(HOURS, ahead[following] + 1)
    return tuple(ahead)
