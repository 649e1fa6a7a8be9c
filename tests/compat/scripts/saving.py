"""Saving and loading: a state dict, a checkpoint in the middle of training, a tensor."""

import os
import tempfile

import torch
from torch import nn, optim


def make():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.BatchNorm1d(3), nn.Linear(3, 1))


def train(model, optimizer, steps):
    x = torch.linspace(-1, 1, 12).view(6, 2)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(x) - x.sum(dim=1, keepdim=True)) ** 2).mean()
        loss.backward()
        optimizer.step()
    return loss.item()


folder = tempfile.mkdtemp()
path = os.path.join(folder, "model.pt")

model = make()
torch.save(model.state_dict(), path)
other = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.BatchNorm1d(3), nn.Linear(3, 1))
print(other.load_state_dict(torch.load(path)))
x = torch.ones(4, 2)
model.eval()
other.eval()
print(torch.equal(model(x), other(x)))

# 학습 도중에 저장하고 이어 간다
model = make().train()
optimizer = optim.Adam(model.parameters(), lr=0.01)
train(model, optimizer, 5)
torch.save(
    {
        "epoch": 5,
        "model_state_dict": model.state_dict(),
        "optimizer_state_dict": optimizer.state_dict(),
        "history": [0.5, 0.25],
        "best": float("inf"),
    },
    path,
)
straight = train(model, optimizer, 5)

checkpoint = torch.load(path, map_location="cpu")
resumed = make()
optimizer = optim.Adam(resumed.parameters(), lr=0.5)
resumed.load_state_dict(checkpoint["model_state_dict"])
optimizer.load_state_dict(checkpoint["optimizer_state_dict"])
print(checkpoint["epoch"], checkpoint["history"], checkpoint["best"], optimizer.param_groups[0]["lr"])
print("resumed exactly:", train(resumed, optimizer, 5) == straight)

# 텐서 하나, 텐서의 리스트와 사전
torch.save(x, path)
print(torch.load(path).shape)
torch.save([x, torch.zeros(2)], path)
first, second = torch.load(path)
print(second)
torch.save({"x": x, "y": second}, path)
print(sorted(torch.load(path)))

RESULTS = {"resumed": resumed.training, "first": first}
