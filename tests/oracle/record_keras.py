"""Record files of Keras, and what it computes: networks in Keras 3's format and as HDF5, and two of Keras 2.

Run it from the repository's root, with Keras 3.15 and PyTorch installed, after changing a case; with ``tf_keras`` and
TensorFlow installed, too, the files of Keras 2 are made anew, otherwise they are kept::

    KERAS_BACKEND=torch python tests/oracle/record_keras.py
"""

from __future__ import annotations

import io
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
WHEN = (2026, 11, 22, 0, 0, 0)


def kept() -> tuple[dict[str, bytes], dict[str, np.ndarray]]:
    """What is recorded of Keras 2."""
    from helpers.keras_cases import GOLDEN, recorded

    files: dict[str, bytes] = {}
    values: dict[str, np.ndarray] = {}
    for name, (contents, rows, output) in (recorded() if GOLDEN.exists() else {}).items():
        if name.startswith("keras2_"):
            files |= {f"{name}.{ending}": content for ending, content in contents.items()}
            values |= {f"{name}/rows": rows, f"{name}/output": output}
    return files, values


def saved(network: Any, name: str) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.keras", Path(folder) / f"{name}.h5"]
        for path in paths:
            network.save(str(path))
        return {path.name: path.read_bytes() for path in paths}


def old_networks(keras: Any) -> dict[str, Any]:
    from helpers.keras_cases import redrawn

    layers = keras.layers
    image = keras.Input((2, 2))
    line = layers.Dense(3, activation="tanh")(layers.Flatten()(image))
    functional = keras.Model(image, layers.Dense(1, activation="sigmoid")(line))
    functional.compile(loss=keras.losses.BinaryCrossentropy())
    nested = keras.Sequential([layers.Dense(3, input_shape=(4,)), layers.BatchNormalization()])
    sequential = keras.Sequential(
        [
            layers.Dense(4, activation="swish", input_shape=(4,)),
            layers.LeakyReLU(alpha=0.2),
            nested,
            layers.BatchNormalization(scale=False),
            layers.Dense(3, activation="softmax"),
        ]
    )
    sequential.compile(loss="categorical_crossentropy")
    made = {"keras2_functional": functional, "keras2_sequential": sequential}
    rng = np.random.default_rng(3)
    for network in made.values():
        network.set_weights([redrawn(rng, array) for array in network.get_weights()])
    return made


def main() -> None:
    import keras

    from helpers.keras_cases import GOLDEN, networks, output_of, rows_for

    made = networks(keras)
    files, values = kept()
    if find_spec("tf_keras"):
        import tf_keras

        files, values = {}, {}
        made |= old_networks(tf_keras)
    for name, network in made.items():
        files |= saved(network, name)
        values |= {f"{name}/rows": rows_for(network), f"{name}/output": output_of(network, rows_for(network))}
    content = io.BytesIO()
    np.savez(content, **values)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(GOLDEN, "w") as archive:
        for name, one in {**files, "values.npz": content.getvalue()}.items():
            archive.writestr(zipfile.ZipInfo(name, WHEN), one, zipfile.ZIP_LZMA)
    print(f"{len(values) // 2} networks in {GOLDEN}: {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]
    main()
