"""`equation`: a network as a closed formula in the user's own units and names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from chainrule.data.dataset import Dataset
from chainrule.errors import ConfigError, ShapeError
from chainrule.explain.algebra import Affine, Apply, Floats, Piece, input_size, output_size, pieces_of, run
from chainrule.explain.formulas import closed_size, expressions, import_sympy, parameters_of
from chainrule.explain.record import Record
from chainrule.explain.rounding import check_digits, check_most, rounded
from chainrule.explain.typeset import Formula, latex_name, matrix_formula
from chainrule.explain.units import Units, units_of
from chainrule.messages import text as message
from chainrule.nn.activation import Sigmoid, Softmax
from chainrule.nn.module import Module

__all__ = ["Equation", "equation"]

Form = Literal["closed", "layered", "matrix"]

#: A network with more parameters than this is shown layer by layer in matrices, not neuron by neuron.
_MOST_PARAMETERS = 5000
_LINKS = {"bce_with_logits": ("Sigmoid", Sigmoid), "cross_entropy": ("Softmax", Softmax)}
_NO_LINK = {"bce", "mse", "l1", "huber", "smooth_l1", "hinge", "perceptron"}


@dataclass(frozen=True)
class Equation(Record):
    """What a network computes.

    Attributes:
        form: ``"closed"``: each output is one formula of the inputs; ``"layered"``: one formula per neuron, z₁ = …,
            h₁ = …; ``"matrix"``: one per layer.
        inputs: names of the inputs, in the user's units.
        outputs: names of the outputs.
        formulas: in the order in which they have to be evaluated; the last ones are the outputs.
        terms: how many terms the closed form has or would have.
        max_terms: beyond how many the layered form is given.
        digits: to how many significant digits numbers are rounded; None: not at all.
        worst_error: the largest difference from the model, over the data; None without data.
        rows: over how many rows that is.
    """

    form: Form
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    formulas: tuple[Formula, ...]
    terms: int
    max_terms: int
    digits: int | None
    worst_error: float | None
    rows: int
    _pieces: tuple[Piece, ...] = field(repr=False, compare=False)
    _symbols: tuple[Any, ...] = field(repr=False, compare=False)

    @property
    def expressions(self) -> list[Any]:
        """SymPy expressions of the outputs, of the closed form.

        Raises:
            ConfigError: if there is none.
        """
        if self.form != "closed":
            raise ConfigError(message("equation.large", "en", terms=_count(self.terms), most=_count(self.max_terms)))
        return [formula.expression for formula in self.formulas]

    @property
    def symbols(self) -> tuple[Any, ...]:
        """SymPy symbols of the inputs, in order."""
        return self._symbols

    def evaluate(self, x: Any) -> Floats:
        """The outputs ``(N, outputs)`` for inputs ``(N, inputs)`` in the user's units, with the numbers as rounded."""
        return run(list(self._pieces), np.asarray(x, np.float64))

    def function(self) -> Callable[..., list[Any]]:
        """A NumPy function of the inputs, one argument each, made from the closed formula by ``sympy.lambdify``."""
        from chainrule.core.special import erf

        known = [{"erf": lambda x: erf(np, np.asarray(x, np.float64))}, "numpy"]
        made: Callable[..., list[Any]] = import_sympy().lambdify(self._symbols, self.expressions, known, cse=True)
        return made

    def text(self) -> str:
        """One line per formula."""
        return "\n".join(f"{formula.name} = {formula.text}" for formula in self.formulas)

    def latex(self) -> str:
        """An ``aligned`` block."""
        lines = r" \\ ".join(f"{formula.latex_name} &= {formula.latex}" for formula in self.formulas)
        return rf"\begin{{aligned}} {lines} \end{{aligned}}"

    def mathml(self) -> str:
        """Presentation MathML, one ``<math>`` per formula."""
        return "\n".join(formula.mathml for formula in self.formulas)

    def notes(self, lang: str | None = None) -> list[str]:
        """What a reader has to know besides: the form, the rounding and its worst error."""
        notes = []
        if self.terms > self.max_terms:
            notes.append(message("equation.large", lang, terms=_count(self.terms), most=_count(self.max_terms)))
        if self.digits is not None:
            notes.append(message("equation.rounded", lang, digits=self.digits))
        if self.worst_error is not None:
            notes.append(message("equation.error", lang, error=f"{self.worst_error:.3g}", rows=_count(self.rows)))
        return notes

    def __str__(self) -> str:
        return "\n".join([self.text(), *self.notes()])

    def _repr_latex_(self) -> str:
        return f"${self.latex()}$"


def equation(
    model: Module,
    names: Sequence[str] | None = None,
    digits: int | None = None,
    data: Any = None,
    scaling: bool = True,
    max_terms: int = 2000,
    *,
    link: bool = False,
    layered: bool = False,
) -> Equation:
    """Write a network out, as it is in evaluation mode (BatchNorm with running statistics, no dropout).

    Args:
        model: made of the library's layers.
        names: of the inputs; default: those of the training data, else x1, x2, …
        digits: round weights and biases to this many significant digits, or more where terms nearly cancel; a
            weight that does not reach its neuron's last digit becomes 0.  None keeps all digits.
        data: a `Dataset` (what the model sees), or an array ``(N, inputs)`` in the user's units, over which the
            worst error is stated.
        scaling: fold the preprocessing in, so that the formula takes inputs in the user's units: centimetres instead
            of standard deviations, ``[species = "Adelie"]`` (1 if so, else 0) instead of one-hot columns; and gives
            a regression's output in the target's unit.
        max_terms: above this the closed form would help nobody: the layered one is given instead.
        link: let the formula go on to probabilities, with the loss's sigmoid or softmax.
        layered: give the layered form in any case.

    Returns:
        `Equation`.

    Raises:
        MissingDependencyError: if SymPy is not installed.
        ConfigError: for layers that have no formula, or arguments that make no sense.
        ShapeError: if names or data do not fit.
    """
    digits = check_digits(digits)
    check_most(max_terms)
    import_sympy()
    pieces = pieces_of(model)
    if not pieces:
        raise ConfigError("the network has no layers to write down")
    inputs = input_size(model, pieces)
    outputs = output_size(pieces, inputs)
    units = units_of(model, inputs, outputs, names, scaling)
    exact = _in_units(pieces, units) + (_link(model, pieces) if link else [])
    shown = exact if digits is None else rounded(exact, digits, units.center, units.scale)
    terms = closed_size(shown, inputs)
    form: Form = "closed"
    if layered or terms > max_terms:
        form = "layered" if parameters_of(shown) <= _MOST_PARAMETERS else "matrix"
    symbols = tuple(import_sympy().Symbol(name, real=True) for name in units.names)
    formulas = _FORMS[form](shown, list(symbols), units.outputs)
    worst, rows = _worst_error(exact, shown, data, units)
    return Equation(
        form, units.names, units.outputs, formulas, terms, max_terms, digits, worst, rows, tuple(shown), symbols
    )


def _in_units(pieces: list[Piece], units: Units) -> list[Piece]:
    """Take inputs, and give outputs, in the user's units."""
    done = list(pieces)
    if not units.is_plain:
        if not isinstance(done[0], Affine):
            done.insert(0, Affine("", "Scaling", np.ones(len(units.center)), np.zeros(len(units.center))))
        assert isinstance(done[0], Affine)
        done[0] = units.fold_in(done[0])
    if (units.output_center, units.output_scale) != (0.0, 1.0):
        count, last = len(units.outputs), done[-1]
        if not isinstance(last, Affine):
            last = Affine("", "Scaling", np.ones(count), np.zeros(count))
            done.append(last)
        scale = units.output_scale
        done[-1] = Affine(last.path, last.kind, last.weight * scale, last.bias * scale + units.output_center)
    return done


def _link(model: Module, pieces: list[Piece]) -> list[Piece]:
    loss = model.objective
    if loss is None or loss.name in _NO_LINK:
        return []
    if loss.name not in _LINKS:
        raise ConfigError(f"the link of loss {loss.name!r} has no formula here", fix="Leave link out")
    kind, layer = _LINKS[loss.name]
    return [Apply("", kind, layer(dim=1) if layer is Softmax else layer())]


def _closed(pieces: list[Piece], symbols: list[Any], outputs: tuple[str, ...]) -> tuple[Formula, ...]:
    values = symbols
    for piece in pieces:
        values = expressions(piece, values)
    names = [str(symbol) for symbol in symbols]
    return tuple(Formula.of(name, value, names) for name, value in zip(outputs, values, strict=True))


def _layered(pieces: list[Piece], symbols: list[Any], outputs: tuple[str, ...]) -> tuple[Formula, ...]:
    """One formula per neuron: affine steps are called z, what follows them h, numbered by layer and neuron."""
    sympy, formulas, values = import_sympy(), [], list(symbols)
    shown = {str(symbol): latex_name(str(symbol)) for symbol in symbols}
    for position, (letter, number) in enumerate(_letters(pieces)):
        made = expressions(pieces[position], values)
        names = [f"{letter}{number}_{i + 1}" for i in range(len(made))]
        shown |= {name: f"{letter}^{{({number})}}_{{{i + 1}}}" for i, name in enumerate(names)}
        if position == len(pieces) - 1:
            names = list(outputs)
        formulas += [Formula.of(name, value, shown) for name, value in zip(names, made, strict=True)]
        values = [sympy.Symbol(name, real=True) for name in names]
    return tuple(formulas)


def _matrix(pieces: list[Piece], symbols: list[Any], outputs: tuple[str, ...]) -> tuple[Formula, ...]:
    """One formula per layer."""
    before, formulas = "x", []
    for piece, (letter, number) in zip(pieces, _letters(pieces), strict=True):
        formulas.append(matrix_formula(piece, letter, number, before))
        before = f"{letter}{number}"
    return tuple(formulas)


def _letters(pieces: list[Piece]) -> list[tuple[str, int]]:
    named: list[tuple[str, int]] = []
    for piece in pieces:
        last = named[-1] if named else ("h", 0)
        if isinstance(piece, Affine):
            named.append(("z", last[1] + 1))
        else:
            named.append(("h", last[1] if last[0] == "z" else last[1] + 1))
    return named


_FORMS: dict[Form, Callable[[list[Piece], list[Any], tuple[str, ...]], tuple[Formula, ...]]] = {
    "closed": _closed,
    "layered": _layered,
    "matrix": _matrix,
}


def _worst_error(exact: list[Piece], shown: list[Piece], data: Any, units: Units) -> tuple[float | None, int]:
    if data is None:
        return None, 0
    if isinstance(data, Dataset):
        seen = np.asarray(data.inputs, np.float64).reshape(len(data), -1)
        factor = getattr(getattr(data.preprocessing, "inputs", None), "scale", 1.0)
        if data.inputs.dtype.kind in "iu":  # images are stored as whole numbers
            seen = seen * factor
        rows = units.to_user(seen) if seen.shape[1] == len(units.center) else seen
    else:
        rows = np.asarray(data, np.float64)
        rows = rows.reshape(len(rows), -1) if rows.ndim > 1 else rows
    if rows.ndim != 2 or rows.shape[1] != len(units.names) or not len(rows):
        raise ShapeError("the data do not fit the network", expected=f"(N, {len(units.names)})", got=rows.shape)
    return float(np.abs(run(shown, rows) - run(exact, rows)).max()), len(rows)


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**9 else f"{float(number):.2g}" if number < 10**300 else "10³⁰⁰…"
