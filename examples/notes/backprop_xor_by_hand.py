"""Backpropagation of XOR by hand, beside autograd: the same numbers, once it is clear what is being descended."""

import numpy as np

import chainrule as cr
import chainrule.compat.torch as torch

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
Y = np.array([[0], [1], [1], [0]], dtype=np.float64)
rng = np.random.default_rng(0)
START = {"w1": rng.uniform(-1, 1, (2, 2)), "b1": rng.uniform(-1, 1, 2)}
START |= {"w2": rng.uniform(-1, 1, (2, 1)), "b2": rng.uniform(-1, 1, 1)}


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def by_hand(lr, epochs):
    """The classroom's update rule: a sum over the four rows for the weights, a mean for the biases."""
    p = {name: values.copy() for name, values in START.items()}
    for _ in range(epochs):
        hidden = sigmoid(X @ p["w1"] + p["b1"])
        output = sigmoid(hidden @ p["w2"] + p["b2"])
        d_output = (Y - output) * output * (1 - output)  # the error times the sigmoid's derivative
        d_hidden = d_output @ p["w2"].T * hidden * (1 - hidden)
        p["w2"] += lr * hidden.T @ d_output  # a matrix product sums over the rows …
        p["w1"] += lr * X.T @ d_hidden
        p["b2"] += lr * d_output.mean(axis=0)  # … and this takes their mean
        p["b1"] += lr * d_hidden.mean(axis=0)
    return p, output


def by_autograd(lr, lr_bias, epochs):
    """Gradient descent on ½ Σ (output − y)², whose derivative is what stands above as d_output."""
    x, y = torch.tensor(X), torch.tensor(Y)
    p = {name: torch.tensor(values.copy(), requires_grad=True) for name, values in START.items()}
    weights, biases = [p["w1"], p["w2"]], [p["b1"], p["b2"]]
    optimizer = torch.optim.SGD([{"params": weights}, {"params": biases, "lr": lr_bias}], lr=lr)
    for _ in range(epochs):
        output = torch.sigmoid(torch.sigmoid(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])
        loss = ((output - y) ** 2).sum() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: values.detach().numpy() for name, values in p.items()}, output.detach().numpy()


def furthest(a, b):
    return max(np.abs(a[name] - b[name]).max() for name in START)


# The gradient of one loss sums over the rows for weights and biases alike. A mean for the biases is a quarter of that
# (four rows), so the hand-written rule is gradient descent in which the biases have a quarter of the learning rate.
hand, _ = by_hand(0.5, 500)
plain, _ = by_autograd(0.5, 0.5, 500)
scaled, _ = by_autograd(0.5, 0.5 / 4, 500)
print(f"one learning rate for all:        parameters differ by up to {furthest(hand, plain):.2f}")
print(f"a quarter of it for the biases:   parameters differ by up to {furthest(hand, scaled):.1e}")
print("the same numbers:", furthest(hand, scaled) < 1e-9)

# Does it matter? Both descend, along different paths: the gradient's direction is changed, its signs are not.
# The learning rate matters more: 0.03 is on the plateau at ½ for as long as 0.5 needs to solve it.
for lr in (0.5, 0.03):
    _, output = by_hand(lr, 8000)
    print(f"learning rate {lr}: outputs {np.round(output.ravel(), 2).tolist()}")

# The trace takes the first step apart, and finds out what is wrong with a number.
w1, b1, w2, b2 = (torch.tensor(START[name].copy(), requires_grad=True) for name in ("w1", "b1", "w2", "b2"))
x, y = torch.tensor(X), torch.tensor(Y)
with cr.explain.tracing() as t:
    hidden = torch.sigmoid(x @ w1 + b1)
    output = torch.sigmoid(hidden @ w2 + b2)
    loss = ((output - y) ** 2).sum() / 2
trace = t.trace(loss)
h, o = sigmoid(X @ START["w1"] + START["b1"]), output.detach().numpy()
print(trace.check("w2[0,0].grad", float(h[:, 0] @ ((o - Y) * o * (1 - o))[:, 0])).message("en"))
print(trace.check("w2[0,0].grad", float(h[:, 0] @ (o - Y)[:, 0])).message("en"))
print(trace.check("b2[0].grad", float(((o - Y) * o * (1 - o)).mean())).message("en"))
