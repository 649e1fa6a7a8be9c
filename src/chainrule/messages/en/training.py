"""Pictures of training."""

from __future__ import annotations

MESSAGES = {
    # Landscape
    "loss": "loss",
    "slice": "exact slice: all other weights stay as the model has them",
    "random": "random directions, filter-normalised; 1 = as long as the weights themselves",
    "pca": "principal components of the path: {first} + {second} of its variance",
    "off_plane": "the path is a projection: its states are up to {distance} off this plane",
    "direction": "direction {number}",
    "component": "component {number}",
    "start": "start",
    "end": "end",
    "here": "the model",
    "path": "path of training",
    "not_finite": "loss not finite",
    # Learning rates
    "rates": "Gradient descent with {n} learning rates",
    "rate": "learning rate {rate}",
    "converges": "down to {end} in {steps} steps",
    "slow": "too small: still at {end} after {steps} steps",
    "oscillates": "too large: the loss rises in {rises} of {steps} steps",
    "diverges": "too large: the loss grows from {start} to {end}",
    "leaves": "leaves the picture at step {step}",
    "step": "step",
    # Restarts
    "restarts": "{wins} of {n} trainings reached {metric} {goal}",
    "epoch": "epoch",
    "reached": "reached ({n})",
    "missed": "missed ({n})",
    "diverged_runs": "diverged before the end of the first epoch: {n}",
    "success_rate": "success rate {rate}",
    "interval": "{confidence} interval: {low} to {high} (Wilson)",
    "solutions": "distinct solutions",
    "trainings": "trainings",
    "seeds": "seed {seeds}",
    "times": "time of each training",
    "seconds": "seconds",
    # Range test
    "range_test": "Learning-rate range test",
    "learning_rate": "learning rate",
    "each_step": "each step",
    "smoothed": "smoothed",
    "suggested": "suggested: {rate} (steepest fall)",
    "largest": "largest: {rate} (lowest loss)",
    "no_fall": "the loss never falls clearly: no rate can be suggested",
    "blew_up": "the loss blew up beyond {rate}",
    # Exercise sheet
    "name_date": "Name: ______________________________      Date: ________________",
    "page": "page {number} of {count}",
    # Hidden space
    "hidden_space": "The data as the layers move them",
    "stage.input": "input",
    "stage.linear": "layer {path}: W·x",
    "stage.shift": "layer {path}: + b",
    "stage.other": "layer {path}: {kind}",
    "unit": "unit {number}",
    "feature": "x{number}",
    "principal": "component {number} ({share} of the variance)",
    "class": "class {name}",
    "target": "target",
}
