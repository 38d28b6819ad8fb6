"""docs/performance.md and its chart, from what was measured."""

from __future__ import annotations

import os
from typing import Any

from .chart import write_chart
from .report import report

BEGIN = "<!-- measured: written by scripts/bench --write-docs -->\n"
END = "<!-- end of what was measured -->\n"


def write_documents(data: dict[str, Any], directory: str) -> None:
    """Replace what stands between the markers, and leave the prose; draw the chart."""
    path = os.path.join(directory, "performance.md")
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before + BEGIN + "\n" + report(data) + "\n" + END + after)
    write_chart(data, os.path.join(directory, "performance.svg"))
