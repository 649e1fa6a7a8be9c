"""The trace of one pass, its checks and exercises."""

from __future__ import annotations

MESSAGES = {
    # The page
    "title": "Forward and backward, number by number",
    "loss": "Loss {value}",
    "one_sample": "One sample, loss function {objective}",
    "samples": "{n} samples, loss function {objective}",
    "forward": "Forward",
    "backward": "Backward",
    "update": "Update by {optimizer}",
    "network": "The network",
    "layer": "Layer {path}: {description}",
    "layer.loss": "The loss",
    "layer.own": "The program",
    "passes": "passes its input on",
    "neuron": "neuron {unit}, sample {sample}",
    "formula": "formula: {formula}",
    "derivative": "local derivative: {derivative}",
    "upstream": "upstream ∂L/∂{name}",
    "fan_out": "∂L/∂{name} is a sum over {n} uses: {terms}",
    "no_gradient": "no gradient reaches {name}",
    "summary": "{name}: shape {shape}, from {low} to {high}, mean {mean}",
    "more": '… {n} more; any of them: trace.expand("{path}"), or --expand "{path}" in a shell',
    "step_number": "step {step}; {options}",
    "one_upstream": "∂L/∂L = 1",
    # Checks
    "check.right": "Right: {path} = {expected}.",
    "check.wrong": "{path} is not {given}. No usual mistake gives this number; work through the factors one by one.",
    "check.mistake": "{path} is not {given}. {reason}",
    "mistake.sign": "The number is right, its sign is not.",
    "mistake.sign_at": "A sign was lost at {step}: the term is subtracted there.",
    "mistake.missing_derivative": "A factor is missing: the derivative of {op} at {step}, {derivative}.",
    "mistake.derivative_at_input": (
        "The derivative of {op} at {step} was taken of its input; in {derivative} stands its output (or its value)."
    ),
    "mistake.missing_power": "The factor {power} from the derivative of the power at {step} is missing.",
    "mistake.sum_for_mean": "The loss is a mean: a factor 1/{n} is missing. This is the gradient of the sum.",
    "mistake.mean_for_sum": "Divided by {n} once too often: the gradient sums over the samples.",
    "mistake.missing_factor": "At {step} two factors are multiplied; the other one is missing.",
    "mistake.difference_only": (
        "At {step} the difference p − t alone was sent back; the derivative of the cross-entropy is {derivative}."
    ),
    "mistake.missing_weight": "On the way back through {step}, the weights are missing: δ·W, not δ alone.",
    "mistake.transposed": "At {step} the weight matrix was used transposed: mind which index belongs to which neuron.",
    "mistake.statistics_constant": (
        "At {step} mean and variance were taken for constants; they depend on the input, which adds two terms."
    ),
    "mistake.diagonal_only": "At {step} each output depends on all inputs; only its own was counted.",
    "mistake.branch_missing": "{value} is used {uses} times; the share that comes back through {step} is missing.",
    "mistake.branch_only": "{value} is used {uses} times; only the share that comes back through {step} was counted.",
    "mistake.missing_upstream": (
        "Only the local derivative at {step} is there; it has to be multiplied by what comes from above."
    ),
    "mistake.swapped": "This is the number at row {column}, column {row}: the indices are swapped.",
    "mistake.with_lr": "The gradient was multiplied by the learning rate {lr}; that belongs to the update.",
    "mistake.missing_input": "The weight's input is missing: the gradient is Σ δ·x, not Σ δ.",
    "mistake.input_sum": "The sums were multiplied: the gradient is Σ (δ·x), not (Σ δ)·(Σ x).",
    "mistake.one_sample": "This is what sample {sample} alone gives; the gradient sums over all samples.",
    "mistake.bias_forgotten": "At {step} the term that is added (the bias) is missing.",
    "mistake.bias_subtracted": "At {step} the bias was subtracted; it is added.",
    "mistake.skipped": "The operation {op} at {step} was left out.",
    "mistake.sum_for_mean_value": "At {step} a mean is taken; this is the sum.",
    "mistake.factor_2": "The number is twice as large as it should be.",
    "mistake.factor_half": "A factor 2 is missing.",
    "mistake.not_updated": "This is the number before the update.",
    "mistake.uphill": "The step went up the gradient; the update subtracts it.",
    "mistake.step_only": "This is the change alone; add it to the old number.",
    "mistake.moments_forgotten": "This is plain gradient descent, θ − {lr}·g; the optimiser's averages are missing.",
    "mistake.lr_forgotten": "The learning rate {lr} is missing.",
    "mistake.no_bias_correction": "The moments were not corrected for starting at zero (division by 1 − βᵗ).",
    "mistake.root_forgotten": "The square root of the second moment is missing.",
    "mistake.old_state": "This is the state before the step.",
    "mistake.gradient_itself": "This is the gradient (or its square) itself; its average with the old state is meant.",
    # Exercises
    "exercise.title": "Fill in the blanks (exercise {seed})",
    "exercise.solutions": "Solutions",
}
