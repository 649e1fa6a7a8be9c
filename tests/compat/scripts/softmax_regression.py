"""Softmax regression: the loss written out, with F.nll_loss and with F.cross_entropy; one-hot targets."""
# ruff: noqa: UP032 - written as notes are

import torch
import torch.nn as nn
import torch.nn.functional as F

x_train = torch.FloatTensor(
    [[1, 2, 1, 1], [2, 1, 3, 2], [3, 1, 3, 4], [4, 1, 5, 5], [1, 7, 5, 5], [1, 2, 5, 6], [1, 6, 6, 6], [1, 7, 7, 7]]
)
y_train = torch.LongTensor([2, 2, 2, 1, 1, 1, 0, 0])

# 같은 비용을 네 가지 방법으로
z = x_train @ torch.linspace(-0.3, 0.3, 12).view(4, 3)
hypothesis = F.softmax(z, dim=1)
y_one_hot = torch.zeros_like(hypothesis)
y_one_hot.scatter_(1, y_train.unsqueeze(1), 1)
written_out = (y_one_hot * -torch.log(hypothesis)).sum(dim=1).mean()
with_log_softmax = (y_one_hot * -F.log_softmax(z, dim=1)).sum(dim=1).mean()
with_nll = F.nll_loss(F.log_softmax(z, dim=1), y_train)
with_cross_entropy = F.cross_entropy(z, y_train)
costs = [c.item() for c in (written_out, with_log_softmax, with_nll, with_cross_entropy)]
print([round(c, 4) for c in costs], hypothesis.sum(dim=1))
print(torch.equal(y_one_hot.long(), F.one_hot(y_train, num_classes=3)))


class SoftmaxClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)

    def forward(self, x):
        return self.linear(x)


model = SoftmaxClassifier()
for p in model.parameters():
    p.data.zero_()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(501):
    prediction = model(x_train)
    cost = criterion(prediction, y_train)
    optimizer.zero_grad()
    cost.backward()
    optimizer.step()
    if epoch % 100 == 0:
        print("Epoch {:4d} Cost: {:.4f}".format(epoch, cost.item()))

model.eval()
with torch.no_grad():
    outputs = model(x_train)
    _, predicted = torch.max(outputs.data, 1)
    correct = predicted.eq(y_train.view_as(predicted)).sum().item()
    print(f"Accuracy: {100.0 * correct / len(y_train):.1f}%", predicted)

RESULTS = {
    "costs": costs,
    "weight": model.linear.weight,
    "bias": model.linear.bias,
    "cost": cost,
    "predicted": predicted,
    "correct": correct,
}
