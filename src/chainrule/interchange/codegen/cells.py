"""Languages without loops: every number of every step gets a formula of its own, of numbers that came before."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.interchange.codegen.expression import Dialect, Expression, variable
from chainrule.interchange.codegen.program import Affine, Elementwise, Normalise, Scale, Step

__all__ = ["joined", "stages"]

_CHUNK = 50
Write = Callable[[Expression], str]


def joined(parts: Sequence[str], form: str) -> str:
    """Many terms as one, in brackets of fifty, so that no language's limits on depth or arguments are met."""
    terms = list(parts)
    while len(terms) > 1:
        chunks = [terms[start : start + _CHUNK] for start in range(0, len(terms), _CHUNK)]
        terms = [
            form.format((" + " if form == "({})" else ", ").join(one)) if len(one) > 1 else one[0] for one in chunks
        ]
    return terms[0]


def stages(step: Step, names: Sequence[str], dialect: Dialect) -> list[Callable[[Sequence[str]], list[str]]]:
    """What a step computes, in stages: each maps the names of all numbers so far to the formulas of the next.

    Args:
        step: of the program.
        names: how many numbers come in is their count.
        dialect: of the language; its form of "largest" takes many operands.

    Returns:
        functions of the names of the stage before; the last gives the step's numbers.
    """
    count = len(names)
    number = dialect.number
    if isinstance(step, Affine):
        return [
            lambda x: [
                joined([*(f"{x[i]} * {number(w)}" for i, w in enumerate(row)), number(b)], "({})")
                for row, b in zip(step.weight, step.bias, strict=True)
            ]
        ]
    if isinstance(step, Scale):
        pairs = list(zip(step.factor, step.shift, strict=True))
        return [lambda x: [f"({x[i]} * {number(a)} + {number(b)})" for i, (a, b) in enumerate(pairs)]]
    if isinstance(step, Elementwise):
        return [lambda x: [dialect.write(_with(step.formula, one)) for one in x]]
    if isinstance(step, Normalise):
        parts = list(zip(step.weight, step.bias, strict=True))
        return [
            lambda x: [*x, f"({joined(x, '({})')} / {count})"],
            lambda x: [f"({x[i]} - {x[count]})" for i in range(count)],
            lambda x: [*x, _root(x, count, step.eps, dialect)],
            lambda x: [f"({x[i]} / {x[count]} * {number(a)} + {number(b)})" for i, (a, b) in enumerate(parts)],
        ]
    exp, log = dialect.forms["exp"], dialect.forms["log"]
    total: Callable[[Sequence[str]], str] = lambda x: joined([exp.format(one) for one in x], "({})")  # noqa: E731
    return [
        lambda x: [*x, joined(x, dialect.forms["largest"])],
        lambda x: [f"({x[i]} - {x[count]})" for i in range(count)],
        lambda x: [*x, total(x)],
        lambda x: [
            f"({x[i]} - {log.format(x[count])})" if step.log else f"({exp.format(x[i])} / {x[count]})"
            for i in range(count)
        ],
    ]


def _root(x: Sequence[str], count: int, eps: float, dialect: Dialect) -> str:
    squares = joined([f"{one} * {one}" for one in x], "({})")
    return dialect.forms["sqrt"].format(f"({squares} / {count} + {dialect.number(eps)})")


def _with(expression: Expression, name: str) -> Expression:
    """The formula with a name in the place of ``x``."""
    if expression.operation == "variable":
        return variable(name)
    parts = tuple(_with(one, name) if isinstance(one, Expression) else one for one in expression.operands)
    return Expression(expression.operation, parts)
