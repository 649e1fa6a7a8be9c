"""Two hidden neurons solve XOR: each draws a line, the third combines what they say."""

import chainrule.compat.torch as torch
from chainrule.compat.torch import nn, optim

X = torch.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = torch.FloatTensor([[0], [1], [1], [0]])

# With so few neurons some starting points end in a dead end; this seed does not.
torch.manual_seed(1)
model = nn.Sequential(nn.Linear(2, 2), nn.Sigmoid(), nn.Linear(2, 1), nn.Sigmoid())
criterion = nn.BCELoss()
optimizer = optim.SGD(model.parameters(), lr=1)

for step in range(10001):
    optimizer.zero_grad()
    loss = criterion(model(X), Y)
    loss.backward()
    optimizer.step()
    if step % 2000 == 0:
        print(f"step {step:5}  loss {loss.item():.4f}")

with torch.no_grad():
    hidden = model[1](model[0](X))
    outputs = model(X)
    predicted = (outputs > 0.5).float()

print("\n x1 x2 | hidden      | output")
for row, h, p in zip(X.tolist(), hidden.tolist(), outputs.view(-1).tolist(), strict=True):
    print(f"  {row[0]:.0f}  {row[1]:.0f} | {h[0]:.2f}   {h[1]:.2f} | {p:.3f}")
print("accuracy", (predicted == Y).float().mean().item())
