"""The chart: geometric means of wall time and peak memory, by gnuplot."""

from __future__ import annotations

import subprocess
from typing import Any

from .figures import best, complete_rows, geometric_mean, value

PLOT = """
set terminal svg size 900,420 font 'sans,13' background 'white'
set output '{path}'
set title 'Geometric means over {count} rows, as ratios to the best of each row (less is better)'
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.9
set yrange [0:*]
set grid ytics
set key top left
$data << EOD
{lines}
EOD
plot $data using 2:xtic(1) title 'wall time' lc rgb '#3b6ea5', '' using 3 title 'peak resident memory' lc rgb '#d98c3f'
"""


def write_chart(data: dict[str, Any], path: str) -> None:
    """An SVG file."""
    names = [allocator["name"] for allocator in data["allocators"]]
    rows = complete_rows(data["rows"], names)
    lines = []
    for name in names:
        means = [geometric_mean([value(row, name, key) / best(row, names, key) for row in rows])
                 for key in ("wall", "peak_kib")]
        lines.append('"%s" %.4f %.4f' % (name, *means))
    script = PLOT.format(path=path, count=len(rows), lines="\n".join(lines))
    subprocess.run(["gnuplot"], input=script, text=True, check=True)
