"""Keras 3 through `Model.fit`, compiled where the backend can (``jit_compile="auto"``), many steps per call."""

from __future__ import annotations

import os

import keras
import numpy as np
from task import Task, steps_per_call


def _limit_threads() -> None:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        threads = int(os.environ["BENCHMARK_THREADS"])
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


_limit_threads()


class Model:
    def __init__(self, task: Task) -> None:
        task.needs("Keras trains one network at a time", "not measured: the schedule is ours")
        self.task = task
        x, y = task.flat(task.x), task.y.astype(np.int32)
        if task.binary:
            y = y.astype(np.float32).reshape(-1, 1)
        self.x_test = task.flat(task.x_test)
        self.epochs = task.epochs
        if task.full_batch:
            # One step per epoch would measure Keras's epoch bookkeeping; repeated rows make all steps one epoch.
            x, y, self.epochs = np.tile(x, (task.epochs, 1)), np.tile(y, (task.epochs, *(1,) * (y.ndim - 1))), 1
        self.x, self.y = x, y
        self.model = self._build()
        self.start = self.model.get_weights()

    def _build(self) -> keras.Model:
        task = self.task
        layers: list[keras.layers.Layer] = [keras.Input((task.widths[0],))]
        for i, outputs in enumerate(task.widths[1:-1]):
            layers.append(keras.layers.Dense(outputs))
            if i < task.batch_norm:
                layers.append(keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5))
            layers.append(keras.layers.Activation(task.activation))
        layers.append(keras.layers.Dense(task.widths[-1]))
        model = keras.Sequential(layers)
        algorithm = keras.optimizers.Adam if task.optimizer == "adam" else keras.optimizers.SGD
        loss = (
            keras.losses.BinaryCrossentropy(from_logits=True)
            if task.binary
            else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        )
        steps = task.steps if task.full_batch else task.steps // task.epochs
        model.compile(algorithm(task.lr), loss, steps_per_execution=steps_per_call(steps), jit_compile="auto")
        model.optimizer.build(model.trainable_variables)
        return model

    def reset(self, seed: int) -> None:
        """New weights and a fresh optimiser state, without compiling anew."""
        keras.utils.set_random_seed(seed)
        fresh = self._weights_of_clone()
        self.model.set_weights(fresh)
        for variable in self.model.optimizer.variables:
            if "learning_rate" not in variable.path:
                variable.assign(np.zeros(variable.shape, str(variable.dtype)))

    def _weights_of_clone(self) -> list[np.ndarray]:
        return keras.models.clone_model(self.model).get_weights()

    def train(self) -> None:
        task = self.task
        self.model.fit(
            self.x,
            self.y,
            batch_size=min(task.batch_size, len(task.x)),
            epochs=self.epochs,
            shuffle=not task.full_batch,
            verbose=0,
        )

    def classes(self) -> np.ndarray:
        logits = np.asarray(self.model(self.x_test, training=False))
        return (logits[:, 0] > 0).astype(np.int64) if self.task.binary else logits.argmax(axis=1)
