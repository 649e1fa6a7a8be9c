"""Gradients: a tensor remembers how it was computed, and `backward` walks back along it."""

import chainrule.compat.torch as torch

# out = mean((x + 2)^3), so d out / d x = 3 (x + 2)^2 / 4 = 6.75 where x = 1.
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y**3
out = z.mean()
print(out)
y.retain_grad()  # only leaves keep their gradient unless they are asked to
z.retain_grad()
out.backward(retain_graph=True)
print(x.grad, y.grad, z.grad)

# A second pass adds to the first: 13.5.
out.backward()
print(x.grad)

# Of a vector, backward gives the product of a vector and the Jacobian.
v = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
(2 * v).backward(torch.tensor([0.1, 1.0, 0.0001]))
print(v.grad)  # [0.2, 2, 0.0002]

# The derivative of a derivative: t^3 has 3 t^2, then 6 t.
t = torch.tensor(1.0, requires_grad=True)
(first,) = torch.autograd.grad(t**3, t, create_graph=True)
(second,) = torch.autograd.grad(first, t)
print(first.item(), second.item())

# Nothing is remembered in here: for evaluation, and for changing weights by hand.
w = torch.zeros(1, requires_grad=True)
for _ in range(25):
    loss = (w - 3) ** 2
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        w.grad.zero_()
print(f"w is {w.item():.2f}, where (w - 3)^2 is smallest")
