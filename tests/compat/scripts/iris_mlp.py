"""Iris with a deep network and batch normalisation, trained in batches, evaluated on held-out flowers."""
# ruff: noqa: B007 - written as notes are

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_iris
from torch.utils.data import DataLoader, TensorDataset

iris = load_iris()
order = np.random.default_rng(3).permutation(150)
X, y = iris.data[order], iris.target[order]
x_train, x_test = torch.FloatTensor(X[:120]), torch.FloatTensor(X[120:])
y_train, y_test = torch.LongTensor(y[:120]), torch.LongTensor(y[120:])

# 섞지 않으면 순서가 언제나 같다
train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=False)
test_loader = DataLoader(TensorDataset(x_test, y_test), batch_size=len(x_test))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 128),
            nn.BatchNorm1d(128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.Linear(64, 32),
            nn.BatchNorm1d(32),
            nn.ReLU(),
            nn.Linear(32, 16),
            nn.ReLU(),
            nn.Linear(16, 3),
        )

    def forward(self, x):
        return self.layers(x)


def set_weights(m):
    """두 라이브러리의 난수가 다르므로 초깃값을 직접 정한다."""
    if isinstance(m, nn.Linear):
        rows, columns = m.weight.shape
        grid = torch.arange(rows * columns, dtype=torch.float64).view(rows, columns)
        m.weight.data.copy_(torch.sin(grid * 12.9898) * (3 / columns) ** 0.5)
        nn.init.zeros_(m.bias)


model = Net()
model.apply(set_weights)
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

first_step = None
epoch_losses = []
for epoch in range(30):
    model.train()
    running_loss = 0.0
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
        if first_step is None:
            first_step = [loss.item(), model.layers[0].weight.grad[:3].clone()]
    epoch_losses.append(running_loss / len(train_loader))

model.eval()
correct = total = 0
with torch.no_grad():
    for inputs, labels in test_loader:
        outputs = model(inputs)
        _, predicted = torch.max(outputs, 1)
        total += labels.size(0)
        correct += (predicted == labels).sum().item()
print("test accuracy at least 0.9:", correct / total >= 0.9, total, len(train_loader))

RESULTS = {
    "first step": first_step,
    "first epochs": epoch_losses[:3],
    "learned": epoch_losses[-1] < 0.1,
    "running mean": model.layers[1].num_batches_tracked,
    "accurate": correct / total >= 0.9,
}
