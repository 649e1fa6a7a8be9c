"""Iris with a deep network: 4-128-64-32-16-3, batch normalisation, batches of 32."""

import chainrule as cr
import chainrule.compat.torch as torch
from chainrule.compat.torch import nn, optim
from chainrule.compat.torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
flowers = cr.data.load("iris").prepare(test=0.2, seed=0)
train, test = (
    TensorDataset(torch.from_numpy(part.inputs), torch.from_numpy(part.targets))
    for part in (flowers.train, flowers.test)
)
train_loader = DataLoader(train, batch_size=32, shuffle=True)
test_loader = DataLoader(test, batch_size=len(test))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        layers = []
        for inputs, outputs in ((4, 128), (128, 64), (64, 32)):
            layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 3))

    def forward(self, x):
        return self.layers(x)


model = Net()
criterion = nn.CrossEntropyLoss()  # on logits: no softmax at the end of the network
optimizer = optim.Adam(model.parameters(), lr=0.01)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.5)

for epoch in range(30):
    model.train()  # batch normalisation uses the batch's own mean …
    total = 0.0
    for x, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    scheduler.step()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:2}  loss {total / len(train):.4f}  learning rate {scheduler.get_last_lr()[0]:g}")

model.eval()  # … and here the one that it has kept
correct = 0
with torch.no_grad():
    for x, y in test_loader:
        _, predicted = torch.max(model(x), 1)
        correct += predicted.eq(y).sum().item()
print(f"{correct} of {len(test)} held-out flowers are named correctly")
