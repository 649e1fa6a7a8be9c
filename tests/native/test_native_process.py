"""The native engine among signals, threads and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.engines import NativeEngine
from chainrule.engines.base import Plan
from helpers.parity import Trained, assert_same_bits, needs_native, threads, trained

pytestmark = needs_native
posix = pytest.mark.skipif(os.name != "posix", reason="there are no such signals, processes or limits on Windows")

SOURCE = str(Path(__file__).parents[2] / "src")


def model(width: int = 64) -> nn.Sequential:
    cr.manual_seed(0)
    return nn.Sequential(nn.Linear(20, width), nn.ReLU(), nn.Linear(width, 3))


def dataset() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(rng.standard_normal((256, 20)).astype(np.float32), rng.integers(0, 3, 256))


def long_block(steps: int, width: int = 64) -> Any:
    """A function that runs so many steps at once."""
    net = model(width)
    plan = Plan(net, cr.losses.get("cross_entropy"), optim.SGD(net.named_parameters(), lr=0.01), input_shape=(20,))
    engine, data = NativeEngine(), dataset()
    state = engine.prepare(plan)
    index = np.random.default_rng(1).integers(0, 256, (steps, 32))
    return lambda: engine.run(plan, state, data, index, None)


# ---- signals

CHILD = f"""
import sys, time; sys.path.insert(0, {SOURCE!r})
import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, chainrule as cr
from chainrule import nn, optim
from chainrule.data.dataset import Dataset
from chainrule.engines import NativeEngine
from chainrule.engines.base import Plan
model = nn.Sequential(nn.Linear(20, WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3))
X = np.random.default_rng(0).standard_normal((256, 20)).astype(np.float32)
data = Dataset(X, (X[:, 0] > 0).astype(np.int64))
plan = Plan(model, cr.losses.get("cross_entropy"), optim.SGD(model.named_parameters(), lr=1e-3), input_shape=(20,))
engine = NativeEngine()
state = engine.prepare(plan)
index = np.zeros((STEPS, ROWS), np.int64)
engine.run(plan, state, data, index[:1], None)
print("ready", flush=True)
try:
    engine.run(plan, state, data, index, None)
    print("not interrupted", flush=True)
except KeyboardInterrupt:
    print(time.time(), flush=True)
engine.write_back(plan, state)
model.eval()
print(bool(np.isfinite(model(cr.tensor(X))._data).all()), flush=True)
print(cr.fit(model, data, loss="cross_entropy", epochs=2, engine="native", verbose=0).epochs, flush=True)
"""


@posix
@pytest.mark.parametrize(("width", "steps"), [(64, 3_000_000), (2, 20_000_000)], ids=["general", "tiny"])
def test_a_long_block_is_interrupted_at_once_and_leaves_the_model_usable(width: int, steps: int) -> None:
    program = (
        CHILD.replace("WIDTH", str(width)).replace("STEPS", str(steps)).replace("ROWS", "4" if width == 64 else "1")
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert child.stdout.readline() == "ready\n", child.stderr.read()
        time.sleep(0.3)
        pressed = time.time()
        os.kill(child.pid, signal.SIGINT)
        answer = child.stdout.readline()
        lines, errors = child.stdout.read(), child.stderr.read()
    assert answer != "not interrupted\n", "the block was too short for this machine"
    assert float(answer) - pressed < 1.0  # 0.02 s on a machine that is not busy
    assert lines == "True\n2\n"
    assert errors == ""
    assert child.returncode == 0


# ---- threads


def test_other_threads_go_on_during_a_block() -> None:
    run = long_block(20_000)
    ended = threading.Event()
    counts: list[int] = []

    def count() -> None:
        n = 0
        while not ended.is_set():
            n += 1
            time.sleep(0.001)
        counts.append(n)

    other = threading.Thread(target=count)
    other.start()
    began = time.perf_counter()
    run()
    took = time.perf_counter() - began
    ended.set()
    other.join()
    assert counts[0] >= max(3, 0.02 * took / 0.001)


def fit(seed: int, engine: str = "native") -> Trained:
    net = model(33)
    optimizer = optim.Adam(net.parameters(), lr=0.01)
    history = cr.fit(
        net, dataset(), loss="cross_entropy", optimizer=optimizer, epochs=4, seed=seed, engine=engine, verbose=0
    )
    return trained(net, history, optimizer)


def test_trainings_in_several_threads_at_once_give_the_same_bits() -> None:
    with threads(2):
        alone = [fit(seed) for seed in range(6)]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(fit, range(6)))
    for mine, theirs in zip(together, alone, strict=True):
        assert_same_bits(mine, theirs)


def test_two_models_of_one_process_do_not_know_of_each_other() -> None:
    first, second = long_block(5), long_block(5)
    one, other, again = first().losses, second().losses, first().losses
    np.testing.assert_array_equal(one, other)
    assert not np.array_equal(again, one)


# ---- processes and limits

FORK = f"""
import sys; sys.path.insert(0, {SOURCE!r})
import os, numpy as np, chainrule as cr
from chainrule import nn
from chainrule.engines import native
native._threads = lambda lowered, rows: 2
X = np.random.default_rng(0).standard_normal((64, 5)).astype(np.float32)
def fit():
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 70), nn.Tanh(), nn.Linear(70, 1))
    return cr.fit(model, (X, X[:, 0]), epochs=3, seed=0, engine="native", verbose=0)["loss"]
before = fit()
child = os.fork()
same = fit() == before
if child == 0:
    os._exit(0 if same else 1)
print(same, os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_training_works_after_a_fork() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORK], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == "True 0\n", done.stderr


LIMITED = f"""
import sys; sys.path.insert(0, {SOURCE!r})
import ctypes, threading
# seccomp: clone and clone3 fail with EAGAIN, as where the number of processes is limited (root is not).
import struct, platform
X86 = platform.machine() == "x86_64"
clone, clone3 = (56, 435) if X86 else (220, 435)
import numpy as np, chainrule as cr
from chainrule import nn
from chainrule.engines import native
native._threads = lambda lowered, rows: THREADS
X = np.random.default_rng(0).standard_normal((64, 5)).astype(np.float32)
def fit():
    cr.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 70), nn.Tanh(), nn.Linear(70, 1))
    return cr.fit(model, (X, X[:, 0]), epochs=3, seed=0, engine="native", verbose=0)["loss"]
before = fit()
libc = ctypes.CDLL(None, use_errno=True)
def instruction(code, yes, no, k):
    return struct.pack("HBBI", code, yes, no, k)
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
program = b"".join([
    instruction(LOAD, 0, 0, 0), instruction(EQUAL, 1, 0, clone), instruction(EQUAL, 0, 1, clone3),
    instruction(RETURN, 0, 0, 0x00050000 | 11), instruction(RETURN, 0, 0, 0x7FFF0000)])
buffer = ctypes.create_string_buffer(program)
class Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]
chosen = Filter(5, ctypes.addressof(buffer))
if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.byref(chosen)):
    print("no seccomp"); sys.exit()
try:
    threading.Thread(target=print).start()
    print("threads start")
except RuntimeError:
    print(fit() == before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="takes threads away with seccomp")
def test_where_no_thread_can_be_started_there_are_fewer() -> None:
    program = LIMITED.replace("THREADS", "5")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    if done.stdout in ("no seccomp\n", "threads start\n"):
        pytest.skip(f"threads cannot be forbidden here: {done.stdout.strip()}")
    assert done.stdout == "True\n", done.stderr
