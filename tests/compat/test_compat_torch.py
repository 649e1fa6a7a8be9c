"""What `chainrule.compat.torch` adds: constructors, data loading, files, and words about what is not there."""

from __future__ import annotations

import importlib
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule
import chainrule.compat.torch as torch
from chainrule import errors
from chainrule.compat.torch import nn, optim
from chainrule.compat.torch.nn import functional as F
from chainrule.compat.torch.utils.data import (
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
    random_split,
)
from helpers.compare import assert_close, assert_numbers

# ---- the layout


LAYOUT = {
    "": """
        tensor FloatTensor LongTensor Tensor empty ones zeros rand randn randn_like from_numpy add matmul mm
        transpose mean sum exp log where max min argmax sigmoid tanh relu manual_seed no_grad enable_grad
        set_grad_enabled device float32 float float64 double int64 long int32 bool uint8 arange linspace eye
        full stack cat squeeze unsqueeze flatten reshape abs sqrt pow clamp softmax log_softmax var std norm
        allclose equal isnan isfinite is_tensor numel dot outer bmm square sign save load Size Generator
        autograd nn optim utils cuda backends
    """,
    ".nn": """
        Module Parameter Sequential ModuleList Linear ReLU Sigmoid Tanh Softmax Dropout BatchNorm1d LayerNorm
        Flatten Identity MSELoss BCELoss BCEWithLogitsLoss CrossEntropyLoss NLLLoss L1Loss init functional utils
        parameter
    """,
    ".nn.functional": """
        relu sigmoid tanh softmax log_softmax linear dropout cross_entropy nll_loss mse_loss
        binary_cross_entropy binary_cross_entropy_with_logits one_hot leaky_relu batch_norm
    """,
    ".nn.init": """
        uniform_ normal_ constant_ zeros_ ones_ xavier_uniform_ xavier_normal_ kaiming_uniform_ kaiming_normal_
        orthogonal_
    """,
    ".nn.utils": "clip_grad_norm_ clip_grad_value_ parameters_to_vector vector_to_parameters",
    ".nn.parameter": "Parameter",
    ".optim": "SGD Adam AdamW Adagrad Adadelta RMSprop Optimizer lr_scheduler",
    ".optim.lr_scheduler": "StepLR MultiStepLR ExponentialLR CosineAnnealingLR ReduceLROnPlateau OneCycleLR LambdaLR",
    ".utils.data": "Dataset TensorDataset DataLoader Subset random_split",
    ".autograd": "Function Variable grad backward functional gradcheck",
    ".autograd.functional": "jacobian hessian jvp vjp",
    ".cuda": "is_available device_count manual_seed manual_seed_all empty_cache",
    ".backends.cudnn": "deterministic benchmark enabled",
    ".backends.mps": "is_available",
}


@pytest.mark.parametrize(
    ("module", "names"),
    LAYOUT.items(),
)
def test_layout(module: str, names: str) -> None:
    there = importlib.import_module(f"chainrule.compat.torch{module}")
    assert [name for name in names.split() if not hasattr(there, name)] == []
    reached: Any = torch
    for part in module.split(".")[1:]:
        reached = getattr(reached, part)
    assert reached is there


def test_names_are_also_pytorchs() -> None:
    """Nothing is offered under a name that PyTorch does not have, or has for another kind of thing."""
    real = pytest.importorskip("torch")
    assert [name for name in torch.__all__ if not hasattr(real, name)] == []
    assert [n for n in torch.__all__ if callable(getattr(torch, n)) != callable(getattr(real, n))] == []


def test_everything_is_the_one_thing() -> None:
    assert nn.Linear is chainrule.nn.Linear
    assert torch.nn.init.xavier_uniform_ is chainrule.nn.init.xavier_uniform_
    assert optim.Adam is chainrule.optim.Adam
    assert torch.autograd.Function is chainrule.autograd.Function
    assert torch.zeros is chainrule.zeros
    assert type(torch.tensor([1.0])) is chainrule.Tensor


@pytest.mark.parametrize(
    ("module", "name", "hint"),
    [
        (torch, "conv2d", ""),
        (torch, "sigmoyd", "sigmoid"),
        (nn, "Conv2d", ""),
        (nn, "Linaer", "Linear"),
        (F, "onehot", "one_hot"),
    ],
)
def test_unknown_names_say_why(module: Any, name: str, hint: str) -> None:
    with pytest.raises(AttributeError, match=rf"no '{name}': it holds what multilayer perceptrons need.*{hint}"):
        getattr(module, name)


# ---- functions


def test_functions_call_methods_and_write_to_out() -> None:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    out = torch.empty(2, 2)
    assert torch.add(x, x, alpha=2, out=out) is out
    assert_numbers(out, [[3, 6], [9, 12]])
    assert_numbers(torch.sum(x, dim=0), [4, 6])
    assert_numbers(torch.exp([0.0]), [1])
    assert_numbers(torch.where(x > 2, x, 0.0), [[0, 0], [3, 4]])
    with pytest.raises(errors.ShapeError):
        torch.exp(x, out=torch.empty(3))


@pytest.mark.parametrize("name", torch.functions.METHODS)
def test_functions_are_named_and_documented(name: str) -> None:
    assert getattr(torch, name).__name__ == name
    assert name in getattr(torch, name).__doc__


# ---- constructors


@pytest.mark.parametrize(
    ("made", "shape", "dtype"),
    [
        (lambda: torch.Tensor(2, 3), (2, 3), "float32"),
        (lambda: torch.Tensor(4), (4,), "float32"),
        (lambda: torch.Tensor(), (0,), "float32"),
        (lambda: torch.Tensor(torch.Size([3, 1])), (3, 1), "float32"),
        (lambda: torch.Tensor(torch.ones(2, 2).size()), (2, 2), "float32"),
        (lambda: torch.Tensor([2, 3]), (2,), "float32"),
        (lambda: torch.Tensor((2, 3)), (2,), "float32"),
        (lambda: torch.Tensor(np.ones((2, 2))), (2, 2), "float32"),
        (lambda: torch.DoubleTensor([1]), (1,), "float64"),
        (lambda: torch.LongTensor(2, 2), (2, 2), "int64"),
        (lambda: torch.LongTensor([1, 2]), (2,), "int64"),
        (lambda: torch.IntTensor([1]), (1,), "int32"),
        (lambda: torch.BoolTensor([0, 1]), (2,), "bool"),
        (lambda: torch.ByteTensor([7]), (1,), "uint8"),
    ],
)
def test_constructors(made: Any, shape: tuple[int, ...], dtype: str) -> None:
    tensor = made()
    assert type(tensor) is chainrule.Tensor
    assert (tuple(tensor.shape), str(tensor.dtype)) == (shape, dtype)


def test_constructors_are_types_of_every_tensor() -> None:
    parameter = nn.Linear(2, 1).weight
    assert isinstance(parameter, torch.Tensor)
    assert isinstance(parameter, torch.FloatTensor)
    assert not isinstance(parameter, torch.LongTensor)
    assert not isinstance(np.ones(1), torch.Tensor)
    assert torch.Tensor.relu(torch.Tensor([-1, 1])).tolist() == [0, 1]


def test_constructor_copies_lists_and_refuses_a_bare_float() -> None:
    array = np.ones(2, np.float32)
    torch.Tensor(array).fill_(5)
    assert array.tolist() == [1, 1]
    with pytest.raises(errors.DTypeError, match=r"torch\.tensor"):
        torch.Tensor(3.5)


def test_variable_shares_its_numbers() -> None:
    x = torch.ones(2)
    v = torch.autograd.Variable(x, requires_grad=True)
    v.data.fill_(3)
    assert v.requires_grad
    assert not x.requires_grad
    assert x.tolist() == [3, 3]


# ---- devices


def test_the_usual_line_chooses_the_cpu() -> None:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    assert repr(device) == "device(type='cpu')"
    assert device == torch.device("cpu") == torch.ones(1).device
    model = nn.Linear(2, 1).to(device)
    assert model(torch.ones(3, 2, device=device).to(device)).device.type == "cpu"
    torch.cuda.manual_seed_all(1)


@pytest.mark.parametrize(
    "use",
    [
        lambda: torch.ones(2).cuda(),
        lambda: torch.ones(2).to("cuda:0"),
        lambda: torch.zeros(2, device="cuda"),
        lambda: torch.tensor([1.0], device=torch.device("cuda", 0)),
        lambda: nn.Linear(1, 1).cuda(),
        lambda: nn.Linear(1, 1).to(torch.device("cuda")),
        lambda: torch.load("nowhere.pt", map_location="cuda:0"),
        lambda: torch.Tensor([1], device="mps"),
    ],
)
def test_other_devices_are_refused_in_one_line(use: Any) -> None:
    with pytest.raises(errors.EngineError, match=r'tensors live on the CPU.*Use device="cpu"'):
        use()


# ---- data


class Letters(Dataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        return np.full(2, index), float(index), "abcde"[index], {"n": index}


def test_loader_of_items_collates() -> None:
    first, _, last = DataLoader(Letters(), batch_size=2)
    x, y, letters, numbers = first
    assert_numbers(x, [[0, 0], [1, 1]])
    assert (str(y.dtype), letters, numbers["n"].tolist()) == ("float64", ["a", "b"], [0, 1])
    assert last[2] == ["e"]


@pytest.mark.parametrize("n", [1, 7, 8])
@pytest.mark.parametrize("batch_size", [1, 3, 8, 20])
@pytest.mark.parametrize("drop_last", [False, True])
def test_loader_lengths_are_pytorchs(n: int, batch_size: int, drop_last: bool) -> None:
    real = pytest.importorskip("torch")
    rows = np.arange(2.0 * n, dtype=np.float32).reshape(n, 2)
    ours = DataLoader(TensorDataset(torch.from_numpy(rows)), batch_size, drop_last=drop_last)
    data = real.utils.data
    theirs = data.DataLoader(data.TensorDataset(real.from_numpy(rows)), batch_size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    for (a,), (b,) in zip(ours, theirs, strict=True):
        assert_close(a, b)


def test_loader_shuffles_anew_and_by_seed() -> None:
    def epochs(loader: Any) -> list[list[float]]:
        return [[x for (batch,) in loader for x in batch.tolist()] for _ in range(2)]

    dataset = TensorDataset(torch.arange(20))
    torch.manual_seed(3)
    one = epochs(DataLoader(dataset, 6, shuffle=True))
    torch.manual_seed(3)
    assert epochs(DataLoader(dataset, 6, shuffle=True)) == one
    assert one[0] != one[1]
    assert sorted(one[0]) == sorted(one[1]) == list(range(20))
    generator = torch.Generator().manual_seed(3)
    assert epochs(DataLoader(dataset, 6, shuffle=True, generator=generator)) == one


def test_loader_takes_whole_batches_and_single_rows_alike() -> None:
    dataset = TensorDataset(torch.arange(12.0).view(6, 2), torch.arange(6))
    subset = Subset(Subset(dataset, [5, 3, 1, 0]), [2, 0, 3])
    (fast,) = DataLoader(subset, batch_size=3)
    (slow,) = DataLoader([subset[i] for i in range(3)], batch_size=3)
    assert [batch.tolist() for batch in fast] == [batch.tolist() for batch in slow]
    assert fast[1].tolist() == [1, 5, 0]


def test_data_sets_end() -> None:
    dataset = TensorDataset(torch.arange(3))
    assert [int(x) for (x,) in dataset] == [0, 1, 2]
    assert [int(x) for (x,) in Subset(dataset, [2, 0])] == [2, 0]


def test_random_split() -> None:
    parts = random_split(TensorDataset(torch.arange(10)), [0.75, 0.25], torch.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [8, 2]
    assert sorted(int(x) for part in parts for (x,) in part) == list(range(10))
    assert [len(part) for part in random_split(range(5), [2, 3])] == [2, 3]


@pytest.mark.parametrize("lengths", [[3, 3], [0.5, 0.4], [-1, 11], [2.5, 7.5], []])
def test_lengths_that_do_not_add_up(lengths: list[float]) -> None:
    with pytest.raises(errors.ConfigError, match="add up to 10"):
        random_split(range(10), lengths)


@pytest.mark.parametrize(
    ("use", "error", "words"),
    [
        (lambda: TensorDataset(torch.ones(2), torch.ones(3)), errors.ShapeError, r"\(2,\), \(3,\)"),
        (lambda: TensorDataset(), errors.ShapeError, "none"),
        (lambda: TensorDataset(torch.tensor(1.0)), errors.ShapeError, "one row"),
        (lambda: TensorDataset(np.ones(2)), errors.DTypeError, "from_numpy"),
        (lambda: DataLoader([1], batch_size=0), errors.ConfigError, "batch_size"),
        (lambda: DataLoader([1], batch_size=2.0), errors.ConfigError, "batch_size"),
        (lambda: next(iter(DataLoader([]))), errors.DataError, "no rows"),
        (lambda: default_collate([object()]), errors.DTypeError, "object"),
        (lambda: default_collate([(1, 2), (1,)]), errors.ShapeError, "length"),
        (lambda: default_collate([torch.ones(1), torch.ones(2)]), errors.ShapeError, "stack"),
    ],
)
def test_bad_data(use: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        use()


# ---- files


def test_a_state_dict_is_a_plain_safetensors_file(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    torch.save(model.state_dict(), tmp_path / "model.pt")
    loaded = torch.load(tmp_path / "model.pt")
    assert set(loaded) == set(model.state_dict())
    reader = pytest.importorskip("safetensors.numpy")
    theirs = reader.load_file(tmp_path / "model.pt")
    assert_numbers(theirs["0.weight"], model[0].weight)


def test_a_whole_model_comes_back(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    torch.save(model, tmp_path / "model.pth")
    again = torch.load(tmp_path / "model.pth", weights_only=False)
    assert_numbers(again(torch.ones(1, 2)), model(torch.ones(1, 2)))


def test_files_of_pytorch_are_not_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps({"weight": [1.0]}))
    with pytest.raises(errors.FormatError, match=r"pickle.*In PyTorch, load it and call safetensors"):
        torch.load(path)
    real = pytest.importorskip("torch")
    real.save({"weight": real.ones(2)}, path)
    with pytest.raises(errors.FormatError, match=r"PyTorch \.pt.*In PyTorch, load it and call safetensors"):
        torch.load(path)


def test_files_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(errors.MissingFileError):
        torch.load(tmp_path / "nowhere.pt")
    with pytest.raises(errors.DTypeError, match="take a path"), open(tmp_path / "open", "wb") as file:
        torch.save({}, file)
    with pytest.raises(errors.DTypeError, match="optimizer"):
        torch.save({"optimizer": optim.SGD([torch.ones(1)], lr=1.0)}, tmp_path / "x.pt")

    class Own(nn.Module):
        pass

    with pytest.raises(errors.ChainruleError, match="Own"):
        torch.save(Own(), tmp_path / "x.pt")
    assert not (tmp_path / "x.pt").exists()
