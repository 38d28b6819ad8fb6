"""Ratios and means of what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

Row = dict[str, Any]


def value(row: Row, name: str, key: str) -> float | None:
    """What allocator `name` took in a row; None where it failed."""
    result = row["results"].get(name)
    return None if result is None else result[key]


def best(row: Row, names: Iterable[str], key: str) -> float:
    """The least that any of the allocators took."""
    return min((found for name in names if (found := value(row, name, key)) is not None), default=math.nan)


def geometric_mean(values: Sequence[float]) -> float:
    """NaN for none."""
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def complete_rows(rows: Sequence[Row], names: Sequence[str]) -> list[Row]:
    """Rows that every allocator ran through."""
    return [row for row in rows if all(name in row["results"] for name in names)]


def mean_ratio(rows: Sequence[Row], name: str, other: str, key: str) -> float:
    """The geometric mean of one allocator's figures against another's, over the rows that both have."""
    both = [(value(row, name, key), value(row, other, key)) for row in rows]
    return geometric_mean([a / b for a, b in both if a is not None and b is not None])
