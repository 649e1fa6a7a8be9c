"""Generated code, run in its own language, against the network that it was made of."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, nn
from chainrule.data.encoders import CategoricalEncoder, NumericEncoder
from chainrule.data.inputs import TableInputs
from chainrule.data.preprocessing import Preprocessing
from chainrule.data.target import Target
from chainrule.errors import ChainruleError, ConfigError, FormatError, UnknownNameError
from chainrule.interchange import export, to_torch

CLOSE = 1e-6
LAYERS = [
    nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(1.5), nn.SELU(), nn.GELU(), nn.GELU("tanh"), nn.SiLU(),
    nn.Softplus(), nn.Softplus(2.0, 3.0), nn.Mish(), nn.Hardtanh(-2, 0.5), nn.Sigmoid(), nn.Tanh(), nn.Step(),
    nn.Step(signed=True), nn.Identity(), nn.Dropout(0.5), nn.LayerNorm(5, eps=0.1), nn.BatchNorm1d(5),
    nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.LayerNorm(5, bias=False), nn.BatchNorm1d(5, affine=False),
    nn.SmoothClip(), nn.SmoothClip(0.25), nn.Scale(5),
]  # fmt: skip


def network(*middle: nn.Module) -> nn.Module:
    """Flatten, linear, the layers, batch normalisation that cannot be folded, linear; with moved statistics."""
    cr.manual_seed(0)
    model = nn.Sequential(
        nn.Flatten(), nn.Linear(3, 5), *middle, nn.ReLU(), nn.BatchNorm1d(5), nn.Linear(5, 2, bias=False)
    )
    for layer in model.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.LayerNorm)) and layer.weight is not None:
            layer.weight._data = np.linspace(0.5, 1.5, 5, dtype=np.float32)
    rng = np.random.default_rng(1)
    with cr.no_grad():
        for _ in range(3):
            model(cr.Tensor.of(rng.normal(size=(20, 3)).astype(np.float32) * 3))
    return model.eval()


def rows_of(count: int = 6) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(count, 3)).astype(np.float32) * 2


def run_python(source: str, rows: Any, work: Path) -> Any:
    space: dict[str, Any] = {}
    exec(compile(source, "generated", "exec"), space)
    return [space["predict"](list(row)) for row in rows]


def run_numpy(source: str, rows: Any, work: Path) -> Any:
    space: dict[str, Any] = {}
    exec(compile(source, "generated", "exec"), space)
    kind = object if any(isinstance(one, str) for row in rows for one in row) else float
    return space["predict"](np.array([list(row) for row in rows], kind))


def run_c(source: str, rows: Any, work: Path) -> Any:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not here: generated C not tested")
    kind, inputs = re.search(r"predict\(const (\w+) x\[(\d+)\]", source).groups()  # type: ignore[union-attr]
    outputs = int(re.search(r"float y\[(\d+)\]\);", source)[1])  # type: ignore[index]
    listed = ", ".join("{" + ", ".join(_c(one) for one in row) + "}" for row in rows)
    main = f"""#include <stdio.h>
#include "net.c"
int main(void) {{
    static const {kind} x[][{inputs}] = {{{listed}}};
    float y[{outputs}];
    int i, j;
    for (i = 0; i < {len(rows)}; i++) {{
        predict(x[i], y);
        for (j = 0; j < {outputs}; j++) printf("%.9g ", (double)y[j]);
        puts("");
    }}
    return 0;
}}
"""
    (work / "net.c").write_text(source)
    (work / "main.c").write_text(main)
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["gcc", *flags, "-c", "net.c", "-o", "net.o"], cwd=work, check=True, timeout=60)
    subprocess.run(["gcc", *flags, "main.c", "-o", "net", "-lm"], cwd=work, check=True, timeout=60)
    shown = subprocess.run(["./net"], cwd=work, check=True, capture_output=True, text=True, timeout=60).stdout
    return [[float(one) for one in line.split()] for line in shown.splitlines()]


def _c(value: Any) -> str:
    return "NAN" if value is None or value != value else repr(float(value))


def run_js(source: str, rows: Any, work: Path) -> Any:
    if shutil.which("node") is None:
        pytest.skip("node is not here: generated JavaScript not tested")
    (work / "net.mjs").write_text(source)
    plain = [[one if isinstance(one, str) or one is None else float(one) for one in row] for row in rows]
    code = f"import {{predict}} from './net.mjs'; console.log(JSON.stringify({json.dumps(plain)}.map(predict)));"
    (work / "main.mjs").write_text(code)
    shown = subprocess.run(["node", "main.mjs"], cwd=work, check=True, capture_output=True, text=True, timeout=60)
    return json.loads(shown.stdout)


def run_sql(source: str, rows: Any, work: Path, columns: list[str] | None = None) -> Any:
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("SELECT exp(1), tanh(1), ln(2), sqrt(2)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no mathematical functions: generated SQL not tested")
    names = columns or [f"x{place + 1}" for place in range(len(rows[0]))]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    connection.execute(f"CREATE TABLE data ({', '.join(quoted)})")
    plain = [[one if isinstance(one, str) or one is None else float(one) for one in row] for row in rows]
    connection.executemany(f"INSERT INTO data VALUES ({', '.join('?' * len(names))})", plain)
    return [row[1:] for row in connection.execute(source)]


def run_excel(source: str, rows: Any, work: Path) -> Any:
    """A small spreadsheet: formulas become Python, cells become entries of a dictionary."""
    functions = {
        "EXP": math.exp, "LN": math.log, "TANH": math.tanh, "SQRT": math.sqrt, "ABS": abs, "MAX": max, "MIN": min,
        "NORMSDIST": lambda x: 0.5 * math.erfc(-x / math.sqrt(2)), "EXACT": lambda a, b: a == b,
        "ISNUMBER": lambda a: isinstance(a, float),
    }  # fmt: skip
    sheet = list(csv.reader(io.StringIO(source)))
    assert max(len(row[1]) for row in sheet) < 8192
    results = []
    for row in rows:
        cells: dict[str, Any] = {}
        for place, (label, content) in enumerate(sheet, 1):
            if 2 <= place <= len(row) + 1:
                value = row[place - 2]
                cells[f"B{place}"] = value if isinstance(value, str) or value is None else float(value)
            elif content.startswith("="):
                code = re.sub(r'"((?:[^"]|"")*)"', lambda match: repr(match[1].replace('""', '"')), content[1:])
                code = re.sub(r"\bB\d+\b", lambda match: f"cells['{match[0]}']", code)
                cells[f"B{place}"] = eval(_lazy(code), {**functions, "cells": cells})
            if label.startswith("output"):
                cells.setdefault("out", []).append(cells[f"B{place}"])
        results.append(cells["out"])
    return results


def _lazy(code: str) -> str:
    """IF(a,b,c) as (b if a else c): only the branch that counts is computed, as in a spreadsheet."""
    while (start := code.find("IF(")) >= 0:
        depth, parts, place = 0, [start + 3], start + 2
        while True:
            letter = code[place]
            depth += (letter in "([") - (letter in ")]")
            if letter == "," and depth == 1:
                parts.append(place + 1)
            if not depth:
                break
            place += 1
        a, b, c = (code[i:j] for i, j in zip(parts, [parts[1] - 1, parts[2] - 1, place], strict=True))
        code = f"{code[:start]}(({b}) if ({a}) else ({c})){code[place + 1 :]}"
    return code


RUNNERS: dict[str, Callable[..., Any]] = {
    "python": run_python, "numpy": run_numpy, "c": run_c, "js": run_js, "sql": run_sql, "excel": run_excel,
}  # fmt: skip


def assert_agree(found: Any, expected: np.ndarray) -> None:
    assert np.shape(found) == expected.shape
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=CLOSE, atol=CLOSE)


def test_agreement_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_agree([[1.0]], np.array([[1.00001]]))


def outputs(model: nn.Module, rows: np.ndarray) -> np.ndarray:
    with cr.no_grad():
        return np.asarray(model(cr.Tensor.of(rows)).numpy(), np.float64)


@pytest.mark.parametrize("target", RUNNERS)
def test_every_layer_in_every_language(target: str, tmp_path: Path) -> None:
    rows = rows_of()
    together = 2 if target in ("c", "js") else 1  # a compiler and Node take their time
    for start in range(0, len(LAYERS), together):
        model = network(*LAYERS[start : start + together])
        assert_agree(RUNNERS[target](export(model, target), rows, tmp_path), outputs(model, rows))


@pytest.mark.parametrize("target", RUNNERS)
def test_large_inputs_do_not_overflow(target: str, tmp_path: Path) -> None:
    rows = np.array([[-300.0, 0, 300], [900, -900, 2]], np.float32)
    for layer in (nn.Sigmoid(), nn.Softplus(), nn.Softmax(dim=1), nn.ELU(), nn.Mish())[:: 2 if target == "c" else 1]:
        model = nn.Sequential(nn.Linear(3, 3, bias=False), layer)
        model[0].weight._data = np.eye(3, dtype=np.float32)
        assert_agree(RUNNERS[target](export(model, target), rows, tmp_path), outputs(model, rows))


@pytest.fixture(scope="module", params=["standard", "realmlp"])
def penguins(request: Any) -> Any:
    cr.manual_seed(0)
    table = cr.data.load("penguins")
    splits = table.prepare(test=0, scaling=request.param)
    n = splits.train.preprocessing.n_features
    first = [nn.SmoothClip(), nn.Scale(n)] if request.param == "realmlp" else []
    model = nn.Sequential(*first, nn.Linear(n, 6), nn.Tanh(), nn.Linear(6, 3))
    cr.fit(model, splits.train, optimizer="adam", lr=0.05, epochs=3, verbose=0)
    return model.eval(), table


@pytest.mark.parametrize("target", RUNNERS)
def test_the_preprocessing_comes_along(target: str, penguins: Any, tmp_path: Path) -> None:
    model, table = penguins
    columns = model.preprocessing.columns
    wanted = [*range(12), 3, 271]
    cells = [[table[name][row] for name in columns] for row in wanted]
    cells = [[one if isinstance(one, str) or one is None or one == one else None for one in row] for row in cells]
    cells.append([None] * len(columns))
    frame = {name: [row[place] for row in cells] for place, name in enumerate(columns)}
    expected = cr.predict_proba(model, frame)
    if target == "c":
        listed = {e.name: list(e.categories) for e in model.preprocessing.inputs.encoders if e.kind == "categorical"}
        cells = [
            [
                (listed[n].index(one) if one in listed[n] else None) if n in listed else one
                for n, one in zip(columns, row, strict=True)
            ]
            for row in cells
        ]
    extra = {"columns": columns} if target == "sql" else {}
    assert_agree(RUNNERS[target](export(model, target), cells, tmp_path, **extra), expected)


@pytest.mark.parametrize("target", RUNNERS)
def test_a_regression_in_its_own_units(target: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 2)).astype(np.float32)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
    cr.fit(model, (x, 100 * x[:, :1] + 7), loss="mse", epochs=3, verbose=0)
    found = RUNNERS[target](export(model, target), x[:4], tmp_path)
    np.testing.assert_allclose(np.ravel(found), np.ravel(cr.predict(model, x[:4])), rtol=CLOSE, atol=1e-5)
    raw = RUNNERS[target](export(model, target, link=False), x[:4], tmp_path)
    assert_agree(raw, outputs(model, x[:4]))


def test_networks_become_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    rows = rows_of()
    for layer in LAYERS:
        own = isinstance(layer, (nn.Step, nn.Scale, nn.SmoothClip))
        if own or (isinstance(layer, nn.BatchNorm1d) and not layer.affine):
            continue
        model = network(nn.Sequential(layer))
        space: dict[str, Any] = {}
        exec(compile(export(model, "torch", name="build"), "generated", "exec"), space)
        for made in (to_torch(model), space["build"]()):
            assert_agree(made(torch.from_numpy(rows)).detach().numpy(), outputs(model, rows))
            assert list(made.state_dict()) == list(model.state_dict())
    with pytest.raises(FormatError, match="no Step"):
        to_torch(nn.Sequential(nn.Step()))


def test_latex_is_well_formed_and_holds_every_number() -> None:
    for layer in LAYERS:
        written = export(network(layer), "latex")
        assert written.count("{") == written.count("}")
        assert written.count(r"\left") == written.count(r"\right")
        assert sorted(re.findall(r"\\begin\{(\w+)", written)) == sorted(re.findall(r"\\end\{(\w+)", written))
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    values = [
        [[float(one.replace(r" \cdot 10^{", "e").rstrip("}")) for one in row.split("&")] for row in body.split(r"\\")]
        for body in re.findall(r"\\begin\{bmatrix\}([^t]*?)\\end", export(model, "latex").partition("h_{1}")[2])
    ]
    w1, b1, w2, b2 = (np.array(one) for one in values[:4])
    x = np.array([[0.3], [-2.0]])
    found = w2 @ np.maximum(w1 @ x + b1, 0) + b2
    np.testing.assert_allclose(found.T, outputs(model, x.T.astype(np.float32)), rtol=CLOSE, atol=CLOSE)


NAMES = ['a"b', "a'b", "a\\", "*/", "=1+1", '"""', "\n", "?? /", "né", "a]b", "{0}", "x; DROP TABLE data"]


@pytest.mark.parametrize("target", RUNNERS)
def test_names_stay_names(target: str, tmp_path: Path) -> None:
    """Names of columns, categories and classes that would be code if anything let them."""
    kinds = ("a'\"\\", "*/", "{0}", "=1")
    encoders = [NumericEncoder(name, 0.5, 1.0, 2.0, False) for name in NAMES]
    inputs = TableInputs((*encoders, CategoricalEncoder("kind */", kinds)))
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(len(NAMES) + 5, len(NAMES))).eval()
    model.preprocessing = Preprocessing(inputs, Target("y", "multiclass", tuple(NAMES)))
    model.objective = losses.get("cross_entropy")
    cells = [[float(place) for place in range(len(NAMES))] + [kind] for kind in (*kinds, "unseen")]
    frame = {name: [row[place] for row in cells] for place, name in enumerate(inputs.columns)}
    expected = cr.predict_proba(model, frame)
    if target == "c":
        cells = [[*row[:-1], float(place)] for place, row in enumerate(cells)]
    extra = {"columns": list(inputs.columns)} if target == "sql" else {}
    assert_agree(RUNNERS[target](export(model, target), cells, tmp_path, **extra), expected)
    assert export(model, "latex").count("{") == export(model, "latex").count("}")


def test_refusals() -> None:
    model = nn.Sequential(nn.Linear(2, 1))
    with pytest.raises(UnknownNameError, match="Did you mean 'python'"):
        export(model, "pyton")
    for name in ("a b", "class", "x", "1a", "W1", "é", ""):
        with pytest.raises(ConfigError, match="not a name"):
            export(model, "c", name=name)
    with pytest.raises(FormatError, match="too large for a spreadsheet"):
        export(nn.Sequential(nn.Linear(900, 2)), "excel")
    with pytest.raises(FormatError, match="too wide for a query"):
        export(nn.Sequential(nn.Linear(2000, 2)), "sql")
    with pytest.raises(FormatError, match="too large for a formula"):
        export(nn.Sequential(nn.Linear(2000, 2)), "latex")
    with pytest.raises(FormatError, match="running statistics"):
        export(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2, track_running_stats=False)), "c")
    broken = nn.Sequential(nn.Linear(1, 1), nn.Hardtanh(0, float("inf")))
    with pytest.raises(FormatError, match="option that is not finite"):
        export(broken, "python")
    broken[0].bias._data = np.array([np.nan], np.float32)
    with pytest.raises(FormatError, match="numbers that are not finite"):
        export(broken, "python")
    with pytest.raises(FormatError, match="Softmax"):
        export(nn.Sequential(nn.Linear(2, 2), nn.Softmax(dim=0)), "js")
    with pytest.raises(FormatError, match="how many inputs"):
        export(nn.Sequential(nn.ReLU()), "js")
    with pytest.raises(ChainruleError, match="not a model"):
        export(3, "c")  # type: ignore[arg-type]


def test_a_wide_network_in_sql(tmp_path: Path) -> None:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 10), nn.Softmax(dim=1))
    rows = np.random.default_rng(0).random((2, 784)).astype(np.float32)
    assert_agree(run_sql(export(model, "sql"), rows, tmp_path), outputs(model, rows))
