"""그림의 글."""

from __future__ import annotations

MESSAGES = {
    "input": "입력층",
    "hidden": "은닉층 {number}",
    "output": "출력층",
    "positive": "가중치 > 0",
    "negative": "가중치 < 0",
    "width_is_size": "굵기: 층 안에서 본 가중치의 크기",
    "function": "f(x)",
    "derivative": "f′(x)",
    "activations": "활성화 함수와 도함수",
    "gate_one": "출력 1",
    "gate_zero": "출력 0",
    "no_line": "1과 0을 나누는 직선이 없습니다",
    "first_weights": "첫 번째 층의 가중치",
    "some_of": "{count}개 중 {shown}개",
    "weight": "가중치",
    "mistake": "{predicted}\n(정답 {true})",
    "right_of": "{count}개 중 {right}개 정답",
    "gradient_flow": "층별 기울기의 크기",
    "gradient_norm": "‖기울기‖",
    "layer": "층",
    "zero_gradient": "0: 기울기 없음",
    "not_finite": "유한하지 않음",
    "histograms": "층별 활성값의 분포",
    "mean_std": "평균 {mean}, 표준편차 {std}",
    "zeros": "0의 비율 {share}",
}
