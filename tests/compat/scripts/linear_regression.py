"""Linear regression three times: by hand under no_grad, with an optimizer, with a module; and a schedule."""
# ruff: noqa: UP032 - written as notes are

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn, optim

x_train = torch.FloatTensor([[73, 80, 75], [93, 88, 93], [89, 91, 90], [96, 98, 100], [73, 66, 70]]) / 100
y_train = torch.FloatTensor([[152], [185], [180], [196], [142]]) / 100

# 손으로
w = torch.zeros(3, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
for _ in range(100):
    loss = ((x_train @ w + b - y_train) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
        w.grad.zero_()
        b.grad.zero_()
by_hand = [w.detach().clone(), b.detach().clone(), loss.item()]

# optimizer로: 같은 값이 나온다
W = torch.zeros((3, 1), requires_grad=True)
bias = torch.zeros(1, requires_grad=True)
optimizer = optim.SGD([W, bias], lr=0.1)
for epoch in range(100):
    cost = torch.mean((x_train.matmul(W) + bias - y_train) ** 2)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    if epoch % 25 == 0:
        print("Epoch {:4d}/{} Cost: {:.6f}".format(epoch, 100, cost.item()))
print(torch.allclose(W, by_hand[0]), torch.allclose(bias, by_hand[1]))


# 모듈과 학습률 스케줄로
class MultivariateLinearRegression(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 1)

    def forward(self, x):
        return self.linear(x)


model = MultivariateLinearRegression()
nn.init.zeros_(model.linear.weight)
nn.init.constant_(model.linear.bias, 0.5)
optimizer = optim.Adam(model.parameters(), lr=0.1)
scheduler = optim.lr_scheduler.StepLR(optimizer, step_size=20, gamma=0.5)
rates = []
for _ in range(60):
    cost = F.mse_loss(model(x_train), y_train)
    optimizer.zero_grad()
    cost.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
    scheduler.step()
    rates.append(optimizer.param_groups[0]["lr"])
print(rates[::10], scheduler.get_last_lr())

new_var = torch.FloatTensor([[0.73, 0.80, 0.75]])
print("예측값:", model(new_var).item() > 1.4)
print(np.round(model(x_train).detach().numpy().ravel(), 2).tolist())

# 다른 옵티마이저들도 같은 걸음을 걷는다
walks = {}
for name, make in {
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adamw": lambda p: optim.AdamW(p, lr=0.05),
    "rmsprop": lambda p: optim.RMSprop(p, lr=0.01),
    "adagrad": lambda p: optim.Adagrad(p, lr=0.1),
}.items():
    p = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    opt = make([p])
    for _ in range(20):
        opt.zero_grad()
        (p**2 + torch.sin(p)).sum().backward()
        opt.step()
    walks[name] = p.detach()

RESULTS = {
    "by hand": by_hand,
    "optimizer": [W, bias, cost.item()],
    "module": list(model.parameters()),
    "rates": rates,
    "walks": walks,
}
