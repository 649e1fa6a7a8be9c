"""Comparisons: networks trained in several ways, in words and in pictures."""

from __future__ import annotations

MESSAGES = {
    # What is measured
    "loss": "loss",
    "metric.loss": "loss",
    "metric.accuracy": "accuracy",
    "metric.mae": "mean absolute error",
    "stopped": "Training stopped: {reason}",
    "seed": "seed {seed}",
    "one_seed": "This is one seed; another one may change the order.",
    "at_these_rates": "This holds for these learning rates; others may change the order.",
    "seconds_here": "Seconds are those of this machine, with whatever else it had to do.",
    # Overfitting
    "plain": "plain",
    "dropout": "dropout, p = {setting:g}",
    "early_stopping": "early stopping, patience {setting:g}",
    "weight_decay": "weight decay, λ = {setting:g}",
    "overfitting": "Training rows: {training}, validation rows: {validation}, epochs: up to {epochs}, seed {seed}",
    "overfitting_run": "{name}: loss {loss:.3g} in training, {val_loss:.3g} in validation (gap {gap}), validation "
    "{metric} {score}; parameters of epoch {kept}; lowest validation loss in epoch {best}",
    "overfits": "The plain network overfits: between epochs {best} and {last} its validation loss rose from "
    "{lowest:.3g} to {end:.3g}, while its training loss fell from {at_best:.3g} to {trained:.3g}.",
    "does_not_overfit": "The plain network does not overfit here: its validation loss ended at {end:.3g}, and was "
    "lowest in epoch {best} at {lowest:.3g}.",
    "no_measure_helped": "None of the measures ended below the plain network's validation loss of {loss:.3g}.",
    "best_measure": "Lowest validation loss: {name} with {loss:.3g}, {share:.0%} below the plain network.",
    "best_score": "Best validation {metric}: {name} with {score}",
    "chosen_by_validation": "Early stopping chose its epoch by these same validation rows, which flatters its result; "
    "rows of their own (a test set) give a fair one.",
    # Batch normalisation
    "without": "without batch normalisation",
    "with": "with batch normalisation",
    "batch_norm": "Training rows: {training}, validation rows: {validation}, epochs: {epochs}, seeds: {seeds}",
    "batch_norm_run": "{name}: training loss {loss:.3g} ({loss_low:.3g} to {loss_high:.3g}), validation {metric} "
    "{score} ({score_low} to {score_high}); medians and ranges",
    "batch_norm_wins": "With batch normalisation the training loss ended lower for {wins} of {seeds} seeds.",
    "batch_norm_sooner": "It reached the other networks' last loss (the median) after epoch {epoch} of {epochs} (the "
    "median).",
    "spread_before": "Standard deviation of what enters the activation functions, before training: without "
    "{without_low:.2g} to {without_high:.2g}, with {with_low:.2g} to {with_high:.2g}",
    "spread_after": "After training: without {without_low:.2g} to {without_high:.2g}, with {with_low:.2g} to "
    "{with_high:.2g}",
    # Initialisations
    "zeros": "zeros",
    "initialisations": "Hidden layers {hidden} with {activation}; rows: {rows}, seed {seed}",
    "spread": "{name}: the activations' standard deviation is {first:.3g} in the first hidden layer, {last:.3g} in the "
    "last: {fate}",
    "constant": "the last hidden layer gives the same number everywhere",
    "saturated": "{share:.0%} of the last hidden layer's activations are saturated",
    "shrinks": "they shrink on their way through the layers",
    "grows": "they grow on their way through the layers",
    "keeps": "they keep their size to within a factor of ten",
    "gradients": "gradient norm: {first:.2g} at the first weights, {last:.2g} at the last",
    "loss_fell": "training loss: {start:.3g} at first, {end:.3g} at the end (epochs: {epochs})",
    # Optimisers
    "race": "Training rows: {training}, epochs: {epochs}, rows per step: {batch}, seed {seed}",
    "racer": "{name} (learning rate {lr:g}): loss {start:.3g} → {end:.3g} (epochs: {epochs}, {seconds} s)",
    "racer_stopped": "{name} (learning rate {lr:g}): loss {start:.3g} at first, no epoch finished: {reason}",
    "goal_reached": "; {goal:.3g} reached after epoch {epoch}, {seconds} s",
    "goal_missed": "; {goal:.3g} not reached",
    "lowest": "Lowest training loss at the end: {name} with {loss:.3g}",
    "first_there": "First at {goal:.3g}: by epochs {names} (epoch {epoch}), by time {fastest} ({seconds} s)",
    # Paths
    "paths": "{formula}, from ({x}, {y}) in {steps} steps",
    "path": "{name} (learning rate {lr:g}): f {start:.3g} → {end:.3g} at ({x}, {y}); its path is {length:.3g} long",
    "path_lost": "{name} (learning rate {lr:g}): f {start:.3g} → {end:.3g} at ({x}, {y}) after {steps} steps, "
    "then no longer finite; its path is {length:.3g} long",
    "lowest_path": "Lowest after {steps} steps: {name} with f = {value:.3g}",
    # Pictures
    "training_curve": "training",
    "validation_curve": "validation",
    "lowest_point": "lowest validation loss",
    "epoch": "epoch",
    "seconds": "seconds",
    "overfitting_title": "Overfitting, and what is done about it",
    "best_at": "lowest: {value} in epoch {epoch}",
    "kept": "validation loss: {loss} (epoch {epoch})",
    "score_now": "validation {metric}: {score}",
    "batch_norm_title": "The same network with and without batch normalisation, seeds: {seeds}",
    "training_loss": "training loss",
    "validation_score": "validation {metric}",
    "median_of_seeds": "thick: median of the seeds",
    "entering": "what enters the activations: std",
    "hidden_layer": "hidden layer",
    "before": "before training",
    "after": "after training",
    "initialisations_title": "Activations per layer before training: {activation}, hidden layers {hidden}",
    "layer_number": "layer {number}",
    "std": "std {std}",
    "std_zeros": "std {std}, {zeros} zero",
    "all_equal": "all {value}",
    "activation_std": "std of the activations",
    "gradient_norm": "‖∂L/∂W‖",
    "race_title": "Optimisers from the same start over the same batches",
    "goal": "goal {goal}",
    "paths_title": "{formula}: {steps} steps from ({x}, {y})",
    "path_title": "{name}, lr {lr:g}",
    "path_end": "f = {value}",
    "diverged": "diverged",
}
