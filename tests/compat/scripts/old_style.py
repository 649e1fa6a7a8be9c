"""Notes from before PyTorch 0.4: Variable, .data, type(), and updates on .data."""
# ruff: noqa: B905, UP008 - written as notes are

import numpy as np
import torch
from torch.autograd import Variable

x_data = Variable(torch.Tensor([[1.0], [2.0], [3.0]]))
y_data = Variable(torch.Tensor([[2.0], [4.0], [6.0]]))

w = Variable(torch.Tensor([1.0]), requires_grad=True)


def forward(x):
    return x * w


def loss(x, y):
    return (forward(x) - y) * (forward(x) - y)


print("predict (before training)", 4, forward(4).data[0])
for _ in range(10):
    for x_val, y_val in zip(x_data, y_data):
        cost = loss(x_val, y_val)
        cost.backward()
        w.data = w.data - 0.01 * w.grad.data
        w.grad.data.zero_()
print("predict (after training)", 4, forward(4).data[0])


class Model(torch.nn.Module):
    def __init__(self):
        super(Model, self).__init__()
        self.linear = torch.nn.Linear(1, 1)

    def forward(self, x):
        y_pred = self.linear(x)
        return y_pred


model = Model()
model.linear.weight.data.fill_(0.5)
model.linear.bias.data.zero_()
criterion = torch.nn.MSELoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for _ in range(100):
    y_pred = model(x_data)
    cost = criterion(y_pred, y_data)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
print("predict (after training)", 4, model(Variable(torch.Tensor([[4.0]]))).data)

# 형 바꾸기
t = torch.Tensor([1.7, -1.2])
print(t.type(), t.type(torch.LongTensor), t.type("torch.DoubleTensor").type(), t.int(), t.byte().dtype is not None)
print(isinstance(t, torch.Tensor), isinstance(t, torch.FloatTensor), torch.is_tensor(np.ones(1)))
labels = Variable(torch.from_numpy(np.array([0, 1]))).type(torch.LongTensor)
print(labels)

RESULTS = {"w": w, "linear": list(model.parameters()), "cost": cost}
