"""The model file, written by somebody else: nothing in it is believed, and every refusal is one line."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import losses
from chainrule.errors import ChainruleError
from chainrule.interchange import safetensors
from helpers.bundle_cases import trained


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "good.safetensors"
    trained(loss=losses.CrossEntropyLoss(weight=[1.0, 2.0, 3.0])).save(path)
    return path


def refused(path: Path, message: str | None = None) -> None:
    """Loading ends in one line of ours, soon, with little memory."""
    began = time.perf_counter()
    tracemalloc.start()
    try:
        with pytest.raises(ChainruleError, match=message) as caught:
            cr.load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert time.perf_counter() - began < 5
    assert peak < 64 * 2**20


def with_metadata(good: Path, target: Path, **parts: str) -> Path:
    """As `rewritten`, faster: the numbers are copied as they stand."""
    content = good.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:start])
    header["__metadata__"] |= parts
    text = json.dumps(header).encode()
    target.write_bytes(len(text).to_bytes(8, "little") + text + content[start:])
    return target


def rewritten(good: Path, target: Path, tensors: Any = None, **parts: Any) -> Path:
    """A copy of the file with other tensors and other texts in its metadata (None: left out)."""
    kept, metadata = safetensors.read(good)
    changed = {**metadata, **{k: v if isinstance(v, str | None) else json.dumps(v) for k, v in parts.items()}}
    safetensors.write(
        target, kept if tensors is None else tensors(kept), {k: v for k, v in changed.items() if v is not None}
    )
    return target


def test_rewriting_alone_does_no_harm(good: Path, tmp_path: Path) -> None:
    assert repr(cr.load(rewritten(good, tmp_path / "a"))) == repr(cr.load(good))


PARTS = ("model", "preprocessing", "objective", "history")
JUNK: list[Any] = [
    "", "{", "nul", "[1,", "NaN", '"text"', "[]", "{}", "3", "true", "-1e999", "[[[]]]", '{"type":3}', '{"a":1,"a":2}',
    '"\\ud800"', "\0", "9" * 5000, "[" * 100_000, '{"type":"Linear"}', '{"name":"mse","name":"l1"}', '{"name":{}}',
    '{"type":"Sequential","layers":{}}', '{"type":"Sequential","layers":[[]]}', '{"format":"chainrule.preprocessing"}',
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("text", JUNK, ids=lambda text: repr(text[:24]))
def test_junk_in_place_of_a_part(part: str, text: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: text}))


@pytest.mark.parametrize("part", [*PARTS[:3], "format", "version"])
def test_a_part_that_is_missing(part: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: None}), part if part in PARTS else None)


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("format", "other", "not a chainrule model"),
        ("version", "2", "another version.*expected 1, got 2.*Install a newer chainrule"),
        ("version", "0x1", "another version.*Save the model again"),
        ("version", "", "another version"),
    ],
)
def test_other_formats_and_versions(part: str, value: str, message: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", **{part: value}), message)


def mutations(value: Any) -> list[Any]:
    """Every way to put junk in place of one value, anywhere inside, to drop one, or to add a key."""
    junk: tuple[Any, ...] = (None, True, -1, 10**12, 10**30, 1.5, "x" * 50, [], {}, [[1]], {"type": "Linear"})
    found: list[Any] = [one for one in junk if one != value]
    if isinstance(value, dict):
        found.append({**value, "extra": 1})
        for key, inner in value.items():
            found.append({k: v for k, v in value.items() if k != key})
            found += [{**value, key: changed} for changed in mutations(inner)]
    elif isinstance(value, list) and len(value) < 8:
        for i, inner in enumerate(value):
            found.append(value[:i] + value[i + 1 :])
            found.append([*value[: i + 1], inner, *value[i + 1 :]])
            found += [[*value[:i], changed, *value[i + 1 :]] for changed in mutations(inner)]
    return found


@pytest.mark.parametrize("part", PARTS)
def test_every_single_change_of_a_part_loads_or_is_refused(part: str, good: Path, tmp_path: Path) -> None:
    """Some changes make another valid model (a dropout rate of 1.5 does not); none escapes, allocates or takes long."""
    metadata = safetensors.read_header(good).metadata
    path, accepted, changes = tmp_path / "a", 0, mutations(json.loads(metadata[part]))
    began = time.perf_counter()
    for changed in changes:
        with_metadata(good, path, **{part: json.dumps(changed)})
        try:
            model = cr.load(path)
            accepted += 1
            cr.predict(model, np.ones((2, 3)))
        except ChainruleError:
            continue
    assert len(changes) > 50
    assert accepted < len(changes) / 2
    assert time.perf_counter() - began < 30
    if sys.platform == "linux":
        import resource

        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 2**20  # KiB: nothing of 10^12 was made


SIZE = 10**12
HUGE: dict[str, Any] = {
    "linear": {"type": "Linear", "config": {"in_features": SIZE, "out_features": SIZE}},
    "linear-thin": {"type": "Linear", "config": {"in_features": SIZE, "out_features": 1}},
    "linear-no-bias": {"type": "Linear", "config": {"in_features": 1, "out_features": SIZE, "bias": False}},
    "batch-norm": {"type": "BatchNorm1d", "config": {"num_features": SIZE}},
    "batch-norm-buffers": {"type": "BatchNorm1d", "config": {"num_features": SIZE, "affine": False}},
    "layer-norm": {"type": "LayerNorm", "config": {"normalized_shape": [10**6, 10**6]}},
    "nested": {
        "type": "Sequential",
        "layers": [["a", {"type": "Linear", "config": {"in_features": 10**6, "out_features": 10**6}}]],
    },
    "many-large": {
        "type": "Sequential",
        "layers": [[str(i), {"type": "Linear", "config": {"in_features": 60, "out_features": 1}}] for i in range(9000)],
    },
    "many": {"type": "Sequential", "layers": [[str(i), {"type": "ReLU", "config": {}}] for i in range(20_000)]},
}


@pytest.mark.parametrize("name", HUGE)
def test_layers_larger_than_the_file_are_not_made(name: str, good: Path, tmp_path: Path) -> None:
    refused(rewritten(good, tmp_path / "a", model=HUGE[name]), "layers are larger than what it holds")


def test_a_part_without_end(good: Path, tmp_path: Path) -> None:
    described = '{"type":"Sequential","layers":[' + '["0",{"type":"ReLU","config":{}}],' * 100_000 + "[]]}"
    refused(rewritten(good, tmp_path / "a", model=described), "'model' part is too long")


def test_layers_nested_too_deeply(good: Path, tmp_path: Path) -> None:
    text = '{"type":"Sequential","layers":[["0",' * 10_000 + "null" + "]]}" * 10_000
    refused(rewritten(good, tmp_path / "a", model=text), "nested too deeply")
    shallow = '{"type":"Sequential","layers":[["0",' * 100 + '{"type":"ReLU","config":{}}' + "]]}" * 100
    refused(rewritten(good, tmp_path / "a", model=shallow), "nested too deeply")


def test_names(good: Path, tmp_path: Path) -> None:
    relu = {"type": "ReLU", "config": {}}
    for name, message in {"a.b": "bad name", "": "bad name", "forward": "already exists", "_modules": "exists"}.items():
        described = {"type": "Sequential", "layers": [[name, relu]]}
        refused(rewritten(good, tmp_path / "a", model=described), message)
    twice = {"type": "Sequential", "layers": [["0", relu], ["0", relu]]}
    refused(rewritten(good, tmp_path / "a", model=twice), "two layers have the same name")
    for kind in ("Module", "os.system", "chainrule.nn.Linear", "__class__", "linear"):
        refused(rewritten(good, tmp_path / "a", model={"type": kind, "config": {}}), "unknown layer type")
    refused(rewritten(good, tmp_path / "a", objective={"name": "eval"}), "unknown loss 'eval'")
    refused(rewritten(good, tmp_path / "a", objective={"name": "mse", "beta": 1}), "unknown option")


TENSORS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "missing": (lambda t: {k: v for k, v in t.items() if k != "0.bias"}, "'0.bias'|larger"),
    "extra": (lambda t: {**t, "9.weight": np.zeros(3, np.float32)}, "unexpected '9.weight'"),
    "renamed": (lambda t: {("0.bios" if k == "0.bias" else k): v for k, v in t.items()}, r"did you mean '0.bios'"),
    "other shape": (lambda t: {**t, "0.weight": t["0.weight"].T.copy()}, r"'0.weight' has shape \(3, 5\)"),
    "scalar": (lambda t: {**t, "0.bias": np.zeros((), np.float32)}, "'0.bias' has shape|larger"),
    "wide": (lambda t: {**t, "0.bias": t["0.bias"].astype(np.float64)}, "another dtype"),
    "half": (lambda t: {**t, "0.bias": t["0.bias"].astype(np.float16)}, "another dtype"),
    "whole": (lambda t: {**t, "0.bias": np.ones(5, np.int64)}, "another dtype"),
    "truth": (lambda t: {**t, "0.bias": np.ones(5, np.bool_)}, "another dtype"),
    "none": (lambda t: {}, "larger than what it holds"),
}


@pytest.mark.parametrize("name", TENSORS)
def test_tensors_that_do_not_belong(name: str, good: Path, tmp_path: Path) -> None:
    change, message = TENSORS[name]
    refused(rewritten(good, tmp_path / "a", tensors=change), message)


def test_preprocessing_that_does_not_fit_the_layers(good: Path, tmp_path: Path) -> None:
    described = json.loads(safetensors.read_header(good).metadata["preprocessing"])
    described["inputs"]["shape"] = [4]
    refused(rewritten(good, tmp_path / "a", preprocessing=described), r"does not take this input|does not fit")


def test_a_foreign_safetensors_file(tmp_path: Path) -> None:
    safetensors.write(tmp_path / "a", {"weight": np.zeros(3, np.float32)})
    refused(tmp_path / "a", "a safetensors file, but not a chainrule model")
    safetensors.write(tmp_path / "a", {"weight": np.zeros(3, np.float32)}, {"format": "pt"})
    refused(tmp_path / "a", "got 'pt'")


@pytest.mark.parametrize("content", [b"", b"\0", b"hello, world", b"PK\x03\x04" + b"\0" * 99, b"\x80\x04." * 9])
def test_other_files(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(content)
    refused(tmp_path / "a")


def test_a_file_cut_off_anywhere(good: Path, tmp_path: Path) -> None:
    content = good.read_bytes()
    lengths = [*range(24), *range(24, len(content), 41), len(content) - 1]
    for length in lengths:
        (tmp_path / "a").write_bytes(content[:length])
        with pytest.raises(ChainruleError):
            cr.load(tmp_path / "a")
    (tmp_path / "a").write_bytes(content + b"\0")
    refused(tmp_path / "a", "goes on after its last tensor")


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255), header=st.booleans())
def test_flipped_bits_load_or_are_refused(place: float, flip: int, header: bool, good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    end = 8 + int.from_bytes(content[:8], "little") if header else len(content)
    content[int(place * end)] ^= flip
    (tmp_path / "a").write_bytes(content)
    with contextlib.suppress(ChainruleError):
        cr.predict(cr.load(tmp_path / "a"), np.ones((2, 3)))


def test_nothing_is_executed_or_imported(good: Path, tmp_path: Path) -> None:
    named = {"type": "this", "config": {}}
    before = set(sys.modules)
    refused(rewritten(good, tmp_path / "a", model=named, objective={"name": "antigravity"}))
    assert not {"this", "antigravity"} & (set(sys.modules) - before)
