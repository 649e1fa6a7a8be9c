"""논리 게이트, 평면의 영역, 선형 신경망."""

from __future__ import annotations

MESSAGES = {
    "composed": "퍼셉트론을 조합하여 만든 {name}: 각 퍼셉트론은 가중합이 임계값보다 크면 1을 출력합니다.",
    "stage": "  {name}: {sum} > {threshold}",
    "why": "은닉층의 두 퍼셉트론이 직선을 하나씩 긋고, 출력층의 퍼셉트론이 두 직선 사이의 영역을 골라냅니다.",
    "regions_general": "일반적인 위치에 있는 직선 {lines}개는 평면을 영역 {regions}개로 나눕니다. "
    "이것이 가능한 최대 개수입니다.",
    "regions_special": "직선 {lines}개가 평면을 영역 {regions}개로 나눕니다. (교점 {crossings}개) "
    "일반적인 위치에 있다면 {most}개가 됩니다.",
    "collapse": "선형 층 {layers}개를 쌓은 신경망은 선형 층 하나와 같으며, 그 가중치는 각 층의 가중치를 곱한 것입니다.",
    "superposition": "중첩의 원리: g(x) = f(x) − f(0), x = {x}, z = {z}일 때 "
    "g({alpha}·x + ({beta})·z) = {together}이고 {alpha}·g(x) + ({beta})·g(z) = {apart}입니다.",
    "parameters": "매개변수는 쌓은 층이 {before}개, 층 하나가 {after}개입니다. "
    "비선형 활성화 함수가 없으면 층을 깊게 쌓아도 표현력이 늘어나지 않습니다.",
}
