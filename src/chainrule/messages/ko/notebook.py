"""노트북에 보이는 표의 제목."""

from __future__ import annotations

MESSAGES = {
    "step": "갱신",
    "epoch": "에포크",
    "misclassified": "오분류 표본",
    "before": "갱신 전 {name}",
    "after": "갱신 후 {name}",
    "truth_table": "진리표",
}
