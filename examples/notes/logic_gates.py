"""One neuron, three gates: AND and OR can be cut off by a straight line, XOR cannot."""

import chainrule.compat.torch as torch
from chainrule.compat.torch import nn, optim

X = torch.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]])
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}

torch.manual_seed(777)
for gate, targets in GATES.items():
    Y = torch.FloatTensor(targets).view(-1, 1)
    model = nn.Sequential(nn.Linear(2, 1), nn.Sigmoid())
    criterion = nn.BCELoss()
    optimizer = optim.SGD(model.parameters(), lr=1)

    for _ in range(1001):
        optimizer.zero_grad()
        loss = criterion(model(X), Y)
        loss.backward()
        optimizer.step()

    with torch.no_grad():
        outputs = model(X).view(-1)
    # For XOR the best that one neuron can say is "one half" to everything: a loss of ln 2 = 0.6931.
    print(f"{gate:3} loss {loss.item():.4f}  outputs {[round(p, 2) for p in outputs.tolist()]}")
