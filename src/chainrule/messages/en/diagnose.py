"""Findings of a diagnosis: title, evidence, cause, and what to do."""

from __future__ import annotations

MESSAGES = {
    "healthy": "No findings: nothing here keeps the network from learning.",
    "found": "Findings: {count}",
    "dead_relu_title": "Dead ReLUs in layer {where}",
    "dead_relu_evidence": "{dead} of {units} units ({share:.0%}) are 0 on all {rows} rows.",
    "dead_relu_cause": "A ReLU whose input is negative on every row gives 0 and has derivative 0, so its weights no "
    "longer change. Too large a learning rate, or large negative biases, push units there.",
    "dead_relu_advice": "Lower the learning rate, use LeakyReLU or Kaiming initialisation, and train anew.",
    "saturated_title": "Saturated {activation} in layer {where}",
    "saturated_evidence": "{share:.0%} of its activations lie where the derivative is below 5 % of its maximum.",
    "saturated_cause": "Large inputs put the activation on its flat ends, where hardly any gradient passes. Weights or "
    "features that are too large make such inputs.",
    "saturated_advice": "Scale the features, initialise with Xavier, add batch normalisation, or use ReLU.",
    "vanishing_title": "Vanishing gradients",
    "vanishing_evidence": "The gradient's norm is {last:.3g} at the last linear layer and {first:.3g} at layer "
    "{where}, smaller by a factor of {ratio:.3g}.",
    "vanishing_cause": "Backpropagation multiplies one factor per layer, and here these factors are below 1. The first "
    "layers therefore hardly learn.",
    "vanishing_advice": "Use ReLU with Kaiming initialisation, batch normalisation, or fewer layers.",
    "exploding_title": "Exploding gradients",
    "exploding_evidence": "The gradient's norm is {last:.3g} at the last linear layer and {first:.3g} at layer "
    "{where}, larger by a factor of {ratio:.3g}.",
    "exploding_cause": "Backpropagation multiplies one factor per layer, and here these factors are above 1. A step of "
    "a usual learning rate then throws the first layers far off.",
    "exploding_advice": "Initialise with Xavier or Kaiming, add batch normalisation, or bound the gradient "
    "(clip_norm=1).",
    "zero_weights_title": "All weights of layer {where} are zero",
    "zero_weights_evidence": "Its {units} hidden units have {distinct} different sets of weights.",
    "zero_weights_cause": "Units with equal weights compute the same and get the same gradient. They stay equal for "
    "ever, so that the layer works as a single unit.",
    "zero_weights_advice": "Draw the initial weights at random, as every layer does by default.",
    "symmetric_title": "Equal units in layer {where}",
    "symmetric_evidence": "Its {units} hidden units have only {distinct} different sets of weights.",
    "symmetric_cause": "Units with equal weights compute the same, and with equal outgoing weights they get the same "
    "gradient. They then stay equal for ever and count as one.",
    "symmetric_advice": "Draw the initial weights at random, as every layer does by default.",
    "large_weights_title": "Large weights in layer {where}",
    "large_weights_evidence": "Their root mean square is {size:.3g}; 1/√inputs would be {usual:.3g}.",
    "large_weights_cause": "Each unit sums over all inputs, so weights of this size make its output much larger than "
    "its inputs. Activations saturate and gradients grow from layer to layer.",
    "large_weights_advice": "Initialise with Xavier (tanh, sigmoid) or Kaiming (ReLU).",
    "small_weights_title": "Small weights in layer {where}",
    "small_weights_evidence": "Their root mean square is {size:.3g}; 1/√inputs would be {usual:.3g}.",
    "small_weights_cause": "Weights of this size make a unit's output much smaller than its inputs. Signals and "
    "gradients fade from layer to layer, and learning starts slowly.",
    "small_weights_advice": "Initialise with Xavier (tanh, sigmoid) or Kaiming (ReLU).",
    "unscaled_inputs_title": "Inputs are not scaled",
    "unscaled_inputs_evidence": "Feature {feature} has a root mean square of {size:.4g}; the smallest feature's is "
    "{smallest:.4g}.",
    "unscaled_inputs_cause": "A weight's gradient is proportional to its input, so one learning rate cannot suit "
    "features that are far from 1. Gradient descent zigzags along the large ones and hardly moves along the small "
    "ones.",
    "unscaled_inputs_advice": "Standardise the features (mean 0, standard deviation 1), as Table.prepare does.",
    "unscaled_targets_title": "Targets are not scaled",
    "unscaled_targets_evidence": "Their root mean square is {size:.4g}.",
    "unscaled_targets_cause": "A fresh network's outputs are near 0, so errors and gradients begin as large as the "
    "targets. Training spends its steps on reaching that size, or diverges.",
    "unscaled_targets_advice": "Standardise the targets; Table.prepare does it and gives predictions in your units.",
    "imbalance_title": "Imbalanced classes",
    "imbalance_evidence": "The most frequent class has {most} rows, the rarest {fewest}; always naming the former "
    "gives an accuracy of {share:.1%}.",
    "imbalance_cause": "The loss is a mean over rows, so the frequent class decides it. A network can reach a high "
    "accuracy without ever naming the rare one.",
    "imbalance_advice": "Compare with {share:.1%}, read the confusion matrix, and weight the classes in the loss.",
    "classes_as_numbers_title": "Classes are trained as numbers",
    "classes_as_numbers_evidence": "Loss {loss} meets {classes} classes.",
    "classes_as_numbers_cause": "This loss measures distances, as if class 2 lay between classes 1 and 3. Class "
    "indices have no such order.",
    "classes_as_numbers_advice": 'Use loss="cross_entropy" with one output per class.',
    "targets_refused_title": "Targets do not fit the loss",
    "targets_refused_evidence": "Loss {loss}: {problem}",
    "targets_refused_cause": "Each loss takes targets of one form: class indices, 0 and 1, or one number per output. "
    "These targets have another form.",
    "targets_refused_advice": "Change the targets, the last layer, or the loss, so that they go together.",
    "activated_logits_title": "Loss {loss} takes logits, and the network ends in {layer}",
    "activated_logits_evidence": "Outputs lie between {low:.3g} and {high:.3g}.",
    "activated_logits_cause": "The loss applies the sigmoid or softmax itself, so here it is applied twice. The "
    "gradients become small, and no output can be confident.",
    "activated_logits_advice": "Drop the last layer.",
    "no_probabilities_title": "Loss {loss} takes probabilities, and the outputs are none",
    "no_probabilities_evidence": "Outputs lie between {low:.3g} and {high:.3g}.",
    "no_probabilities_cause": "The loss takes logarithms of p and 1 − p, which need 0 ≤ p ≤ 1. Nothing keeps the last "
    "layer's outputs there.",
    "no_probabilities_advice": 'Use loss="bce_with_logits", or end the network in a Sigmoid.',
    "no_log_probabilities_title": "Loss {loss} takes log-probabilities, and the outputs are none",
    "no_log_probabilities_evidence": "Outputs lie between {low:.3g} and {high:.3g}; their exponentials do not sum "
    "to 1.",
    "no_log_probabilities_cause": "This loss takes the negative of the target class's output, without normalising. The "
    "network can lower it without end by making all outputs large.",
    "no_log_probabilities_advice": 'Use loss="cross_entropy", or end the network in a LogSoftmax.',
    "unreachable_targets_title": "The last layer cannot reach the targets",
    "unreachable_targets_evidence": "{layer} gives values from {bottom:.3g} to {top:.3g}; targets go from "
    "{target_low:.4g} to {target_high:.4g}.",
    "unreachable_targets_cause": "The last activation bounds the outputs, and some targets lie outside. The loss "
    "cannot fall below what these rows cost.",
    "unreachable_targets_advice": "End the network in a Linear layer, or scale the targets into that range.",
    "diverging_title": "The loss diverges: the learning rate is too large",
    "diverging_evidence": "Loss of the first epoch: {start:.4g}; of the last: {end:.4g}.",
    "diverging_cause": "Steps that overshoot the minimum end higher on its other side, and the next ones are larger "
    "still. With features or targets that are not scaled, even a usual learning rate does that.",
    "diverging_advice": "Divide the learning rate by 10, scale the data, or bound the gradient (clip_norm=1).",
    "oscillating_title": "The loss swings and does not fall: the learning rate is too large",
    "oscillating_evidence": "From {start:.4g} to {end:.4g} in {epochs} epochs; from epoch to epoch it changes by "
    "{jitter:.1%} of its size.",
    "oscillating_cause": "Each step leaps over the valley of the loss instead of going down in it. The network jumps "
    "about at a height that depends on the step, and gets no lower.",
    "oscillating_advice": "Divide the learning rate by 3 to 10, or take larger batches.",
    "slow_title": "The loss falls too slowly: the learning rate is too small",
    "slow_evidence": "From {start:.4g} to {end:.4g} in {epochs} epochs, falling evenly to the end.",
    "slow_cause": "A curve that still falls as fast at the end as in the beginning has not come near a minimum. The "
    "steps are too short, or too few.",
    "slow_advice": "Multiply the learning rate by 3 to 10, or train for more epochs.",
    "flat_title": "The loss does not fall",
    "flat_evidence": "From {start:.4g} to {end:.4g} in {epochs} epochs.",
    "flat_cause": "The network has found nothing in the inputs that tells about the targets. Gradients that do not "
    "arrive, a learning rate that is far too small, or inputs without information look like this.",
    "flat_advice": "See the other findings first; then try learning rates from 1e-5 to 1, and see whether the network "
    "can learn ten rows by heart.",
    "not_separable_title": "No hidden layer, and no hyperplane divides the classes",
    "not_separable_evidence": "On these {rows} rows {positive} and {negative} are not linearly separable: the point "
    "{shown}, in the numbers that the network sees, is a mixture of {positive_count} rows of the one and of "
    "{negative_count} rows of the other.",
    "not_separable_cause": "Linear layers, however many, are one linear layer, whose decision boundary is a "
    "hyperplane. A mixture of rows on one side of it is on that side, too, so this point would have to be on both.",
    "not_separable_advice": "Add a hidden layer with an activation (--layers 8). explain.separability gives the whole "
    "proof.",
    "overfitting_title": "Overfitting",
    "overfitting_evidence": "The validation loss was lowest in epoch {best} ({lowest:.4g}) and is now {end:.4g}; the "
    "training loss is {trained:.4g}.",
    "overfitting_cause": "From epoch {best} on the network learned peculiarities of the training rows. It has more "
    "parameters, or more epochs, than the data can keep in check.",
    "overfitting_advice": "Stop early (EarlyStopping), add Dropout or weight decay, bring more data, or take fewer "
    "units.",
    "overfitting_held_out_title": "Overfitting",
    "overfitting_held_out_evidence": "The loss is {trained:.4g} on {trained_rows} training rows and {held_out:.4g} on "
    "{held_out_rows} rows that were held out.",
    "accuracies": "Accuracy: {trained_accuracy:.1%} and {held_out_accuracy:.1%}.",
    "overfitting_held_out_cause": "The network does much better on the rows that it was trained on, whose "
    "peculiarities it has learned. It has more parameters, or more epochs, than the data can keep in check.",
    "overfitting_held_out_advice": "Watch a validation loss (validation=0.2) and stop early (EarlyStopping), add "
    "Dropout or weight decay, bring more data, or take fewer units.",
    "overfitting-not-judged": "Overfitting not judged: no held-out rows.",
    "underfitting_title": "Underfitting",
    "underfitting_evidence": "The loss ends at {end:.4g}; the best constant output has {baseline:.4g} ({share:.0%} "
    "remains).",
    "underfitting_cause": "The training loss no longer falls, yet the network is hardly better than a constant. It is "
    "too small for the task, or the inputs tell little about the targets.",
    "underfitting_advice": "Add units or a hidden layer, train longer, lower dropout and weight decay, or bring better "
    "features.",
}
