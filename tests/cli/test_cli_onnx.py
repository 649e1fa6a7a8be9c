"""``chainrule export --to onnx`` and ``chainrule import FILE.onnx``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn

Run = Callable[..., Any]
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


@pytest.fixture
def model() -> str:
    cr.manual_seed(0)
    splits = cr.data.load("iris").prepare(test=0)
    made = nn.Sequential(nn.Linear(4, 3), nn.GELU(), nn.Linear(3, 3))
    cr.fit(made, splits.train, epochs=2, verbose=0)
    made.save("iris.safetensors")
    return "iris.safetensors"


def test_out_and_in_again(run: Run, run_json: Run, model: str) -> None:
    shown = run("export", model, "--to", "onnx", "-o", "iris.onnx")
    assert not shown.stdout
    assert "Wrote iris.onnx" in shown.stderr
    session = onnxruntime.InferenceSession("iris.onnx", providers=["CPUExecutionProvider"])
    rows = np.array([[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]])
    columns = {one.name: rows[:, place : place + 1] for place, one in enumerate(session.get_inputs())}
    label, probabilities = session.run(None, columns)
    ours = cr.load(model)
    np.testing.assert_allclose(probabilities, cr.predict_proba(ours, rows), rtol=1e-6, atol=1e-6)
    assert label.tolist() == cr.predict(ours, rows).tolist()

    document = run_json("export", model, "--to", "onnx", "--features", "--logits", "--name", "mine", "-o", "raw.onnx")
    assert document == {"model": model, "to": "onnx", "file": "raw.onnx", "source": None}
    assert onnx.load("raw.onnx").graph.name == "mine"
    document = run_json("import", "raw.onnx", "-o", "back.safetensors")
    assert [one["type"] for _, one in document["layers"]["layers"]] == ["Linear", "GELU", "Linear"]
    x = cr.tensor(rows.astype(np.float32))
    np.testing.assert_allclose(cr.load("back.safetensors")(x).tolist(), ours(x).tolist(), rtol=1e-6, atol=1e-6)


def test_refusals(run: Run, model: str) -> None:
    assert "--out FILE.onnx" in run("export", model, "--to", "onnx", code=2).stderr
    run("export", model, "--to", "onnx", "-o", "iris.onnx")
    assert "without the preprocessing" in run("import", "iris.onnx", "-o", "m", code=2).stderr
    content = Path("iris.onnx").read_bytes()
    for place, bad in enumerate((content[:100], content[:-40], b"\x08\x08\x12\x04evil" + content[50:], content[:4])):
        Path(f"bad{place}.onnx").write_bytes(bad)
        lines = run("import", f"bad{place}.onnx", "-o", "m", code=2).stderr.splitlines()
        assert len(lines) == 1
        assert f"bad{place}.onnx" in lines[0]
    loaded = onnx.load("iris.onnx")
    onnx.save(loaded, "split.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0)
    assert "lie in another file" in run("import", "split.onnx", "-o", "m", code=2).stderr
    assert "an ONNX model" in run("predict", "iris.onnx", "nothing.csv", code=2).stderr
    assert not Path("m").exists()
