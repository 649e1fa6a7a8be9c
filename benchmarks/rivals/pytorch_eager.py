"""PyTorch in eager mode, without its slow parts: tensors made beforehand, rows gathered by a permutation (no
DataLoader), fused optimisers, gradients set to None, and no loss read back."""

from __future__ import annotations

import math
import os
from collections.abc import Callable

import numpy as np
import torch
from task import Task
from torch import nn
from torch.nn import functional

_ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}

torch.set_num_threads(int(os.environ["BENCHMARK_THREADS"]))


class Model:
    def __init__(self, task: Task) -> None:
        task.needs(schedule="not measured: the schedule is ours")
        self.task = task
        self.x, self.x_test = torch.from_numpy(task.flat(task.x)), torch.from_numpy(task.flat(task.x_test))
        self.y = torch.from_numpy(task.y)
        if task.binary:
            self.y = self.y.float().reshape(-1, 1)
        self.loss: Callable[..., torch.Tensor] = functional.cross_entropy
        if task.binary:
            logits = functional.binary_cross_entropy_with_logits
            self.loss = functional.binary_cross_entropy if task.sigmoid_output else logits
        if task.networks > 1:
            self.loss = self._population_loss

    def _population_loss(self, output: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """The sum of each network's own mean."""
        return functional.binary_cross_entropy(output, y.expand_as(output), reduction="sum") / len(y)

    def reset(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.model = self.network().train()
        algorithm = torch.optim.Adam if self.task.optimizer == "adam" else torch.optim.SGD
        self.optimizer = algorithm(self.model.parameters(), lr=self.task.lr, fused=True)

    def network(self) -> nn.Module:
        task = self.task
        if task.networks > 1:
            return _Population(task)
        layers: list[nn.Module] = []
        last = len(task.widths) - 2
        for i, (inputs, outputs) in enumerate(zip(task.widths, task.widths[1:], strict=False)):
            layers.append(nn.Linear(inputs, outputs))
            if i < task.batch_norm:
                layers.append(nn.BatchNorm1d(outputs))
            if i < last:
                layers.append(_ACTIVATIONS[task.activation]())
        if task.sigmoid_output:
            layers.append(nn.Sigmoid())
        return nn.Sequential(*layers)

    def loss_at(self, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return self.loss(self.model(inputs), targets)

    def train(self) -> None:
        task, optimizer, x, y, loss_at = self.task, self.optimizer, self.x, self.y, self.loss_at
        self.model.train()
        for _ in range(task.epochs):
            if task.full_batch:
                batches = [(x, y)]
            else:
                order = torch.randperm(len(x)).split(task.batch_size)
                batches = ((x.index_select(0, rows), y.index_select(0, rows)) for rows in order)
            for inputs, targets in batches:
                optimizer.zero_grad(set_to_none=True)
                loss_at(inputs, targets).backward()
                optimizer.step()

    def classes(self) -> np.ndarray:
        self.model.eval()
        with torch.inference_mode():
            output = self.model(self.x_test).numpy()
        output = output[0] if self.task.networks > 1 else output
        threshold = 0.5 if self.task.sigmoid_output else 0.0
        return (output[:, 0] > threshold).astype(np.int64) if self.task.binary else output.argmax(axis=1)


class _Population(nn.Module):
    """Many networks of sigmoids at once, by batched products."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in zip(task.widths, task.widths[1:], strict=False):
            bound = 1 / math.sqrt(inputs)
            self.weights.append(torch.empty(task.networks, inputs, outputs).uniform_(-bound, bound))
            self.biases.append(torch.empty(task.networks, 1, outputs).uniform_(-bound, bound))
        self.count = task.networks

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.expand(self.count, -1, -1)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            x = torch.sigmoid(torch.baddbmm(bias, x, weight))
        return x
