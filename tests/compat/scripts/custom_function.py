"""An autograd function of one's own in a network that fits a curve."""

import math

import torch


class MyReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.clamp(min=0)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input < 0] = 0
        return grad_input


class Legendre3(torch.autograd.Function):
    """P3(x) = (5x^3 - 3x) / 2."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return 0.5 * (5 * input**3 - 3 * input)

    @staticmethod
    def backward(ctx, grad_output):
        (input,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * input**2 - 1)


dtype = torch.float
device = torch.device("cpu")

# 두 층짜리 신경망
N, D_in, H, D_out = 8, 5, 6, 2
x = torch.linspace(-1, 1, N * D_in, device=device, dtype=dtype).view(N, D_in)
y = torch.cos(x[:, :D_out] * 2)
w1 = (torch.arange(D_in * H, dtype=dtype).view(D_in, H) % 7 / 7 - 0.4).requires_grad_()
w2 = (torch.arange(H * D_out, dtype=dtype).view(H, D_out) % 5 / 5 - 0.4).requires_grad_()

learning_rate = 1e-2
for t in range(200):
    relu = MyReLU.apply
    y_pred = relu(x.mm(w1)).mm(w2)
    loss = (y_pred - y).pow(2).sum()
    if t % 50 == 49:
        print(t, round(loss.item(), 4))
    loss.backward()
    with torch.no_grad():
        w1 -= learning_rate * w1.grad
        w2 -= learning_rate * w2.grad
        w1.grad.zero_()
        w2.grad.zero_()

# sin을 르장드르 다항식으로
s = torch.linspace(-math.pi, math.pi, 200)
target = torch.sin(s)
a = torch.full((), 0.0, requires_grad=True)
b = torch.full((), -1.0, requires_grad=True)
c = torch.full((), 0.0, requires_grad=True)
d = torch.full((), 0.3, requires_grad=True)
for _ in range(300):
    P3 = Legendre3.apply
    fit = ((a + b * P3(c + d * s)) - target).pow(2).sum()
    fit.backward()
    with torch.no_grad():
        for q in (a, b, c, d):
            q -= 5e-5 * q.grad
            q.grad = None

print(f"Result: y = {a.item():.3f} + {b.item():.3f} * P3({c.item():.3f} + {d.item():.3f} x)")
RESULTS = {"loss": loss, "w1": w1, "w2": w2, "fit": fit, "coefficients": [a.item(), b.item(), c.item(), d.item()]}
