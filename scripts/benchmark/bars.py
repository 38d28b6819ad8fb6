"""The bars: what libma is to reach against its peers, and whether it did."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

from .figures import Row, best, complete_rows, mean_ratio, value

WALL_MEAN = 0.97  # against the best single peer
WALL_ROW = 1.05  # against the best peer of the row
PEAK_ROW = 1.10  # against glibc
PEAK_LEAST = 1.05  # against the smallest peer of the row
LATENCY = 1.20  # against the best peer
STARTUP_US = 150  # above glibc
STARTUP_KIB = 200  # above glibc
SCALE_LIVE = 1.25  # with most objects against with fewest; "flat"


@dataclasses.dataclass(frozen=True)
class Bar:
    """What is to be reached, what was, and by how much too little."""

    what: str
    limit: str
    reached: str
    missed_by: str = ""

    def verdict(self) -> str:
        """For the table."""
        return "missed by " + self.missed_by if self.missed_by else "met"


def at_most(what: str, reached: float, limit: float, form: str = "%.2f", detail: str = "", against: str = "") -> Bar:
    """A bar on one figure. `form` formats figure, limit and difference."""
    over = reached - limit
    return Bar(what, "<= " + form % limit + against, form % reached + detail, form % over if over > 0 else "")


def below(what: str, reached: float, limit: float) -> Bar:
    """A bar that is missed by 0.00 where both are equal."""
    return Bar(what, "< %.2f" % limit, "%.3f" % reached, "" if reached < limit else "%.3f" % (reached - limit))


def ratios_to_best(rows: Sequence[Row], mine: str, peers: Sequence[str], key: str) -> dict[str, float]:
    """Each row's figure against the best peer of that row."""
    return {row["name"]: found / best(row, peers, key) for row in rows
            if (found := value(row, mine, key)) is not None and not math.isnan(best(row, peers, key))}


def each_row(what: str, ratios: dict[str, float], limit: float) -> Bar:
    """A bar that every row has to keep; missed by the worst of them."""
    worst = max(ratios, key=ratios.__getitem__)
    within = sum(ratio <= limit for ratio in ratios.values())
    reached = "%d of %d rows; worst %.2f (%s)" % (within, len(ratios), ratios[worst], worst)
    over = ratios[worst] - limit
    return Bar(what, "<= %.2f" % limit, reached, "%.2f" % over if over > 0 else "")


def half_of_rows(what: str, ratios: dict[str, float]) -> Bar:
    """A bar that half of the rows have to keep."""
    wins = sum(ratio <= 1 for ratio in ratios.values())
    lacking = (len(ratios) + 1) // 2 - wins
    return Bar(what, "<= 1.00, half of the rows", "%d of %d rows" % (wins, len(ratios)),
               "%d rows" % lacking if lacking > 0 else "")


def wall_bars(rows: Sequence[Row], mine: str, peers: Sequence[str]) -> list[Bar]:
    """Time. Means are over the rows through which all came."""
    ratios = ratios_to_best(rows, mine, peers, "wall")
    if not ratios:
        return []
    complete = complete_rows(rows, [mine, *peers])
    bars = []
    if complete:
        fastest = max(peers, key=lambda peer: mean_ratio(complete, mine, peer, "wall"))
        bars.append(at_most("wall, geometric mean, against the best single peer",
                            mean_ratio(complete, mine, fastest, "wall"), WALL_MEAN, "%.3f", " (%s)" % fastest))
    bars.append(each_row("wall, each row, against the best peer of that row", ratios, WALL_ROW))
    bars.append(half_of_rows("wall, rows at or below the best peer of that row", ratios))
    if "producer_consumer" in ratios:
        bars.append(at_most("wall, producer_consumer, against the best peer", ratios["producer_consumer"], WALL_ROW))
    return bars


def peak_bars(rows: Sequence[Row], mine: str, peers: Sequence[str]) -> list[Bar]:
    """Resident memory."""
    bars = []
    complete = complete_rows(rows, [mine, *peers])
    to_glibc = ratios_to_best(rows, mine, ["glibc"], "peak_kib") if "glibc" in peers else {}
    if to_glibc:
        bars.append(each_row("peak, each row, against glibc", to_glibc, PEAK_ROW))
    to_least = ratios_to_best(rows, mine, peers, "peak_kib")
    if to_least:
        bars.append(each_row("peak, each row, against the smallest peer of that row", to_least, PEAK_LEAST))
    for peer in peers if complete else ():
        mean = mean_ratio(complete, mine, peer, "peak_kib")
        bars.append(below("peak, geometric mean, against " + peer, mean, 1))
    return bars


def lines_of(probes: dict[str, Any], probe: str, name: str) -> list[dict[str, float]]:
    """What a probe printed under an allocator; nothing where it was not run, or failed."""
    return probes.get(probe, {}).get("results", {}).get(name, [])


def latency_bars(probes: dict[str, Any], mine: str, peers: Sequence[str]) -> list[Bar]:
    """The tail of single calls."""
    bars = []
    found = {name: lines_of(probes, "latency", name) for name in (mine, *peers)}
    for call in ("malloc", "free"):
        key = call + "_p9999"
        others = {name: found[name][0][key] for name in peers if found[name]}
        if found[mine] and others:
            lowest = min(others, key=others.__getitem__)
            bars.append(at_most("latency, %s p99.99, against the best peer" % call,
                                found[mine][0][key] / others[lowest], LATENCY, detail=" (%s)" % lowest))
    return bars


def against_glibc_bars(probes: dict[str, Any], mine: str) -> list[Bar]:
    """Idle threads and start-up."""
    bars = []
    idle, theirs = (lines_of(probes, "idle_threads", name) for name in (mine, "glibc"))
    if idle and theirs:
        bars.append(at_most("idle threads, resident, against glibc",
                            idle[0]["resident_kib"] / theirs[0]["resident_kib"], 1.0))
    start, theirs = (lines_of(probes, "startup", name) for name in (mine, "glibc"))
    if start and theirs:
        bars.append(at_most("start-up, least time, above glibc", start[0]["us_min"] - theirs[0]["us_min"], STARTUP_US,
                            "%+.0f us"))
        bars.append(at_most("start-up, peak, above glibc", start[0]["peak_kib"] - theirs[0]["peak_kib"], STARTUP_KIB,
                            "%+.0f KiB"))
    return bars


def memory_bars(probes: dict[str, Any], mine: str, peers: Sequence[str]) -> list[Bar]:
    """Memory that comes back: each against the best peer, or as a share of what is live."""
    bars = []
    for probe, key, what, limit in (
            ("spike", "settled_kib", "spike, settled resident, against the lowest peer", 1.0),
            ("phases", "peak_over_live", "phases, peak over live, against the lowest peer", 1.0),
            ("long_run", "end_over_live", "long run, resident over live, against the lowest peer", 1.0),
            ("vector", "ms", "vector, time, against the best peer", 1.0),
            ("sparse", "us", "sparse, time, against the best peer", 1.05)):
        found = lines_of(probes, probe, mine)
        others = {name: lines[0][key] for name in peers if (lines := lines_of(probes, probe, name))}
        if found and others:
            lowest = min(others, key=others.__getitem__)
            bars.append(at_most(what, found[0][key] / others[lowest], limit, detail=" (%s)" % lowest))
    for probe, key, what, limit in (("spike", "settled_of_peak", "spike, settled of the peak", 0.5),
                                    ("long_run", "end_over_live", "long run, resident over live", 1.10),
                                    ("vector", "peak_over_live", "vector, peak over its size", 1.02)):
        found = lines_of(probes, probe, mine)
        if found:
            bars.append(at_most(what, found[0][key], limit, "%.3f"))
    return bars


def scale_bars(probes: dict[str, Any], mine: str) -> list[Bar]:
    """An operation with most objects, less what it costs to fetch one, against an operation with fewest."""
    lines = lines_of(probes, "scale_live", mine)
    if not lines:
        return []
    most, fewest = lines[-1], lines[0]
    what = "flat: ns less walk_ns with %g live objects, against ns with %g" % (most["live"], fewest["live"])
    detail = " (%.0f ns - %.0f ns, %.0f ns)" % (most["ns"], most["walk_ns"], fewest["ns"])
    return [at_most(what, (most["ns"] - most["walk_ns"]) / fewest["ns"], SCALE_LIVE, detail=detail)]


def all_bars(data: dict[str, Any], mine: str, peers: Sequence[str]) -> list[Bar]:
    """Those that the measured figures tell of."""
    rows, probes = data["rows"], data["probes"]
    return [*wall_bars(rows, mine, peers), *peak_bars(rows, mine, peers), *latency_bars(probes, mine, peers),
            *against_glibc_bars(probes, mine), *scale_bars(probes, mine), *memory_bars(probes, mine, peers)]
