"""The report: headings, captions, and what each section says."""

from __future__ import annotations

MESSAGES = {
    "title": "Report: {data}",
    "contents": "Contents",
    "skipped": "What this report leaves out",
    "made": "Made by chainrule {version} in {seconds} s. The page holds everything it shows: it loads nothing and "
    "runs no scripts.",
    "fault": "Unexpected {kind}: {message}. This is a fault of chainrule; please report it.",
    # Headings
    "verdict_title": "In short",
    "overview_title": "The model",
    "scores_title": "Scores",
    "images_title": "Pictures and predictions",
    "curves_title": "Training curves",
    "diagnosis_title": "Diagnosis",
    "network_title": "The network",
    "weights_title": "What the first layer looks for",
    "equation_title": "The equation",
    "decision_title": "What it answers where",
    "separability_title": "Are the classes linearly separable?",
    "hidden_title": "The data in hidden space",
    "activations_title": "Activations",
    "gradients_title": "Gradient flow",
    "landscape_title": "Loss landscape",
    "trace_title": "One row, number by number",
    "exercise_title": "Exercise",
    # In short
    "verdict_classes": "On {rows} rows of {data} the network is right in {accuracy}; always naming the commonest "
    "class would be right in {baseline}.",
    "verdict_quantity": "On {rows} rows of {data} the network's {target} is off by {mae} on average; always "
    "answering with the median would be off by {baseline}.",
    "verdict_better": "It has learned something that goes beyond this baseline.",
    "verdict_unclear": "These rows do not show that it is better than this baseline.",
    "verdict_worse": "It is worse than this baseline.",
    "verdict_healthy": "The diagnosis has no findings: nothing it looks for keeps the network from learning.",
    "verdict_findings": "The diagnosis has findings ({count}): {titles}.",
    "verdict_held_out": "These rows were held out: training has not seen them.",
    "verdict_seen": "If the network was trained on these rows, they flatter it: expect less on new ones.",
    # The model
    "overview_task": "Task",
    "overview_data": "Data",
    "overview_rows": "{data}, {rows} rows",
    "overview_target": "Target",
    "overview_loss": "Loss",
    "overview_parameters": "Parameters",
    "overview_file": "File",
    "overview_layers": "Layers",
    "overview_inputs": "Inputs ({count}), in the data's units",
    "overview_some_inputs": "Inputs ({shown} of {count}), in the data's units",
    "task_binary": "two classes",
    "task_multiclass": "several classes",
    "task_regression": "a quantity (regression)",
    "layer": "Layer",
    "type": "Type",
    "shape": "Output shape",
    "parameters": "Parameters",
    "input": "Input",
    "scaling": "Scaling",
    "scaled": "(x − {center}) / {scale}",
    "least": "Smallest",
    "median": "Median",
    "most": "Largest",
    # Scores
    "scores_of": "Scores on {rows} rows",
    "score": "Score",
    "what": "What it is",
    "value": "Value",
    "score_loss": "Loss",
    "score_loss_is": "what training makes smaller",
    "score_accuracy": "Accuracy",
    "score_accuracy_is": "share of rows that are right",
    "score_baseline": "Baseline",
    "score_baseline_is": "accuracy of always naming the commonest class",
    "score_roc_auc": "ROC AUC",
    "score_roc_auc_is": "chance to rank a pair rightly: 1 is best, 0.5 a coin",
    "score_mae": "Mean absolute error",
    "score_mae_is": "in the target's units",
    "score_rmse": "Root mean squared error",
    "score_rmse_is": "in the target's units; large errors weigh more",
    "score_r2": "R²",
    "score_r2_is": "share of the variance explained: 1 is best, 0 the mean",
    "confusion_caption": "Confusion matrix: a row per true class, a column per predicted one. Hits are blue, "
    "mistakes orange; the deeper the colour, the larger the share of the row.",
    "by_class": "Each class",
    "class": "Class",
    "rows": "Rows",
    "precision": "Precision",
    "recall": "Recall",
    # Pictures
    "images_none": "The rows are no pictures of classes.",
    "images_looked": "Of {rows} pictures that were looked at, {wrong} are taken for something else.",
    "images_heading": "Mistakes first",
    "images_caption": "{mistakes} mistakes, each with what the network said and what is right, and {right} pictures "
    "that are right.",
    # Curves
    "curves_none": "The model remembers no training curves; it was not trained by fit, or saved before curves were "
    "kept.",
    "curves_caption": "Loss and metrics by epoch, of {epochs} in all; where there is validation data, its curve is "
    "solid.",
    "curves_table": "First, best and last values",
    "curve": "Curve",
    "first": "First",
    "best": "Best",
    "last": "Last",
    "at_epoch": "{value} (epoch {epoch})",
    # Diagnosis
    "diagnosis_looked": "Looked at: {rows} rows, every layer, and the training curves.",
    "diagnosis_without_curves": "Looked at: {rows} rows and every layer. There are no training curves to look at.",
    "diagnosis_layers": "How each layer is doing",
    "evidence": "Evidence",
    "cause": "Cause",
    "advice": "What to do",
    "units": "Units",
    "dead": "Dead",
    "saturated": "Saturated",
    "gradient": "‖Gradient‖",
    # Network and weights
    "network_none": "The network has no Linear layer to draw.",
    "network_caption": "Neurons and weights, with the values that row {row} has in them. Blue is positive, orange "
    "dashed negative; the wider, the larger.",
    "weights_none": "The inputs are no pixels.",
    "weights_caption": "The weights of first-layer neurons, each at its pixel: where a neuron looks for light "
    "(blue) and for dark (orange).",
    "no_formula": "The network has layers that are no formulas of this library's own, such as a class written by hand.",
    # Equation
    "equation_closed": "The whole network, written out in the units of the data:",
    "equation_layered": "The network, neuron by neuron, in the units of the data: z is a weighted sum, h what the "
    "activation makes of it; the upper index is the layer.",
    "equation_matrix": "The network, layer by layer: a formula per neuron would fill a book.",
    "equation_folded": "{count} formulas",
    "equation_quantity": "The last formula is the predicted {target}.",
    "equation_largest": "The class whose output is largest is the one that is predicted.",
    "equation_threshold": "Above {threshold} the class {positive} is predicted, else {negative}.",
    # Decision
    "decision_none": "The network has a single input; a map needs two.",
    "decision_whole": "The network has two inputs, so that its whole behaviour is one map.",
    "decision_features": "The slice varies {first} and {second}, the inputs that move the outputs most over the "
    "data; the rest stay at their medians (categories at the most frequent combination): {rest}.",
    "decision_images": "The slice is the plane through three pictures of the data: {named}. Every point of it is a "
    "mixture of the three; u and v are distances.",
    "decision_how": "Which inputs matter: how far the outputs move, on average over {rows} rows, for one standard "
    "deviation of each input (derivative times standard deviation).",
    "decision_influence": "The most influential inputs",
    "influence": "Influence",
    "decision_exact": "Exact, no grid: {regions} regions, on each of which the network is one affine map, and the "
    "decision boundary in {segments} segments.",
    "decision_sampled": "The activations are smooth, so that there are no straight-edged regions: the boundary is "
    "traced on a grid and refined, in {segments} segments.",
    "decision_exact_quantity": "Exact, no grid: {regions} regions, on each of which the network is one affine map; "
    "the colour is its value in the middle of each.",
    "decision_sampled_quantity": "The activations are smooth, so that there are no straight-edged regions.",
    "decision_largest": "The largest {shown} of {count} regions, and the network's formula on each",
    "map": "Formula",
    "area": "Area",
    "decision_surface": "The same plane in space: the height is what the network answers.",
    # Separability
    "separability_none": "There are no two classes to divide.",
    "separability_undecided": "Undecided: in the {seconds} s that a report takes for it, neither a hyperplane that "
    "divides every class from the others nor a proof that there is none was found. This is neither a yes nor a no; "
    "explain.separability, which may take longer, can tell. What was found:",
    "separability_large": "A proof is only looked for up to {classes} classes and {numbers} numbers.",
    "separability_yes": "Yes: a hyperplane divides each class from the others, so that a single linear layer can be "
    "right on all these rows. The proof, in the units of the data:",
    "separability_no": "No: no hyperplane divides the two classes, so that a single linear layer cannot be right on "
    "all these rows; a hidden layer can. The proof, in the units of the data:",
    "separability_some": "Not every class can be divided from all others by a hyperplane: a single neuron per class "
    "is not enough, although a layer whose outputs compete may still be right. The proofs, in the units of the data:",
    # Hidden space, activations, gradients, landscape
    "hidden_none": "There is no hidden layer whose space could be drawn.",
    "hidden_why": "Each layer moves the data; the last one can only cut with straight lines, so the layers before "
    "it have to bring each class to one side.",
    "hidden_why_quantity": "Each layer moves the data; the last one can only weigh and add, so the layers before it "
    "have to lay the rows out in the order of what is predicted.",
    "hidden_caption": "{rows} rows before and after the layers; of more than two dimensions, the two principal "
    "components.",
    "activations_caption": "Outputs of each layer on {rows} rows. Sigmoids at their ends, or ReLUs that are always "
    "0, would pass no gradient.",
    "gradients_none": "No layer has weights that could be trained.",
    "gradients_caption": "Norm of the loss's gradient for each layer's weights, over {rows} rows. A fall towards "
    "the first layer would be a vanishing gradient; after training all are small.",
    "landscape_why": "How the loss changes when the weights are moved along two random directions, each neuron's "
    "part in proportion to its own weights (filter normalisation; Li et al., 2018).",
    "landscape_caption": "Loss on {points} × {points} points of the plane, over {rows} rows; the model, in the "
    "middle, has {loss}.",
    # Trace and exercise
    "trace_row": "Row {row}",
    "trace_answer": "The network says {predicted}; right is {true}.",
    "trace_complete": "Every number of the pass forward and back, as the network computed it.",
    "trace_summarised": "Large arrays are summarised; chainrule explain --expand shows any one number with all its "
    "terms.",
    "exercise_none": "Exercises by hand are made for networks of up to {most} parameters; this one has {parameters}.",
    "exercise_how": "The same pass with {blanks} numbers taken out, to be worked out by hand. chainrule explain "
    "--check finds the step that went wrong.",
}
