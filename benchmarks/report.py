"""Results as JSON and as a Markdown table."""

from __future__ import annotations

from typing import Any

from harness import Result, Spread
from workloads import WORKLOADS

__all__ = ["as_json", "as_markdown"]

_HEADER = (
    "| workload | rival | chainrule | rival's | rival ÷ chainrule | pairs | goal | notes (chainrule / rival) |\n"
    "|---|---|---|---|---|---|---|---|"
)


def as_json(
    machine: dict[str, Any], settings: dict[str, Any], results: list[Result], skipped: list[str]
) -> dict[str, Any]:
    """Everything that was measured."""
    rows = []
    for result in results:
        verdict = None if settings["smoke"] else WORKLOADS[result.workload].verdict(result)
        goal = None if verdict is None else {"goal": verdict[0], "met": verdict[1]}
        rows.append({**result.as_dict(), "title": WORKLOADS[result.workload].title, "goal": goal})
    return {"machine": machine, "settings": settings, "results": rows, "not_measured": skipped}


def as_markdown(report: dict[str, Any]) -> str:
    """The same for people: the machine, a table, what each workload is, and what was not measured."""
    lines = [_machine(report["machine"]), ""]
    if report["settings"]["smoke"]:
        lines += ["**A smoke run: sizes are tiny, and the numbers mean nothing.**", ""]
    lines += [_HEADER, *(_row(row) for row in report["results"]), ""]
    titles = {row["workload"]: row["title"] for row in report["results"]}
    lines += [f"- **{name}**: {title}" for name, title in titles.items()]
    lines += (
        ["", "Not measured:", *(f"- {words}" for words in report["not_measured"])] if report["not_measured"] else []
    )
    return "\n".join(lines) + "\n"


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {found}" for name, found in machine["packages"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} core(s), {machine['memory_gib']} GiB, {machine['system']}; "
        f"load {machine['load_at_start']} at the start. "
        f"Python {machine['python']}, {packages}; BLAS: {machine['blas']}."
    )


def _row(row: dict[str, Any]) -> str:
    unit = row["unit"]
    ours, theirs = (_median(row[side], unit) for side in ("ours", "theirs"))
    ratio = row["ratio"]
    shown = "" if ratio is None else f"**{_times(ratio['median'])}** ({_times(ratio['low'])}–{_times(ratio['high'])})"
    goal = "" if row["goal"] is None else f"{row['goal']['goal']}: {'met' if row['goal']['met'] else 'MISSED'}"
    name = f"{row['workload']}: {row['case']}" if row["case"] else row["workload"]
    cells = (name, row["rival"] or "", ours, theirs, shown, str(len(row["ours"])), goal, row["note"])
    return f"| {' | '.join(cells)} |"


def _times(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def _median(values: list[float], unit: str) -> str:
    if not values:
        return ""
    median = Spread.of(values).median
    if unit == "accuracy":
        return f"{median:.4f}"
    if unit == "s" and median < 0.1:
        return f"{median * 1e3:.3g} ms"
    return f"{median:.3g} {unit}"
