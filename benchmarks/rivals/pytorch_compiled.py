"""PyTorch with `torch.compile`: forward pass, loss and backward pass compiled, the optimiser fused."""

from __future__ import annotations

import torch
from task import Task

from rivals import pytorch_eager


class Model(pytorch_eager.Model):
    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.model = self.network().train()
        self.loss_at = torch.compile(super().loss_at, dynamic=False)  # type: ignore[method-assign]

    def reset(self, seed: int) -> None:
        """New weights in the same tensors, so that what was compiled stays."""
        torch.manual_seed(seed)
        with torch.no_grad():
            self.model.load_state_dict(self.network().state_dict())
        self.model.zero_grad(set_to_none=True)
        algorithm = torch.optim.Adam if self.task.optimizer == "adam" else torch.optim.SGD
        self.optimizer = algorithm(self.model.parameters(), lr=self.task.lr, fused=True)
