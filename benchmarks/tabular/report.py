"""The results as Markdown: a summary, then every set."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from methods import METHODS
from results import Key, Result
from scores import Scores
from sets import SETS

__all__ = ["as_markdown"]

_HOW = """\
Errors are shares of test rows with the wrong class, or RMSE over the standard deviation of the targets; means over \
the seeds. Ratios are of such means, over the seeds that both have done, with half a test row added to both errors \
where classes are predicted, so that no error at all is a number, too. "MLP" is scikit-learn's, standardised, with or \
without early stopping, for each set whichever has the smaller test error. A tie is half a win. Times are of one \
thread's processor time."""

# The goals: error and wins against MLP, wins against boosting, distance from TD-S, time relative to TD-S.
_GOALS = {"vs_mlp": 0.75, "wins_mlp": 0.75, "wins_hgb": 0.55, "vs_td_s": 1.03, "time": 0.5}


def as_markdown(found: Mapping[Key, Result], sets: list[str], cap: int, seeds: list[int]) -> str:
    """All tables.

    Args:
        found: all results that there are.
        sets: which to show.
        cap: results of another cap are left out.
        seeds: results of other seeds are left out.
    """
    wanted = [row for row in found.values() if row.set in sets and row.cap == cap and row.seed in seeds]
    scores = Scores(wanted)
    methods = [name for name in METHODS if any(row.method == name for row in wanted)]
    names = [name for name in sets if any(row.set == name for row in wanted)]
    parts = [
        "# Tables",
        _origin(wanted, cap),
        _section("Summary", f"{_HOW}\n\n{_summary(scores, methods)}"),
        _section("Errors", _errors(scores, names, methods)),
        _section("Error relative to MLP's", _ratios(scores, names, methods)),
        _section("Seconds of a fit", _times(scores, names, methods)),
        _section("Sets", _sets(names, wanted)),
        _section("Not measured", _not_measured(wanted, methods)),
    ]
    return "\n\n".join(part for part in parts if part)


def _origin(rows: list[Result], cap: int) -> str:
    if not rows:
        return "There are no results."
    packages: dict[str, set[str]] = {}
    for row in rows:
        for name, number in row.origin.get("packages", {}).items():
            packages.setdefault(name, set()).add(number)
    ours = {row.origin.get("commit") or "?" for row in rows if METHODS[row.method].ours}
    return (
        f"{_list(row.origin.get('processor', '') for row in rows)}, one thread; "
        f"{_list(row.origin.get('date', '') for row in rows)}; at most {cap:,} rows per fit. "
        + (f"chainrule at {_list(ours)}; " if ours else "")
        + ", ".join(f"{name} {_list(numbers)}" for name, numbers in packages.items() if name != "chainrule")
        + "."
    )


def _summary(scores: Scores, methods: list[str]) -> str:
    lines = []
    for name in methods:
        against_mlp, against_hgb = scores.ratios(name, ("mlp", "mlp-es")), scores.ratios(name, ("hgb",))
        against_anchor, times = scores.ratios(name, ("td-s",)), scores.time_ratios(name, "td-s")
        judge = _judge if METHODS[name].ours else (lambda text, *_: text)
        mlp, hgb, anchor, time = map(_mean, (against_mlp, against_hgb, against_anchor, times))
        lines.append(
            (
                METHODS[name].title,
                str(len(against_mlp)),
                judge(_number(mlp), mlp, "vs_mlp", -1),
                _number(_mean(scores.ratios(name, ("mlp",)))),
                _number(_mean(scores.ratios(name, ("mlp", "mlp-es"), shift=0.01))),
                judge(_wins(against_mlp), _share(against_mlp), "wins_mlp", 1) if "mlp" not in name else "",
                _number(hgb),
                judge(_wins(against_hgb), _share(against_hgb), "wins_hgb", 1) if name != "hgb" else "",
                judge(_number(anchor), anchor, "vs_td_s", -1),
                judge(_number(time), time, "time", -1),
            )
        )
    header = (
        "method",
        "sets",
        "error ÷ MLP's",
        "÷ MLP's without early stopping",
        "÷ MLP's, both + 0.01",
        "wins against MLP",
        "error ÷ HGB's",
        "wins against HGB",
        "error ÷ TD-S's",
        "time ÷ TD-S's",
    )
    goals = (
        "Ratios are geometric means over the sets. Goals for chainrule: error at most 0.75 of MLP's, at least 75% wins "
        "against MLP and 55% against HistGradientBoosting, error at most 1.03 of TD-S's, at most half its time."
    )
    return _table(header, lines) + "\n\n" + goals


def _judge(text: str, value: float | None, goal: str, direction: int) -> str:
    if value is None:
        return text
    met = (value - _GOALS[goal]) * direction >= 0
    return f"{text} ({'met' if met else 'missed'})"


def _errors(scores: Scores, sets: list[str], methods: list[str]) -> str:
    lines = []
    for name in sets:
        means = {method: scores.mean(name, method) for method in methods}
        best = min((mean for mean in means.values() if mean is not None), default=None)
        cells = [_error(means[method], scores.spread(name, method), means[method] == best) for method in methods]
        lines.append((name, scores.seeds(name), *cells))
    note = "Mean ± standard deviation over the seeds; the smallest in bold."
    return f"{note}\n\n" + _table(("set", "seeds", *_titles(methods)), lines)


def _error(mean: float | None, spread: float, best: bool) -> str:
    if mean is None:
        return ""
    return f"{f'**{mean:.4f}**' if best else f'{mean:.4f}'} ± {spread:.4f}"


def _ratios(scores: Scores, sets: list[str], methods: list[str]) -> str:
    found = {method: scores.ratios(method, ("mlp", "mlp-es")) for method in methods}
    lines = [(name, *(_number(found[method].get(name)) for method in methods)) for name in sets]
    groups = {"all": sets, "classes": [name for name in sets if SETS[name].classes]}
    groups["quantities"] = [name for name in sets if name not in groups["classes"]]
    for title, group in groups.items():
        chosen = [{name: ratio for name, ratio in found[method].items() if name in group} for method in methods]
        lines.append((f"**geometric mean, {title}**", *(_number(_mean(ratios)) for ratios in chosen)))
    return _table(("set", *_titles(methods)), lines)


def _times(scores: Scores, sets: list[str], methods: list[str]) -> str:
    lines = [(name, *(_seconds(scores.time(name, method)) for method in methods)) for name in sets]
    return "Median over the seeds.\n\n" + _table(("set", *_titles(methods)), lines)


def _sets(sets: list[str], rows: list[Result]) -> str:
    lines = []
    for name in sets:
        row, sizes = SETS[name], next(one.rows for one in rows if one.set == name)
        table = None if row.missing() else row.load()
        facts = ("", "", "", "")
        if table is not None:
            missing = table.X.isna().to_numpy().mean()
            kind = f"{len(set(table.y))} classes" if row.classes else "a quantity"
            texts = len(table.text)
            facts = (
                str(len(table.y)),
                kind,
                f"{table.X.shape[1] - texts} + {texts}",
                f"{missing:.1%}" if missing else "",
            )
        source = f"{row.source}; {row.package}: {row.item}"
        lines.append((name, facts[0], f"{sizes[0]} + {sizes[1]}", *facts[1:], source, row.licence))
    header = ("set", "rows", "fitted + tested", "target", "columns: numbers + text", "missing", "source", "licence")
    return _table(header, lines)


def _not_measured(rows: list[Result], methods: list[str]) -> str:
    lines = [
        f"- {row.set}, seed {row.seed}, {METHODS[row.method].title}: FAILED: {row.message}"
        for row in rows
        if row.error is None
    ]
    done = {row.method for row in rows if row.error is not None}
    absent = [
        f"- {method.title}: {method.missing() or 'no results yet'}"
        for name, method in METHODS.items()
        if name not in done
    ]
    return "\n".join(absent + lines)


# Pieces


def _titles(methods: list[str]) -> list[str]:
    return [METHODS[name].title for name in methods]


def _mean(ratios: dict[str, float]) -> float | None:
    return math.exp(sum(map(math.log, ratios.values())) / len(ratios)) if ratios else None


def _share(ratios: dict[str, float]) -> float | None:
    """Wins, a tie being half of one."""
    if not ratios:
        return None
    return sum(0.5 if ratio == 1 else float(ratio < 1) for ratio in ratios.values()) / len(ratios)


def _wins(ratios: dict[str, float]) -> str:
    share = _share(ratios)
    return "" if share is None else f"{share:.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _list(values: Iterable[str]) -> str:
    return ", ".join(sorted({value for value in values if value}))


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}" if text else ""


def _table(header: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    rows = [header, ("---",) * len(header), *lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in rows)
