"""Sums of replications as columns of bytes: how a store keeps them.

A column has one integer a replication. It is kept in the smallest kind of integers that holds it, less its
minimum, and compressed; integers beyond 64 bits are kept as text.
"""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Sequence

_KINDS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32), ("Q", 1 << 64))
_TEXT = b"t"
_LEVEL = 6


def packed(values: Sequence[int]) -> bytes:
    """Bytes of a column."""
    least = min(values)
    size = max(values) - least
    for kind, limit in _KINDS:
        if size < limit:
            rest = array(kind, (value - least for value in values))
            if _is_big_endian():
                rest.byteswap()
            return kind.encode() + zlib.compress(str(least).encode() + b";" + rest.tobytes(), _LEVEL)
    return _TEXT + zlib.compress(json.dumps(list(values)).encode(), _LEVEL)


def unpacked(data: bytes) -> list[int]:
    """The column of `packed`."""
    kind, content = data[:1], zlib.decompress(data[1:])
    if kind == _TEXT:
        found: list[int] = json.loads(content)
        return found
    least, _, rest = content.partition(b";")
    values = array(kind.decode(), rest)
    if _is_big_endian():
        values.byteswap()
    base = int(least)
    return [base + value for value in values] if base else values.tolist()


def _is_big_endian() -> bool:
    return array("H", [1]).tobytes()[0] == 0
