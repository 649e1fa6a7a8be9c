"""Whole trainings, here and in PyTorch: the same initial weights, the same batches, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.data.batching import batch_index

ROWS, FEATURES, CLASSES = 43, 4, 3  # 43 rows in batches of 8: the last batch has 3
BATCH = 8
EPOCHS = 6
SEED = 11
TOLERANCE = {"float64": 1e-9, "float32": 1e-4}


@dataclass(frozen=True)
class TrainCase:
    """One training.

    Attributes:
        layers: (layer's name, arguments) of a Sequential.
        loss: name of the loss here; `TORCH_LOSSES` has PyTorch's.
        optimizer: class name and options.
        schedule: class name and options, or None.
        clip_norm, clip_value: bounds of the gradient.
    """

    id: str
    layers: tuple[tuple[str, tuple[Any, ...]], ...]
    loss: str = "cross_entropy"
    loss_options: dict[str, Any] = field(default_factory=dict)
    optimizer: tuple[str, dict[str, Any]] = ("Adam", {"lr": 0.02})
    schedule: tuple[str, dict[str, Any]] | None = None
    clip_norm: float | None = None
    clip_value: float | None = None
    batch_size: int = BATCH


def _mlp(*inside: tuple[str, tuple[Any, ...]], outputs: int = CLASSES, end: tuple[Any, ...] = ()) -> tuple[Any, ...]:
    # A bias before batch normalisation has the gradient 0, of which Adam would make noise of the learning rate's size.
    first = (FEATURES, 6, not inside or inside[0][0] != "BatchNorm1d")
    return (("Linear", first), *inside, ("Linear", (6, outputs)), *end)


_TANH = ("Tanh", ())
_SGD = ("SGD", {"lr": 0.1, "momentum": 0.9})
_SIGMOID = ("Sigmoid", ())


def _cases() -> Iterator[TrainCase]:
    yield TrainCase("plain", _mlp(_TANH))
    for name in ("ReLU", "LeakyReLU", "ELU", "SELU", "GELU", "SiLU", "Softplus", "Mish", "Hardtanh", "Sigmoid"):
        yield TrainCase(f"activation-{name}", _mlp((name, ())))
    yield TrainCase("batch-norm", _mlp(("BatchNorm1d", (6,)), ("ReLU", ())))
    yield TrainCase("layer-norm", _mlp(("LayerNorm", (6,)), _TANH))
    both = (("BatchNorm1d", (6,)), ("ReLU", ()), ("Linear", (6, 6)), ("LayerNorm", (6,)), ("GELU", ()))
    yield TrainCase("both-norms", _mlp(*both))
    yield TrainCase("log-softmax", _mlp(_TANH, end=(("LogSoftmax", (1,)),)), "nll")
    yield TrainCase("smoothed", _mlp(_TANH), "cross_entropy", {"label_smoothing": 0.1})
    yield TrainCase("weighted", _mlp(_TANH), "cross_entropy", {"weight": [0.2, 1.0, 3.0]})
    yield TrainCase("bce-with-logits", _mlp(_TANH, outputs=1), "bce_with_logits")
    yield TrainCase("pos-weight", _mlp(_TANH, outputs=1), "bce_with_logits", {"pos_weight": [2.5]})
    yield TrainCase("bce", _mlp(_TANH, outputs=1, end=(_SIGMOID,)), "bce")
    for name in ("mse", "l1", "huber", "smooth_l1"):
        yield TrainCase(name, _mlp(_TANH, outputs=1), name)
    yield TrainCase("huber-delta", _mlp(_TANH, outputs=1), "huber", {"delta": 0.3})
    for name, options in (
        ("SGD", {"lr": 0.2}),
        ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("AdamW", {"lr": 0.02, "weight_decay": 0.1}),
        ("Adam", {"lr": 0.02, "amsgrad": True}),
        ("Adagrad", {"lr": 0.1}),
        ("Adadelta", {"lr": 1.0}),
        ("RMSprop", {"lr": 0.01, "momentum": 0.5, "centered": True}),
    ):
        yield TrainCase("-".join([name, *options]), _mlp(_TANH), optimizer=(name, options))
    for name, options in (
        ("StepLR", {"step_size": 2, "gamma": 0.5}),
        ("MultiStepLR", {"milestones": [1, 4]}),
        ("ExponentialLR", {"gamma": 0.7}),
        ("CosineAnnealingLR", {"T_max": 6}),
        ("CosineAnnealingWarmRestarts", {"T_0": 2}),
        ("LinearLR", {"start_factor": 0.1, "total_iters": 4}),
        ("OneCycleLR", {"max_lr": 0.3, "total_steps": 36}),
    ):
        yield TrainCase(f"schedule-{name}", _mlp(_TANH), optimizer=_SGD, schedule=(name, options))
    yield TrainCase("clip-norm", _mlp(_TANH), optimizer=_SGD, clip_norm=0.1)
    yield TrainCase("clip-value", _mlp(_TANH), optimizer=_SGD, clip_value=0.02)
    yield TrainCase("full-batch", _mlp(_TANH), optimizer=_SGD, batch_size=ROWS)
    yield TrainCase(
        "full-batch-schedule", _mlp(_TANH), optimizer=_SGD, batch_size=64, schedule=("StepLR", {"step_size": 2})
    )
    yield TrainCase("single-rows", _mlp(("LayerNorm", (6,)), _TANH), batch_size=1)


CASES = tuple(_cases())


def data(case: TrainCase, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets as a user of the library would pass them."""
    rng = np.random.default_rng(5)
    X = rng.standard_normal((ROWS, FEATURES)).astype(dtype)
    score = X @ rng.standard_normal((FEATURES, CLASSES)).astype(dtype)
    if case.loss in ("cross_entropy", "nll"):
        return X, score.argmax(axis=1)
    if case.loss.startswith("bce"):
        return X, (score[:, :1] > 0).astype(dtype)
    return X, (2 * np.tanh(score[:, :1])).astype(dtype)


def initial(model: Any) -> dict[str, np.ndarray]:
    """Weights from one generator for both libraries, by parameter path."""
    rng = np.random.default_rng(3)
    return {name: rng.uniform(-0.5, 0.5, tuple(p.shape)) for name, p in model.named_parameters() if "weight" in name}


def build(case: TrainCase, dtype: str) -> Any:
    """The model here."""
    model = cr.nn.Sequential(*(getattr(cr.nn, name)(*arguments) for name, arguments in case.layers))
    model.to(dtype)
    with cr.no_grad():
        values = initial(model)
        for name, p in model.named_parameters():
            p.copy_(values.get(name, np.zeros(p.shape)).astype(dtype))
    return model


def fit(case: TrainCase, dtype: str, epochs: int = EPOCHS, **options: Any) -> tuple[Any, Any]:
    """Train here; returns the model and the history."""
    model = build(case, dtype)
    name, settings = case.optimizer
    optimizer = getattr(cr.optim, name)(model.parameters(), **settings)
    schedule = None
    if case.schedule is not None:
        schedule = getattr(cr.optim.lr_scheduler, case.schedule[0])(optimizer, **case.schedule[1])
    chosen: dict[str, Any] = {
        "loss": cr.losses.get(case.loss, **case.loss_options),
        "optimizer": optimizer,
        "schedule": schedule,
        "epochs": epochs,
        "batch_size": case.batch_size,
        "clip_norm": case.clip_norm,
        "clip_value": case.clip_value,
        "metrics": [],
        "seed": SEED,
        "verbose": 0,
    }
    history = cr.fit(model, data(case, dtype), **{**chosen, **options})
    return model, history


def run(case: TrainCase, dtype: str, engine: str = "eager") -> dict[str, np.ndarray]:
    """The curves and the final state, here."""
    model, history = fit(case, dtype, engine=engine)
    assert history.engine == engine
    state = {f"state/{path}": np.array(value._data) for path, value in model.state_dict().items()}
    return {"loss": np.array(history["loss"]), "lr": np.array(history["lr"]), **state}


def run_torch(case: TrainCase, dtype: str, torch: Any) -> dict[str, np.ndarray]:
    """The same with a loop written by hand in PyTorch."""
    model = torch.nn.Sequential(*(getattr(torch.nn, name)(*arguments) for name, arguments in case.layers))
    model.to(getattr(torch, dtype))
    values = initial(model)
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(torch.tensor(values.get(name, np.zeros(tuple(p.shape)))))
    name, settings = case.optimizer
    optimizer = getattr(torch.optim, name)(model.parameters(), **settings)
    schedule = None
    if case.schedule is not None:
        schedule = getattr(torch.optim.lr_scheduler, case.schedule[0])(optimizer, **case.schedule[1])
    each_step = schedule is not None and case.schedule[0] == "OneCycleLR"  # type: ignore[index]
    loss_of = _torch_loss(case, torch, dtype)
    X, y = (torch.tensor(part) for part in data(case, dtype))
    order = np.random.default_rng(SEED)
    size = min(case.batch_size, ROWS)
    losses, rates = [], []
    for _ in range(EPOCHS):
        full, rest = batch_index(ROWS, size, order, shuffle=size < ROWS)
        total = 0.0
        rates.append(optimizer.param_groups[0]["lr"])
        for rows in [*full, rest]:
            if not len(rows):
                continue
            optimizer.zero_grad()
            loss = loss_of(model(X[rows]), y[rows])
            loss.backward()
            if case.clip_value is not None:
                torch.nn.utils.clip_grad_value_(model.parameters(), case.clip_value)
            if case.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(model.parameters(), case.clip_norm)
            optimizer.step()
            if each_step:
                schedule.step()
            total += loss.item() * len(rows)
        if schedule is not None and not each_step:
            schedule.step()
        losses.append(total / ROWS)
    state = {f"state/{path}": value.detach().numpy().copy() for path, value in model.state_dict().items()}
    return {"loss": np.array(losses), "lr": np.array(rates), **state}


def _torch_loss(case: TrainCase, torch: Any, dtype: str) -> Any:
    kind = {
        "cross_entropy": "CrossEntropyLoss",
        "nll": "NLLLoss",
        "bce": "BCELoss",
        "bce_with_logits": "BCEWithLogitsLoss",
        "mse": "MSELoss",
        "l1": "L1Loss",
        "huber": "HuberLoss",
        "smooth_l1": "SmoothL1Loss",
    }[case.loss]
    options = {
        key: torch.tensor(value, dtype=getattr(torch, dtype)) if isinstance(value, list) else value
        for key, value in case.loss_options.items()
    }
    return getattr(torch.nn, kind)(**options)
