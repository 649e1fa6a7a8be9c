"""학습 과정의 그림."""

from __future__ import annotations

MESSAGES = {
    # Landscape
    "loss": "손실",
    "slice": "정확한 단면: 나머지 가중치는 모델의 값 그대로입니다",
    "random": "필터 정규화한 무작위 방향 (1 = 가중치 자체의 크기)",
    "pca": "경로의 주성분: 분산의 {first} + {second}",
    "off_plane": "경로는 사영한 것이며, 실제 상태는 이 평면에서 최대 {distance}만큼 떨어져 있습니다",
    "direction": "방향 {number}",
    "component": "주성분 {number}",
    "start": "시작",
    "end": "끝",
    "here": "모델",
    "path": "학습 경로",
    "not_finite": "손실이 유한하지 않음",
    # Learning rates
    "rates": "학습률 {n}가지로 비교한 경사 하강법",
    "rate": "학습률 {rate}",
    "converges": "{steps}단계 만에 {end}까지 내려갑니다",
    "slow": "너무 작음: {steps}단계 뒤에도 {end}입니다",
    "oscillates": "너무 큼: {steps}단계 중 {rises}단계에서 손실이 커집니다",
    "diverges": "너무 큼: 손실이 {start}에서 {end}(으)로 커집니다",
    "leaves": "{step}단계에서 그림 밖으로 나갑니다",
    "step": "단계",
    # Restarts
    "restarts": "{n}번 학습하여 {wins}번 {metric} {goal}에 도달",
    "epoch": "에포크",
    "reached": "도달 ({n}번)",
    "missed": "실패 ({n}번)",
    "diverged_runs": "첫 에포크를 마치기 전에 발산: {n}번",
    "success_rate": "성공률 {rate}",
    "interval": "{confidence} 신뢰 구간: {low} ~ {high} (윌슨)",
    "solutions": "서로 다른 해",
    "trainings": "학습 횟수",
    "seeds": "시드 {seeds}",
    "times": "학습마다 걸린 시간",
    "seconds": "초",
    # Range test
    "range_test": "학습률 범위 시험",
    "learning_rate": "학습률",
    "each_step": "단계별 손실",
    "smoothed": "평활한 손실",
    "suggested": "추천: {rate} (가장 가파르게 감소)",
    "largest": "최대: {rate} (손실이 가장 작음)",
    "no_fall": "손실이 뚜렷하게 줄지 않아 학습률을 추천할 수 없습니다",
    "blew_up": "{rate}보다 큰 학습률에서 손실이 발산합니다",
    # Exercise sheet
    "name_date": "이름: ______________________________      날짜: ________________",
    "page": "{count}쪽 중 {number}쪽",
    # Hidden space
    "hidden_space": "층을 지나며 움직이는 데이터",
    "stage.input": "입력",
    "stage.linear": "층 {path}: W·x",
    "stage.shift": "층 {path}: + b",
    "stage.other": "층 {path}: {kind}",
    "unit": "뉴런 {number}",
    "feature": "x{number}",
    "principal": "주성분 {number} (분산의 {share})",
    "class": "클래스 {name}",
    "target": "목푯값",
}
