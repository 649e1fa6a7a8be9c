"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from harness import Spread
from rivals import OURS, RIVALS
from workloads.growth import AXES

__all__ = ["as_markdown"]

Row = dict[str, Any]
_LETTERED = ("a", "b", "b32", "c", "c32", "d", "e", "f", "busy", "table", "iris")
_ACCURACIES = ("fashion-accuracy", "cosine-accuracy", "iris-accuracy")


def as_markdown(report: Row) -> str:
    """The machine, what stands where, each comparison, what was not measured."""
    rows: list[Row] = report["results"]
    parts = [_machine(report["machine"])] if report["machine"] else []
    if report["settings"]["smoke"]:
        parts.append("**A smoke run: sizes are tiny, and the numbers mean nothing.**")
    sections = (_goals, _training, _peak, _memory, _warm_up, _cold, _accuracy, _growth, _everything)
    parts += [text for section in sections if (text := section(rows, report["machine"]))]
    if report["not_measured"]:
        parts.append("## Not measured\n\n" + "\n".join(f"- {words}" for words in report["not_measured"]))
    return "\n\n".join(parts) + "\n"


def _machine(machine: Row) -> str:
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items())
    peaks = ", ".join(f"{peak / 1e9:.0f} GF/s with {threads}" for threads, peak in machine["fma_peak"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} core(s), {machine['memory_gib']} GiB, {machine['system']}; "
        f"load {machine['load_at_start']} at the start; measured FMA peak by threads: {peaks or 'unknown'}. "
        f"Native engine: {machine['native']}. Commit {machine['commit']}. "
        f"Python {machine['python']}, {packages}; BLAS: {machine['blas']}."
    )


def _goals(rows: list[Row], machine: Row) -> str:
    judged = [row for row in rows if row["goal"] is not None]
    lines = [
        (_name(row), row["goal"]["goal"], _measured(row), "met" if row["goal"]["met"] else "**MISSED**")
        for row in judged
    ]
    return _section("Goals", _table(("workload", "goal", "measured", ""), lines))


def _measured(row: Row) -> str:
    goal = row["goal"]["goal"]
    if row["unit"] == "accuracy":
        return _median(row["ours"] or row["theirs"], "accuracy")
    if goal.startswith("ours"):
        return _median(row["ours"], row["unit"])
    return _times((row["blocks_ratio"] if "engine alone" in goal else row["ratio"])["median"])


def _training(rows: list[Row], machine: Row) -> str:
    """One line for each workload: our times, and how many times as long each rival took."""
    chosen = [row for row in rows if row["workload"] in _LETTERED]
    rivals = [name for name in RIVALS if name != "blocks" and any(row["rival"] == name for row in chosen)]
    lines = []
    for name, group in _grouped(chosen):
        by_rival = {row["rival"]: row for row in group}
        ours = [one for row in group for one in row["ours"]]
        blocks = [one for row in group for one in row["blocks"]]
        blocks = blocks or by_rival.get("blocks", {"theirs": []})["theirs"]
        lines.append(
            (name, _median(ours, "s"), _median(blocks, "s"), *(_pair(by_rival.get(rival)) for rival in rivals))
        )
    header = ("workload", "`fit`", "engine alone", *(RIVALS[name].title for name in rivals))
    note = (
        "How many times as long as `cr.fit` each took, and after the bar as long as our engine alone: medians of the "
        "ratios of runs that took turns."
    )
    titles = "\n".join(f"- **{name}**: {group[0]['title']}" for name, group in _grouped(chosen))
    return _section("Training, warm", note + "\n\n" + _table(header, lines) + "\n\n" + titles) if lines else ""


def _pair(row: Row | None) -> str:
    if row is None or row["ratio"] is None:
        return ""
    engine = f" \\| {_times(row['blocks_ratio']['median'])}" if row["blocks_ratio"] else ""
    return f"{_times(row['ratio']['median'])}{engine}"


def _peak(rows: list[Row], machine: Row) -> str:
    """Which fraction of what the processor can do the matrix products make."""
    peaks = (machine or {}).get("fma_peak") or {}
    lines = []
    for name, group in _grouped(row for row in rows if row["workload"] in _LETTERED):
        reached: dict[str, list[float]] = {}
        for row in group:
            for side, who in (("ours", "chainrule"), ("blocks", "blocks"), ("theirs", row["rival"])):
                got = row["details"].get("reached", {}).get(side, {}).get("flops")
                peak = peaks.get(str(row["details"].get("threads", {}).get(side)))
                if got and peak and row[side]:
                    reached.setdefault(who, []).append(got / Spread.of(row[side]).median / peak)
        # Of networks of a few neurons nobody reaches a fraction that would mean anything.
        if reached and max(map(max, reached.values())) > 0.02:
            lines.append((name, *(_percent(reached.get(who)) for who in ("chainrule", "blocks", *_others()))))
    header = ("workload", "`fit`", "engine alone", *(RIVALS[name].title for name in _others()))
    note = "Multiplications and additions of the matrix products, against the measured peak of the threads in use."
    return _section("Fraction of the FMA peak", note + "\n\n" + _table(header, lines)) if lines else ""


def _memory(rows: list[Row], machine: Row) -> str:
    def value(row: Row, side: str) -> str:
        found = row["details"].get("reached", {}).get(side, {}).get("peak_mib")
        return "" if found is None else f"{found:.0f}"

    chosen = [row for row in rows if row["workload"] in ("a", "b", "c", "d", "e", "f")]
    return _section("Peak of memory, MiB", _by_contender(chosen, value))


def _warm_up(rows: list[Row], machine: Row) -> str:
    def value(row: Row, side: str) -> str:
        found = row["details"].get("warm_up_s", {}).get(side)
        return "" if found is None else f"{max(found, 0):.2f}"

    chosen = [row for row in rows if row["workload"] in _LETTERED]
    return _section(
        "First training in a process: seconds beyond a usual one (compilation)", _by_contender(chosen, value)
    )


def _by_contender(rows: list[Row], value: Callable[[Row, str], str]) -> str:
    """A line for each workload, a column for each contender."""
    lines = []
    for name, group in _grouped(rows):
        by_rival = {row["rival"]: row for row in group}
        alone = next((value(row, "blocks") for row in group if row["blocks"]), "")
        others = [value(by_rival[other], "theirs") if other in by_rival else "" for other in _others()]
        lines.append((name, value(group[0], "ours"), alone, *others))
    return _table(("workload", "`fit`", "engine alone", *(RIVALS[name].title for name in _others())), lines)


def _cold(rows: list[Row], machine: Row) -> str:
    lines = []
    for row in rows:
        if row["workload"] == "cold":
            ratio = _times(row["ratio"]["median"])
            times = (_median(row["ours"], "s"), _median(row["theirs"], "s"))
            lines.append((row["case"], RIVALS[row["rival"]].title, *times, ratio))
    return _section("From a cold start", _table(("until", "rival", "chainrule", "rival's", "rival ÷ chainrule"), lines))


def _accuracy(rows: list[Row], machine: Row) -> str:
    lines = [
        (row["workload"], _title(row["rival"]), row["note"])
        for row in rows
        if row["workload"] in _ACCURACIES and "mean" in row["details"]
    ]
    return _section("What training reaches", _table(("workload", "who", "test accuracy"), lines))


def _growth(rows: list[Row], machine: Row) -> str:
    chosen = [row for row in rows if row["workload"] == "growth"]
    axes = list(dict.fromkeys(row["case"].partition("=")[0] for row in chosen))
    parts = [chosen[0]["title"] + "; seconds."] if chosen else []
    for axis in sorted(axes, key=lambda axis: axis not in AXES):
        of_axis = [row for row in chosen if row["case"].partition("=")[0] == axis]
        names = [name for name in RIVALS if any(row["rival"] == name for row in of_axis)]
        lines = []
        for case in dict.fromkeys(row["case"] for row in of_axis):
            by_rival = {row["rival"]: row for row in of_axis if row["case"] == case}
            ours = [one for row in by_rival.values() for one in row["ours"]]
            theirs = [_median(by_rival[name]["theirs"], "s") if name in by_rival else "" for name in names]
            lines.append((case.partition("=")[2], _median(ours, "s"), *theirs))
        parts.append(_table((axis, "`fit`", *(RIVALS[name].title for name in names)), lines))
    return _section("How time grows", "\n\n".join(parts))


def _everything(rows: list[Row], machine: Row) -> str:
    header = (
        "workload",
        "rival",
        "chainrule",
        "rival's",
        "rival ÷ chainrule",
        "÷ engine alone",
        "rounds",
        "notes (chainrule / rival)",
    )
    lines = []
    for row in rows:
        if row["workload"] in ("growth", *_ACCURACIES):
            continue
        times = (_median(row["ours"], row["unit"]), _median(row["theirs"], row["unit"]))
        spreads = (_spread(row["ratio"]), _spread(row["blocks_ratio"]))
        lines.append((_name(row), _title(row["rival"]), *times, *spreads, str(len(row["ours"])), row["note"]))
    titles = "\n".join(f"- **{name}**: {group[0]['title']}" for name, group in _grouped(rows))
    return _section("Every comparison", _table(header, lines) + "\n\n" + titles) if lines else ""


# Pieces


def _others() -> list[str]:
    return [name for name in RIVALS if name not in ("blocks", "onnx")]


def _title(name: str | None) -> str:
    if name is None:
        return OURS.title
    return RIVALS[name].title if name in RIVALS else name


def _name(row: Row) -> str:
    return f"{row['workload']}: {row['case']}" if row["case"] else row["workload"]


def _grouped(rows: Iterable[Row]) -> list[tuple[str, list[Row]]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["workload"], []).append(row)
    return list(groups.items())


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}" if text else ""


def _table(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A table without the columns in which nothing stands."""
    if not lines:
        return ""
    kept = [i for i in range(len(header)) if i == 0 or any(line[i] for line in lines)]
    rows = [header, ("---",) * len(header), *lines]
    return "\n".join(f"| {' | '.join(cells[i] for i in kept)} |" for cells in rows)


def _spread(ratio: Row | None) -> str:
    return "" if ratio is None else f"**{_times(ratio['median'])}** ({_times(ratio['low'])}–{_times(ratio['high'])})"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def _percent(fractions: list[float] | None) -> str:
    return f"{Spread.of(fractions).median:.0%}" if fractions else ""


def _median(values: list[float], unit: str) -> str:
    if not values:
        return ""
    median = Spread.of(values).median
    if unit == "accuracy":
        return f"{median:.4f}"
    if unit == "s" and median < 0.1:
        return f"{median * 1e3:.3g} ms"
    return f"{median:.3g} {unit}"
