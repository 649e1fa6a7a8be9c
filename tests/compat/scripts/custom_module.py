"""A network as a class: parameters of one's own, submodules, and what a module knows of itself."""
# ruff: noqa: UP008 - written as notes are

import torch
import torch.nn as nn
import torch.nn.functional as F


class MyLinear(nn.Module):
    """Linear 층을 직접 만든다."""

    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.Tensor(out_features, in_features).uniform_(-1, 1))
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x):
        return x.matmul(self.weight.t()) + self.bias


class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.fc1 = MyLinear(3, 4)
        self.fc2 = nn.Linear(4, 2)
        self.dropout = nn.Dropout(0.5)
        self.register_buffer("scale", torch.tensor(2.0))

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.dropout(x)
        return self.fc2(x) * self.scale


net = Net()
net.fc1.weight.data.copy_(torch.arange(12).view(4, 3).float() / 10 - 0.5)
net.fc1.bias.data.fill_(0.05)
nn.init.constant_(net.fc2.weight, 0.25)
nn.init.zeros_(net.fc2.bias)
net.fc2.weight.data[0] *= -1

print([(name, tuple(p.shape)) for name, p in net.named_parameters()])
print(list(net.state_dict()), [type(child).__name__ for child in net.children()])
print(sum(p.numel() for p in net.parameters() if p.requires_grad))

net.eval()
x = torch.FloatTensor([[1, 2, 3], [-1, 0, 1]])
output = net(x)
print(output)

loss = F.mse_loss(output, torch.zeros(2, 2))
net.zero_grad()
loss.backward()
print(loss.item(), net.fc1.weight.grad, net.fc2.bias.grad)

# 한 걸음을 손으로
for f in net.parameters():
    f.data.sub_(f.grad.data * 0.1)
stepped = net(x)

# 다른 모델에 가중치를 옮긴다
other = Net()
other.load_state_dict(net.state_dict())
other.eval()
print(torch.equal(other(x), stepped))

# 일부를 고정한다
for p in other.fc1.parameters():
    p.requires_grad = False
print([name for name, p in other.named_parameters() if p.requires_grad])

# 학습 모드에서는 드롭아웃이 값을 0으로 만들거나 두 배로 만든다
drop = nn.Dropout(0.5)
dropped = drop(torch.ones(1000))
share = (dropped == 0).float().mean().item()
print(sorted(set(dropped.tolist())), 0.4 < share < 0.6)

RESULTS = {
    "output": output,
    "loss": loss,
    "weight.grad": net.fc1.weight.grad,
    "bias.grad": net.fc2.bias.grad,
    "stepped": stepped,
}
