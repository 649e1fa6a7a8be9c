"""AND, OR and XOR with a single neuron: the first two are learned, the third cannot be."""

import torch

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
torch.manual_seed(777)
if device == "cuda":
    torch.cuda.manual_seed_all(777)

X = torch.FloatTensor([[0, 0], [0, 1], [1, 0], [1, 1]]).to(device)
GATES = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "XOR": [0, 1, 1, 0]}
RESULTS = {}

for name, targets in GATES.items():
    Y = torch.FloatTensor(targets).view(-1, 1).to(device)
    linear = torch.nn.Linear(2, 1, bias=True)
    linear.weight.data.copy_(torch.tensor([[0.3, -0.2]]))
    linear.bias.data.fill_(0.1)
    model = torch.nn.Sequential(linear, torch.nn.Sigmoid()).to(device)
    criterion = torch.nn.BCELoss().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=1)

    for step in range(1001):
        optimizer.zero_grad()
        hypothesis = model(X)
        cost = criterion(hypothesis, Y)
        cost.backward()
        optimizer.step()
        if step % 250 == 0:
            print(name, step, f"{cost.item():.4f}")

    with torch.no_grad():
        hypothesis = model(X)
        predicted = (hypothesis > 0.5).float()
        accuracy = (predicted == Y).float().mean().item()
        print(name, "Hypothesis:", hypothesis.detach().cpu().numpy().round(2).tolist())
    RESULTS[name] = [cost.item(), hypothesis]
    if name != "XOR":  # 출력이 모두 0.5인 XOR의 정확도는 반올림 오차가 정한다
        print(name, "Accuracy:", accuracy)

print("XOR is stuck at", round(RESULTS["XOR"][0], 4))
RESULTS["stuck"] = round(RESULTS["XOR"][0], 4) == 0.6931
