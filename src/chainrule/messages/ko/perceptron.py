"""퍼셉트론과 그 학습."""

from __future__ import annotations

MESSAGES = {
    "step.right": "맞음, 가중치를 그대로 둡니다",
}
