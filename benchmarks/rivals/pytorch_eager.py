"""PyTorch in eager mode, without its slow parts: tensors made beforehand, rows gathered by a permutation (no
DataLoader), fused optimisers, gradients set to None, and no loss read back."""

from __future__ import annotations

import os

import numpy as np
import torch
from task import Task
from torch import nn

_ACTIVATIONS = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}

torch.set_num_threads(int(os.environ["BENCHMARK_THREADS"]))


class Model:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.x, self.x_test = torch.from_numpy(task.flat(task.x)), torch.from_numpy(task.flat(task.x_test))
        self.y = torch.from_numpy(task.y)
        if task.binary:
            self.y = self.y.float().reshape(-1, 1)
        self.loss = nn.functional.cross_entropy
        if task.binary:
            logits = nn.functional.binary_cross_entropy_with_logits
            self.loss = nn.functional.binary_cross_entropy if task.sigmoid_output else logits

    def reset(self, seed: int) -> None:
        torch.manual_seed(seed)
        task = self.task
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
        self.model = nn.Sequential(*layers).train()
        algorithm = torch.optim.Adam if task.optimizer == "adam" else torch.optim.SGD
        self.optimizer = algorithm(self.model.parameters(), lr=task.lr, fused=True)

    def train(self) -> None:
        task, model, optimizer, loss_of, x, y = self.task, self.model, self.optimizer, self.loss, self.x, self.y
        model.train()
        for _ in range(task.epochs):
            if task.full_batch:
                batches = [(x, y)]
            else:
                order = torch.randperm(len(x)).split(task.batch_size)
                batches = ((x.index_select(0, rows), y.index_select(0, rows)) for rows in order)
            for inputs, targets in batches:
                optimizer.zero_grad(set_to_none=True)
                loss_of(model(inputs), targets).backward()
                optimizer.step()

    def classes(self) -> np.ndarray:
        self.model.eval()
        with torch.inference_mode():
            output = self.model(self.x_test).numpy()
        threshold = 0.5 if self.task.sigmoid_output else 0.0
        return (output[:, 0] > threshold).astype(np.int64) if self.task.binary else output.argmax(axis=1)
