"""Automatic differentiation: the worked numbers that every introduction shows."""

import torch

# z = 3(x + 2)^2 의 평균: 기울기는 4.5
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
print(y, y.grad_fn is not None, x.grad_fn)
z = y * y * 3
out = z.mean()
print(z, out)
out.backward()
print(x.grad)
first = x.grad.clone()

# 세제곱: 중간 값의 기울기는 retain_grad로 남긴다
x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y**3
out = z.mean()
y.retain_grad()
z.retain_grad()
out.backward(retain_graph=True)
print(x.grad, y.grad, z.grad, x.is_leaf, y.is_leaf)
once = x.grad.clone()
out.backward()  # 기울기는 더해진다
print(x.grad)

# 그래프는 한 번 쓰면 사라진다
try:
    out.backward()
except RuntimeError:
    print("the graph is gone")

# 벡터를 넘겨 벡터-야코비안 곱 구하기
v = torch.tensor([0.5, -1.0, 2.0], requires_grad=True)
w = v * 2
try:
    w.backward()
except RuntimeError:
    print("a vector needs a gradient")
w.backward(torch.tensor([0.1, 1.0, 0.0001]))
print(v.grad)

# requires_grad는 전염된다
a = torch.ones(3)
b = (a * 3) / (a - 2)
print(b.requires_grad)
a.requires_grad_(True)
b = (a * a).sum()
print(b.requires_grad)

# 기록하지 않기
print((v**2).requires_grad)
with torch.no_grad():
    print((v**2).requires_grad)
    with torch.enable_grad():
        print((v**2).requires_grad)
with torch.set_grad_enabled(False):
    print((v**2).requires_grad)
print(v.detach().requires_grad, v.detach().eq(v).all())


@torch.no_grad()
def predict(inputs):
    return inputs * v


print(predict(torch.ones(3)).requires_grad)

# 함수로 미분하기, 두 번 미분하기
t = torch.tensor(3.0, requires_grad=True)
(dx,) = torch.autograd.grad(t**4, t, create_graph=True)
(ddx,) = torch.autograd.grad(dx, t)
print(dx.item(), ddx.item())

jacobian = torch.autograd.functional.jacobian(lambda s: s**2, torch.tensor([1.0, 2.0]))
hessian = torch.autograd.functional.hessian(lambda s: (s**3).sum(), torch.tensor([1.0, 2.0]))
print(jacobian, hessian)

RESULTS = {
    "mean of squares": first,
    "mean of cubes": once,
    "twice": x.grad,
    "vector": v.grad,
    "first and second": [dx.item(), ddx.item()],
    "jacobian": jacobian,
    "hessian": hessian,
}
