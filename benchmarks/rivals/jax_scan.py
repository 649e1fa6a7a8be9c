"""JAX at its leanest: all epochs in one jitted function of nested `lax.scan`s, rows gathered inside the step,
optimiser written by hand, parameters and optimiser state donated, the order of the rows made beforehand; many networks
of one shape by `vmap`.

Variants: images kept as bytes and scaled in the step; four steps in one turn of the loop."""

from __future__ import annotations

import functools
import math
import os
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from task import Task, Unsupported

_ACTIVATIONS = {"relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid, "tanh": jnp.tanh}
_VARIANT = os.environ.get("BENCHMARK_VARIANT", "")
_MOMENTUM, _EPS = 0.1, 1e-5  # of batch normalisation


def _forward(task: Task, parameters: Any, statistics: Any, x: Any, training: bool) -> tuple[Any, Any]:
    activation = _ACTIVATIONS[task.activation]
    fresh = []
    last = len(parameters) - 1
    for i, layer in enumerate(parameters):
        x = x @ layer["w"] + layer["b"]
        if i < task.batch_norm:
            mean, var = statistics[i]
            if training:
                n = x.shape[0]
                old_mean, old_var = mean, var
                mean = x.mean(0)
                var = ((x - mean) ** 2).mean(0)
                fresh.append(
                    (old_mean + _MOMENTUM * (mean - old_mean), old_var + _MOMENTUM * (var * (n / (n - 1)) - old_var))
                )
            x = (x - mean) * lax.rsqrt(var + _EPS) * layer["gamma"] + layer["beta"]
        if i < last:
            x = activation(x)
    return x, tuple(fresh)


def _loss(task: Task, parameters: Any, statistics: Any, x: Any, y: Any) -> tuple[Any, Any]:
    logits, fresh = _forward(task, parameters, statistics, x, True)
    if task.binary:
        # The fused form of sigmoid and binary cross-entropy: stabler and faster than writing the two out.
        loss = (jax.nn.softplus(logits) - y * logits).mean()
    else:
        picked = jnp.take_along_axis(logits, y[:, None], axis=1)[:, 0]
        loss = (jax.nn.logsumexp(logits, axis=1) - picked).mean()
    return loss, fresh


def _adam(lr: float, p: Any, g: Any, m: Any, v: Any, t: Any) -> tuple[Any, Any, Any]:
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g * g
    root = jnp.sqrt(1 - 0.999**t)
    return p - lr * root / (1 - 0.9**t) * m / (jnp.sqrt(v) + 1e-8 * root), m, v


def _update(task: Task, parameters: Any, slots: Any, gradients: Any, t: Any) -> tuple[Any, Any]:
    if task.optimizer == "sgd":
        return jax.tree.map(lambda p, g: p - task.lr * g, parameters, gradients), slots
    leaves, tree = jax.tree.flatten(parameters)
    moved = [
        _adam(task.lr, p, g, m, v, t)
        for p, g, m, v in zip(leaves, jax.tree.leaves(gradients), *map(jax.tree.leaves, slots), strict=True)
    ]
    new, m, v = (jax.tree.unflatten(tree, part) for part in zip(*moved, strict=True))
    return new, (m, v)


def _training(task: Task, state: Any, x: Any, y: Any, orders: Any) -> Any:
    """`orders`: (epochs, N) row numbers, or (epochs, 0) when each batch is all rows."""

    def step(state: Any, rows: Any) -> tuple[Any, Any]:
        parameters, slots, statistics, t = state
        inputs, targets = (x, y) if task.full_batch else (x[rows], y[rows])
        if inputs.dtype == jnp.uint8:
            inputs = inputs.astype(jnp.float32) * jnp.float32(1 / 255)
        (loss, statistics), gradients = jax.value_and_grad(
            lambda p: _loss(task, p, statistics, inputs, targets), has_aux=True
        )(parameters)
        parameters, slots = _update(task, parameters, slots, gradients, t)
        return (parameters, slots, statistics, t + 1), loss

    unroll = 4 if _VARIANT == "unroll" else 1
    full = 0 if task.full_batch else len(x) // task.batch_size * task.batch_size

    def epoch(state: Any, order: Any) -> tuple[Any, Any]:
        if task.full_batch:
            return step(state, None)
        state, losses = lax.scan(step, state, order[:full].reshape(-1, task.batch_size), unroll=unroll)
        if full < len(x):
            state, _ = step(state, order[full:])
        return state, losses.mean()

    return lax.scan(epoch, state, orders)


class Model:
    def __init__(self, task: Task) -> None:
        task.needs(schedule="not measured: the schedule is ours")
        self.task = task
        bytewise = _VARIANT == "uint8"
        if bytewise and task.x.dtype != np.uint8:
            raise Unsupported("the inputs are no bytes")
        # Many short steps are what unrolling is for; else it only takes longer to compile.
        if _VARIANT == "unroll" and (task.full_batch or max(task.widths) > 128):
            raise Unsupported("not for long steps")
        self.x = jnp.asarray(task.x.reshape(len(task.x), -1) if bytewise else task.flat(task.x))
        self.x_test = jnp.asarray(task.flat(task.x_test))
        self.y = jnp.asarray(task.y, jnp.float32).reshape(-1, 1) if task.binary else jnp.asarray(task.y, jnp.int32)
        run = functools.partial(_training, task)
        if task.networks > 1:
            run = jax.vmap(run, in_axes=(0, None, None, None))
        self.run = jax.jit(run, donate_argnums=0)

    def reset(self, seed: int) -> None:
        self.generator = np.random.default_rng(seed)
        parameters, statistics = [], []
        for i, (inputs, outputs) in enumerate(zip(self.task.widths, self.task.widths[1:], strict=False)):
            bound = 1 / math.sqrt(inputs)
            layer = {"w": self._uniform(bound, (inputs, outputs)), "b": self._uniform(bound, (outputs,))}
            if i < self.task.batch_norm:
                layer |= {"gamma": jnp.ones(outputs), "beta": jnp.zeros(outputs)}
                statistics.append((jnp.zeros(outputs), jnp.ones(outputs)))
            parameters.append(layer)
        slots: Any = ()
        if self.task.optimizer == "adam":
            slots = (jax.tree.map(jnp.zeros_like, parameters), jax.tree.map(jnp.zeros_like, parameters))
        step = jnp.ones(self.task.networks) if self.task.networks > 1 else jnp.float32(1)
        self.state: Any = (parameters, slots, tuple(statistics), step)
        epochs, n = self.task.epochs, len(self.x)
        if self.task.full_batch:
            orders = np.empty((epochs, 0), np.int32)
        else:
            orders = np.stack([self.generator.permutation(n).astype(np.int32) for _ in range(epochs)])
        self.orders = jnp.asarray(orders)
        jax.block_until_ready((self.state, self.orders))

    def _uniform(self, bound: float, shape: tuple[int, ...]) -> Any:
        many = (self.task.networks,) if self.task.networks > 1 else ()
        return jnp.asarray(self.generator.uniform(-bound, bound, (*many, *shape)), jnp.float32)

    def train(self) -> None:
        self.state, losses = self.run(self.state, self.x, self.y, self.orders)
        jax.block_until_ready((self.state, losses))

    def classes(self) -> np.ndarray:
        parameters, _, statistics, _ = self.state
        if self.task.networks > 1:
            parameters = jax.tree.map(lambda many: many[0], parameters)
        logits = np.asarray(_forward(self.task, parameters, statistics, self.x_test, False)[0])
        return (logits[:, 0] > 0).astype(np.int64) if self.task.binary else logits.argmax(axis=1)
