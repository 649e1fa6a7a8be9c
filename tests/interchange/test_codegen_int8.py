"""C in whole numbers of 8 bits: against the same arithmetic in NumPy, exactly, and against the network, closely."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ConfigError, DataError, DTypeError, FormatError, ShapeError
from chainrule.interchange import export
from chainrule.interchange.codegen import c_int8, quantised
from chainrule.interchange.codegen.evaluate import run_step
from chainrule.interchange.codegen.program import program_of
from chainrule.interchange.int8 import export_int8
from chainrule.interchange.int8 import quantised as stages_of

FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wshadow", "-Wno-float-conversion"]


def run_c(source: str, rows: np.ndarray, work: Path) -> np.ndarray:
    """The outputs of the compiled source, bit for bit; built with checks of undefined behaviour where there are any."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is not here: generated C not tested")
    kind, inputs = re.search(r"predict\(const (\w+) x\[(\d+)\]", source).groups()  # type: ignore[union-attr]
    outputs = int(re.search(r"float y\[(\d+)\]\);", source)[1])  # type: ignore[index]
    (work / "net.c").write_text(source)
    (work / "main.c").write_text(f"""#include <stdio.h>
void predict(const {kind} x[{inputs}], float y[{outputs}]);
int main(void) {{
    static {kind} x[{inputs}];
    static float y[{outputs}];
    while (fread(x, sizeof x, 1, stdin) == 1) {{
        predict(x, y);
        fwrite(y, sizeof y, 1, stdout);
    }}
    return 0;
}}
""")
    found = None
    for extra in ([], ["-O2", "-fsanitize=undefined,address", "-fno-sanitize-recover=all"]):
        command = [compiler, *FLAGS[:5], *extra, "net.c", "main.c", "-o", "net", "-lm"]
        built = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=120, check=False)
        if built.returncode and extra and "sanitize" in built.stderr:
            continue
        assert not built.returncode, built.stderr[:2000]
        content = np.asarray(rows, "f8" if kind == "double" else "f4").tobytes()
        shown = subprocess.run(["./net"], cwd=work, input=content, capture_output=True, timeout=120, check=False)
        assert not shown.returncode, shown.stderr[:2000]
        outcome = np.frombuffer(shown.stdout, "f4").reshape(len(rows), outputs)
        assert found is None or (found == outcome).all()
        found = outcome
    assert found is not None
    return found


def network(*middle: nn.Module) -> nn.Module:
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 12), *middle, nn.Linear(12, 3))
    rng = np.random.default_rng(1)
    with cr.no_grad():
        for _ in range(3):
            model(cr.Tensor.of(rng.normal(size=(20, 6)).astype(np.float32) * 2))
    return model.eval()


ROWS = (np.random.default_rng(2).normal(size=(300, 6)) * [1, 2, 0.1, 1, 30, 1]).astype(np.float32)

WHOLE: dict[str, tuple[nn.Module, ...]] = {
    "relu": (nn.ReLU(),),
    "two": (nn.ReLU(), nn.Linear(12, 9), nn.ReLU(), nn.Linear(9, 12), nn.Tanh()),
    "folded": (nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.5)),
    "scaled after": (nn.ReLU(), nn.BatchNorm1d(12)),
    "linear": (nn.Linear(12, 12),),
    **{
        type(layer).__name__: (layer,)
        for layer in (nn.ReLU6(), nn.LeakyReLU(0.2), nn.ELU(1.5), nn.SELU(), nn.GELU(), nn.SiLU(), nn.Softplus(2.0),
                      nn.Mish(), nn.Hardtanh(-2, 0.5), nn.Sigmoid(), nn.Tanh(), nn.SmoothClip())
    },
    "twice": (nn.Tanh(), nn.ReLU(), nn.Sigmoid()),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_c_computes_what_numpy_does_exactly(name: str, tmp_path: Path) -> None:
    model = network(*WHOLE[name])
    stages = stages_of(model, ROWS)
    assert not any(isinstance(one, (quantised.FloatStep, quantised.Dequantise)) for one in stages)
    beyond = np.concatenate([ROWS, ROWS * 50, [[np.nan, np.inf, -np.inf, 1e38, -1e38, 0]]]).astype(np.float32)
    found = run_c(export(model, "c", int8=True, calibrate=ROWS), beyond, tmp_path)
    expected = quantised.run(stages, beyond)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    real = ROWS
    with cr.no_grad():
        truth = model(cr.Tensor.of(real)).numpy()
    error = np.abs(found[: len(ROWS)] - truth).max()
    assert 0 < error < 0.06 * (truth.max() - truth.min())


@pytest.mark.parametrize(
    "layer", [nn.LayerNorm(12), nn.Softmax(dim=1), nn.Scale(12)], ids=lambda one: type(one).__name__
)
def test_layers_that_stay_in_single_precision(layer: nn.Module, tmp_path: Path) -> None:
    model = network(nn.ReLU(), layer, nn.Tanh())
    found = run_c(export(model, "c", int8=True, calibrate=ROWS), ROWS, tmp_path)
    expected = quantised.run(stages_of(model, ROWS), ROWS)
    # The compiler may round the floats in between otherwise, so that a whole number is another one here and there.
    assert (np.abs(found - expected) < 1e-6).mean() > 0.9
    with cr.no_grad():
        truth = model(cr.Tensor.of(ROWS)).numpy()
    assert np.abs(found - truth).max() < 0.1 * (truth.max() - truth.min())


def test_the_float_steps_are_those_of_the_network() -> None:
    for layers in WHOLE.values():
        model, x = network(*layers), ROWS.astype(np.float64)
        for step in program_of(model).steps:
            x = run_step(step, x)
        with cr.no_grad():
            truth = model(cr.Tensor.of(ROWS)).numpy()
        np.testing.assert_allclose(x, truth, rtol=1e-4, atol=1e-4 * np.abs(truth).max())


def test_the_widest_sums_fit(tmp_path: Path) -> None:
    """All numbers at their extremes, biases too; the sanitizer would see an overflow."""
    model = nn.Sequential(nn.Linear(2000, 4), nn.ReLU(), nn.Linear(4, 2))
    for sign in (1, -1):
        model[0].weight._data = np.full((4, 2000), sign, np.float32)
        model[0].bias._data = np.array([1e9, -1e9, 0, 1e-9], np.float32)
        rows = np.concatenate([np.full((3, 2000), 1.0), np.full((3, 2000), -1.0), np.zeros((1, 2000))]).astype("f4")
        found = run_c(export(model, "c", int8=True, calibrate=rows), rows, tmp_path)
        np.testing.assert_array_equal(found, quantised.run(stages_of(model, rows), rows))
    wide = nn.Sequential(nn.Linear(40_000, 1))
    with pytest.raises(FormatError, match="too wide"):
        export(wide, "c", int8=True, calibrate=np.ones((2, 40_000), "f4"))


def test_networks_without_any_signal(tmp_path: Path) -> None:
    model = network(nn.ReLU())
    for parameter in model.parameters():
        parameter._data = np.zeros_like(parameter._data)
    found = run_c(export(model, "c", int8=True, calibrate=ROWS), ROWS, tmp_path)
    assert (found == 0).all()


def test_iris_with_its_columns(tmp_path: Path) -> None:
    data = cr.data.load("iris").prepare(test=0.3, seed=0)
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
    cr.fit(model, data.train, epochs=60, optimizer="adam", lr=0.02, verbose=0, seed=0)
    table = cr.data.load("iris")
    columns = model.preprocessing.columns
    rows = np.stack([np.asarray(table[name], float) for name in columns], axis=1)
    truth = cr.predict_proba(model, table)
    for calibrate in (table, None):
        source, report = export_int8(model, calibrate)
        found = run_c(source, rows, tmp_path)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
        assert (found.argmax(axis=1) == truth.argmax(axis=1)).mean() > 0.98
        assert np.abs(found - truth).max() < 0.15
        assert report.given == (calibrate is not None)
        assert report.same_class is not None
        assert report.same_class > 0.97
        for line in report.lines():
            assert f" * {line}" in source
    assert report.float_bytes == 4 * (4 * 16 + 16 + 16 * 3 + 3)


def test_fashion_mnist(data_folder: Path, tmp_path: Path) -> None:
    images = cr.data.read(data_folder / "fashion-mnist" / "t10k-images-idx3-ubyte.gz")
    cr.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    train = images.inputs[:8000], images.targets[:8000]
    cr.fit(model, train, epochs=3, optimizer="adam", lr=0.002, batch_size=64, verbose=0, seed=0)
    pixels, labels = (images.inputs[8000:] / np.float32(255)).astype(np.float32).reshape(-1, 784), images.targets[8000:]
    with cr.no_grad():
        truth = model(cr.Tensor.of(pixels)).numpy()
    calibrate = (images.inputs[:2000] / np.float32(255)).astype(np.float32)
    source, report = export_int8(model, calibrate, link=False)
    found = run_c(source, pixels, tmp_path)
    np.testing.assert_array_equal(found, quantised.run(stages_of(model, calibrate, link=False), pixels))
    accuracies = [float((one.argmax(axis=1) == labels).mean()) for one in (truth, found)]
    print("accuracies", accuracies, (truth.argmax(1) == found.argmax(1)).mean(), report)
    assert accuracies[0] > 0.78
    assert accuracies[1] > accuracies[0] - 0.01
    assert (truth.argmax(axis=1) == found.argmax(axis=1)).mean() > 0.98
    assert report.int8_bytes < 0.3 * report.float_bytes


def test_a_regression_in_its_own_units(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = cr.data.Table({"a": rng.normal(50, 9, 200), "c": rng.choice(["x", "y", "z"], 200),
                           "y": np.arange(200) * 10.0 + 1000})  # fmt: skip
    cr.manual_seed(0)
    prepared = table.prepare(test=0).train
    model = nn.Sequential(nn.Linear(prepared.inputs.shape[1], 8), nn.GELU(), nn.Linear(8, 1))
    cr.fit(model, prepared, epochs=3, verbose=0, seed=0)
    source, report = export_int8(model)
    assert report.same_class is None
    assert "rows drawn as standardised inputs" in source
    index = {name: place for place, name in enumerate(model.preprocessing.inputs.encoders[1].categories)}
    rows = np.stack([table["a"], [index[name] for name in table["c"]]], axis=1).astype(float)
    truth = cr.predict(model, table)
    found = run_c(source, rows, tmp_path)[:, 0]
    assert np.abs(found - truth).max() < 0.05 * np.std(np.arange(200) * 10.0)


def test_refusals() -> None:
    model = network(nn.ReLU())
    with pytest.raises(ConfigError, match="calibrate="):
        export(model, "c", int8=True)
    with pytest.raises(ConfigError, match="in C alone"):
        export(model, "js", int8=True, calibrate=ROWS)
    with pytest.raises(ConfigError, match="for int8 alone"):
        export(model, "c", calibrate=ROWS)
    for rows, error in (
        (ROWS[:, :5], ShapeError), (ROWS[0], ShapeError), (np.array([["a"] * 6]), ShapeError), (ROWS[:0], ShapeError),
        (ROWS * np.nan, DataError),
    ):  # fmt: skip
        with pytest.raises(error):
            export(model, "c", int8=True, calibrate=rows)
    with pytest.raises(FormatError, match="without a linear layer"):
        export(nn.Sequential(nn.BatchNorm1d(6)).eval(), "c", int8=True, calibrate=ROWS)
    for name in ("M2", "cut", "q", "2x", "x) {} int main("):
        with pytest.raises(ConfigError, match="not a name"):
            export(model, "c", name=name, int8=True, calibrate=ROWS)
    with pytest.raises(DTypeError):
        export_int8("model")  # type: ignore[arg-type]


def test_the_report_counts_what_is_declared() -> None:
    model = network(nn.Tanh())
    source, report = export_int8(model, ROWS)
    sizes = {"float": 4, "int8_t": 1, "int32_t": 4}
    counted = 0
    for kind, shape in re.findall(r"static const (\w+) \w+?((?:\[\d+\])+) =", source):
        counted += sizes[kind] * int(np.prod([int(one) for one in re.findall(r"\d+", shape)]))
    assert counted == report.int8_bytes
    assert set(report.to_dict()) >= {"rows", "same_class", "largest_error", "int8_bytes", "float_bytes"}
    assert c_int8.constants(quantised.Dequantise(np.float32(1), 0)) == {}


def test_reading_columns_stays_the_same(tmp_path: Path) -> None:
    """The same rows as features and as columns come to the same, up to the rounding of the features."""
    table: Any = cr.data.load("iris")
    cr.manual_seed(0)
    data = table.prepare(test=0).train
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    cr.fit(model, data, epochs=5, verbose=0, seed=0)
    rows = np.stack([np.asarray(table[name], float) for name in model.preprocessing.columns], axis=1)
    one = run_c(export_int8(model, table)[0], rows, tmp_path)
    other = run_c(export_int8(model, table, preprocessing=False)[0], model.preprocessing.transform(table), tmp_path)
    assert (np.abs(one - other) < 1e-6).mean() > 0.95
