"""Backpropagation by hand for a two-layer network, against autograd."""
# ruff: noqa: B905, N816 - written as notes are

import torch

X = torch.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = torch.FloatTensor([[0], [1], [1], [0]])
w1 = torch.FloatTensor([[0.6, -0.4], [0.5, 0.9]])
b1 = torch.FloatTensor([0.1, -0.3])
w2 = torch.FloatTensor([[0.8], [-0.7]])
b2 = torch.FloatTensor([0.2])


def sigmoid(x):
    return 1.0 / (1.0 + torch.exp(-x))


def sigmoid_prime(x):
    return sigmoid(x) * (1 - sigmoid(x))


# autograd로 구한 기울기
leaves = [t.clone().requires_grad_(True) for t in (w1, b1, w2, b2)]
hidden = torch.sigmoid(X @ leaves[0] + leaves[1])
prediction = torch.sigmoid(hidden @ leaves[2] + leaves[3])
cost = -torch.mean(Y * torch.log(prediction) + (1 - Y) * torch.log(1 - prediction))
cost.backward()
from_autograd = [t.grad for t in leaves]

learning_rate = 1
for step in range(2001):
    # 순전파
    l1 = torch.add(torch.matmul(X, w1), b1)
    a1 = sigmoid(l1)
    l2 = torch.add(torch.matmul(a1, w2), b2)
    Y_pred = sigmoid(l2)
    cost = -torch.mean(Y * torch.log(Y_pred) + (1 - Y) * torch.log(1 - Y_pred))

    # 역전파 (연쇄 법칙)
    d_Y_pred = (Y_pred - Y) / (Y_pred * (1.0 - Y_pred) + 1e-7) / len(X)
    d_l2 = d_Y_pred * sigmoid_prime(l2)
    d_b2 = d_l2
    d_w2 = torch.matmul(torch.transpose(a1, 0, 1), d_b2)
    d_a1 = torch.matmul(d_b2, torch.transpose(w2, 0, 1))
    d_l1 = d_a1 * sigmoid_prime(l1)
    d_b1 = d_l1
    d_w1 = torch.matmul(torch.transpose(X, 0, 1), d_b1)
    if step == 0:
        by_hand = [d_w1, d_b1.sum(0), d_w2, d_b2.sum(0)]

    w1 = w1 - learning_rate * d_w1
    b1 = b1 - learning_rate * torch.sum(d_b1, 0)
    w2 = w2 - learning_rate * d_w2
    b2 = b2 - learning_rate * torch.sum(d_b2, 0)
    if step % 500 == 0:
        print(step, f"{cost.item():.4f}")

agree = [torch.allclose(h, g, atol=1e-5) for h, g in zip(by_hand, from_autograd)]
print(agree, (Y_pred > 0.5).float().view(-1))
RESULTS = {"agree": all(agree), "cost": cost, "w1": w1, "w2": w2, "gradient": from_autograd[0]}
