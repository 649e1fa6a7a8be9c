"""XOR with a hidden layer of two neurons, full-batch gradient descent."""

import torch
import torch.nn as nn

X = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=torch.float32)
Y = torch.tensor([[0], [1], [1], [0]], dtype=torch.float32)

model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
with torch.no_grad():
    model[0].weight.copy_(torch.tensor([[0.9, -0.7], [-0.8, 0.6]]))
    model[0].bias.copy_(torch.tensor([0.1, -0.2]))
    model[2].weight.copy_(torch.tensor([[0.7, 0.9]]))
    model[2].bias.copy_(torch.tensor([-0.3]))

criterion = nn.BCELoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1)
losses = []
for step in range(10001):
    optimizer.zero_grad()
    hypothesis = model(X)
    cost = criterion(hypothesis, Y)
    cost.backward()
    optimizer.step()
    if step % 1000 == 0:
        losses.append(cost.item())
        print(step, f"{cost.item():.5f}")

with torch.no_grad():
    predicted = (model(X) > 0.5).float()
    accuracy = (predicted == Y).float().mean().item()
    print("Correct:", predicted.view(-1).tolist(), "Accuracy:", accuracy)

RESULTS = {"losses": losses, "predicted": predicted, "accuracy": accuracy, "solved": cost.item() < 0.01}
