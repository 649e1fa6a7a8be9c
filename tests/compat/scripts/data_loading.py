"""Data sets of one's own, batches, and random splits."""

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset, random_split


class Squares(Dataset):
    def __init__(self, n):
        self.x = np.arange(n, dtype=np.float32).reshape(-1, 1)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, idx):
        x = torch.from_numpy(self.x[idx])
        return x, x**2, idx


squares = Squares(10)
loader = DataLoader(squares, batch_size=4)
print(len(squares), len(loader), squares[3])
shapes = []
for batch_idx, samples in enumerate(loader):
    x, y, number = samples
    shapes.append([tuple(x.shape), tuple(y.shape), number.tolist(), str(number.dtype).split(".")[-1]])
    print(batch_idx, x.view(-1), y.view(-1), number)

# 마지막의 모자란 배치를 버린다
print(
    len(DataLoader(squares, batch_size=4, drop_last=True)), [len(b[0]) for b in DataLoader(squares, 4, drop_last=True)]
)

# 섞어도 모든 표본이 한 번씩 나온다
torch.manual_seed(1)
shuffled = DataLoader(squares, batch_size=3, shuffle=True, num_workers=0)
epochs = [[int(i) for _, _, numbers in shuffled for i in numbers] for _ in range(2)]
print([sorted(e) == list(range(10)) for e in epochs], epochs[0] != epochs[1])

# 나누기
features, labels = torch.arange(20.0).view(10, 2), torch.arange(10)
dataset = TensorDataset(features, labels)
train, test = random_split(dataset, [7, 3], generator=torch.Generator().manual_seed(42))
again, _ = random_split(dataset, [7, 3], generator=torch.Generator().manual_seed(42))
parts = random_split(range(11), [0.5, 0.5])
print(len(train), len(test), list(train.indices) == list(again.indices), [len(part) for part in parts])
print(sorted(int(label) for _, label in list(train) + list(test)))
subset = Subset(dataset, [4, 2])
print([int(label) for _, label in subset])
(batch,) = DataLoader(subset, batch_size=5)
print(batch)

# 사전, 수, 문자열도 모인다
records = [{"x": 1.5, "n": 1, "name": "a"}, {"x": 2.5, "n": 2, "name": "b"}]
(record,) = DataLoader(records, batch_size=2)
print(record["x"], record["n"], record["name"])
pairs = DataLoader([(1, 2.0), (3, 4.0)], batch_size=2, collate_fn=lambda rows: [sum(row) for row in rows])
print(list(pairs))

RESULTS = {"shapes": shapes, "batch": batch, "record": record["x"]}
