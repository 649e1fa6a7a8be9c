"""A network as a formula."""

from __future__ import annotations

MESSAGES = {
    "large": "Written out in full this network has {terms} terms, more than {most}; it is given layer by layer.",
    "rounded": "Weights and biases are rounded to {digits} significant digits, more where terms nearly cancel.",
    "error": "Largest difference from the model: {error}, over {rows} rows.",
}
