"""Tensors: making them, changing them, and going to NumPy and back."""

import numpy as np
import torch

# 크기만 정해서 만들기: 값은 초기화되지 않는다
x = torch.Tensor(2, 3)
print(x.size(), x.dim(), x.dtype)
x = torch.empty(5, 3)
print(x.shape[0], x.shape[1])

# 0과 1, 같은 값, 단위 행렬, 수열
print(torch.zeros(2, 3, dtype=torch.long))
print(torch.ones(2, 2))
print(torch.full((2, 3), 7))
print(torch.eye(3))
print(torch.arange(0, 10, 2), torch.linspace(0, 1, 5))

# 리스트에서 만들기; FloatTensor는 언제나 float32
a = torch.FloatTensor([[1, 2], [3, 4]])
b = torch.LongTensor([1, 2, 3])
c = torch.tensor([1.5, -2.0])
print(a, b, c, c.dtype, a.type(), b.type())

# 무작위 값: 범위와 크기만 확인
torch.manual_seed(0)
u = torch.Tensor(2, 2).uniform_(-1, 1)
n = torch.Tensor(500, 40).normal_(mean=2.0, std=0.5)
r = torch.rand(4, 3)
z = torch.randn_like(r, dtype=torch.double)
p = torch.randperm(10)
print(bool((u.abs() <= 1).all()), z.dtype, sorted(p.tolist()), torch.randint(0, 10, (3, 2)).shape)

# 덧셈의 여러 가지 방법
y = torch.ones(2, 2) * 3
result = torch.empty(2, 2)
torch.add(a, y, out=result)
print(a + y, torch.add(a, y), result, a.add(y, alpha=10))
y.add_(a)
print(y)
y -= 1
print(y, y[:, 1], y[0], y[1, 0].item())

# 곱셈: 원소별 곱과 행렬 곱
w = torch.FloatTensor([[1, -1], [2, 0]])
print(a * w, a.mul(w), torch.matmul(a, w), a @ w, a.mm(w), torch.mv(a, c), torch.dot(c, c))

# 모양 바꾸기
m = torch.arange(12)
print(m.view(3, 4), m.view(-1, 6).size(), m.reshape(2, 2, 3).transpose(0, 2).shape, m.view(3, 4).t())
print(m.unsqueeze(0).shape, torch.squeeze(m.view(1, 12, 1)).shape, torch.flatten(m.view(2, 3, 2), 1).shape)
print(torch.cat([a, w], dim=1), torch.stack([a, w]).shape, m.chunk(5), m.split(5)[-1], a.repeat(2, 3))

# 줄이기
print(a.sum(), a.sum(dim=0), a.mean(), a.mean(1, keepdim=True), a.std(), a.var(unbiased=False), a.max(), a.argmax())
values, indices = torch.max(a, 1)
print(values, indices, torch.argmax(a, dim=0), torch.min(a, 0)[0])
top = torch.topk(torch.tensor([3.0, 1.0, 4.0, 1.0, 5.0]), 2)
print(top[0], top[1], torch.sort(c)[0], torch.norm(a), a.numel())

# 비교와 조건
print(a > 2, (a > 2).float(), (a == w).sum().item(), torch.where(a > 2, a, torch.zeros_like(a)), a.clamp(min=2, max=3))
print(
    torch.allclose(a, a + 1e-9), torch.equal(a, w), torch.isnan(torch.tensor([float("nan"), 1.0])), torch.is_tensor(a)
)

# 함수
print(torch.exp(a), a.log(), torch.sqrt(a), torch.abs(w), torch.pow(a, 2), a**0.5, torch.sigmoid(w), torch.tanh(w))
print(torch.relu(w), torch.softmax(a, dim=1), torch.log_softmax(a, dim=1), torch.round(torch.tensor([0.2, 0.8])))

# NumPy와 오가기: 메모리를 함께 쓴다
array = np.ones(3)
shared = torch.from_numpy(array)
np.add(array, 1, out=array)
print(shared, shared.dtype, shared.float().numpy().dtype)
view = a.numpy()
a.add_(1)
print(view)

# 장치: GPU가 없으면 CPU
device = torch.device("cpu")
moved = a.to(device).cpu()
print(device, moved.device, a.to(torch.float64).dtype, torch.ones(2, device=device), a.is_cuda)

# One-hot 표현
one_hot = torch.zeros(3, 4).scatter_(1, torch.tensor([[2], [0], [3]]), 1)
print(one_hot)

RESULTS = {
    "sum": result,
    "uniform": bool((u.abs() <= 1).all()) and u.shape == (2, 2),
    "normal": abs(n.mean().item() - 2) < 0.02 and abs(n.std().item() - 0.5) < 0.02,
    "rand": bool(((r >= 0) & (r < 1)).all()),
    "shared": shared,
    "one_hot": one_hot,
}
