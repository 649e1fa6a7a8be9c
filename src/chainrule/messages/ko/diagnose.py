"""진단 결과: 제목, 근거, 원인, 해결 방법."""

from __future__ import annotations

MESSAGES = {
    "healthy": "발견된 문제가 없습니다. 학습을 방해하는 요인이 보이지 않습니다.",
    "found": "발견된 문제: {count}개",
    "dead_relu_title": "{where} 층의 죽은 ReLU",
    "dead_relu_evidence": "유닛 {units}개 가운데 {dead}개({share:.0%})의 출력이 {rows}개 행 모두에서 0입니다.",
    "dead_relu_cause": "모든 행에서 입력이 음수인 ReLU는 출력과 도함수가 모두 0이므로 가중치가 더 이상 "
    "바뀌지 않습니다. 학습률이 너무 크거나 편향이 큰 음수이면 이런 유닛이 생깁니다.",
    "dead_relu_advice": "학습률을 낮추거나, LeakyReLU 또는 Kaiming 초기화를 사용하여 처음부터 다시 학습하십시오.",
    "saturated_title": "{where} 층의 {activation} 포화",
    "saturated_evidence": "활성값의 {share:.0%}가 도함수가 최댓값의 5% 미만인 구간에 있습니다.",
    "saturated_cause": "입력의 절댓값이 크면 활성화 함수의 평평한 양 끝에 놓여 기울기가 거의 전달되지 않습니다. "
    "가중치나 특성값이 지나치게 클 때 이런 일이 생깁니다.",
    "saturated_advice": "특성을 표준화하거나, Xavier 초기화, 배치 정규화 또는 ReLU를 사용하십시오.",
    "vanishing_title": "기울기 소실",
    "vanishing_evidence": "기울기의 노름이 마지막 선형 층에서는 {last:.3g}, {where} 층에서는 {first:.3g}으로, "
    "{ratio:.3g}분의 1로 줄었습니다.",
    "vanishing_cause": "역전파는 층마다 인수를 하나씩 곱하는데, 여기서는 그 인수들이 1보다 작습니다. "
    "따라서 앞쪽 층은 거의 학습되지 않습니다.",
    "vanishing_advice": "ReLU와 Kaiming 초기화, 배치 정규화를 사용하거나 층의 수를 줄이십시오.",
    "exploding_title": "기울기 폭발",
    "exploding_evidence": "기울기의 노름이 마지막 선형 층에서는 {last:.3g}, {where} 층에서는 {first:.3g}으로, "
    "{ratio:.3g}배로 커졌습니다.",
    "exploding_cause": "역전파는 층마다 인수를 하나씩 곱하는데, 여기서는 그 인수들이 1보다 큽니다. "
    "따라서 보통의 학습률로도 앞쪽 층의 가중치가 한 번에 크게 벗어납니다.",
    "exploding_advice": "Xavier 또는 Kaiming 초기화나 배치 정규화를 사용하거나, 기울기의 크기를 제한하십시오"
    "(clip_norm=1).",
    "zero_weights_title": "{where} 층의 가중치가 모두 0",
    "zero_weights_evidence": "은닉 유닛 {units}개의 가중치 조합이 {distinct}가지입니다.",
    "zero_weights_cause": "가중치가 같은 유닛은 같은 값을 계산하고 같은 기울기를 받습니다. "
    "따라서 계속 같은 상태로 남아, 층 전체가 유닛 하나처럼 동작합니다.",
    "zero_weights_advice": "가중치를 난수로 초기화하십시오. 모든 층이 기본적으로 그렇게 합니다.",
    "symmetric_title": "{where} 층의 동일한 유닛",
    "symmetric_evidence": "은닉 유닛은 {units}개이지만 서로 다른 가중치 조합은 {distinct}가지뿐입니다.",
    "symmetric_cause": "가중치가 같은 유닛은 같은 값을 계산하며, 나가는 가중치까지 같으면 같은 기울기를 받습니다. "
    "그러면 계속 같은 상태로 남아 유닛 하나의 역할만 합니다.",
    "symmetric_advice": "가중치를 난수로 초기화하십시오. 모든 층이 기본적으로 그렇게 합니다.",
    "large_weights_title": "{where} 층의 지나치게 큰 가중치",
    "large_weights_evidence": "가중치의 제곱평균제곱근은 {size:.3g}이며, 1/√(입력 수)은 {usual:.3g}입니다.",
    "large_weights_cause": "각 유닛은 모든 입력을 더하므로, 가중치가 이만큼 크면 출력이 입력보다 훨씬 커집니다. "
    "그 결과 활성화 함수가 포화되고 기울기가 층마다 커집니다.",
    "large_weights_advice": "Xavier(tanh, sigmoid) 또는 Kaiming(ReLU) 초기화를 사용하십시오.",
    "small_weights_title": "{where} 층의 지나치게 작은 가중치",
    "small_weights_evidence": "가중치의 제곱평균제곱근은 {size:.3g}이며, 1/√(입력 수)은 {usual:.3g}입니다.",
    "small_weights_cause": "가중치가 이만큼 작으면 유닛의 출력이 입력보다 훨씬 작아집니다. "
    "신호와 기울기가 층마다 약해져 학습이 느리게 시작됩니다.",
    "small_weights_advice": "Xavier(tanh, sigmoid) 또는 Kaiming(ReLU) 초기화를 사용하십시오.",
    "unscaled_inputs_title": "입력의 크기가 조정되지 않음",
    "unscaled_inputs_evidence": "특성 {feature}의 제곱평균제곱근은 {size:.4g}이고, "
    "가장 작은 특성은 {smallest:.4g}입니다.",
    "unscaled_inputs_cause": "가중치의 기울기는 입력에 비례하므로, 크기가 1에서 크게 벗어난 특성에는 하나의 학습률이 "
    "맞지 않습니다. 경사 하강법은 큰 특성 방향으로 진동하고 작은 특성 방향으로는 거의 움직이지 않습니다.",
    "unscaled_inputs_advice": "특성을 표준화하십시오(평균 0, 표준편차 1). Table.prepare가 이 일을 합니다.",
    "unscaled_targets_title": "목푯값의 크기가 조정되지 않음",
    "unscaled_targets_evidence": "목푯값의 제곱평균제곱근은 {size:.4g}입니다.",
    "unscaled_targets_cause": "학습 전 신경망의 출력은 0에 가까우므로, 오차와 기울기가 처음부터 목푯값만큼 큽니다. "
    "학습은 그 크기에 도달하는 데 대부분의 단계를 쓰거나 발산합니다.",
    "unscaled_targets_advice": "목푯값을 표준화하십시오. Table.prepare를 쓰면 예측값은 원래 단위로 나옵니다.",
    "imbalance_title": "클래스 불균형",
    "imbalance_evidence": "가장 많은 클래스는 {most}행, 가장 적은 클래스는 {fewest}행입니다. "
    "항상 가장 많은 클래스라고 답해도 정확도가 {share:.1%}입니다.",
    "imbalance_cause": "손실은 행에 대한 평균이므로 많은 클래스가 손실을 좌우합니다. "
    "신경망은 드문 클래스를 한 번도 맞히지 않고도 높은 정확도에 이를 수 있습니다.",
    "imbalance_advice": "정확도를 {share:.1%}와 비교하고, 혼동 행렬을 확인하고, 손실 함수에 클래스 가중치를 주십시오.",
    "classes_as_numbers_title": "클래스를 수치로 학습함",
    "classes_as_numbers_evidence": "손실 함수 {loss}에 클래스 {classes}개가 주어졌습니다.",
    "classes_as_numbers_cause": "이 손실 함수는 클래스 2가 클래스 1과 3 사이에 있는 것처럼 거리를 잽니다. "
    "클래스 번호에는 그런 순서가 없습니다.",
    "classes_as_numbers_advice": '클래스마다 출력을 하나씩 두고 loss="cross_entropy"를 사용하십시오.',
    "targets_refused_title": "목푯값이 손실 함수와 맞지 않음",
    "targets_refused_evidence": "손실 함수 {loss}: {problem}",
    "targets_refused_cause": "손실 함수마다 클래스 번호, 0과 1, 출력마다 수 하나 등 정해진 형태의 목푯값을 받습니다. "
    "주어진 목푯값은 그 형태가 아닙니다.",
    "targets_refused_advice": "목푯값, 마지막 층, 손실 함수가 서로 맞도록 바꾸십시오.",
    "activated_logits_title": "손실 함수 {loss}에는 로짓이 필요하지만 신경망이 {layer} 층으로 끝남",
    "activated_logits_evidence": "출력은 {low:.3g}에서 {high:.3g} 사이에 있습니다.",
    "activated_logits_cause": "손실 함수가 시그모이드나 소프트맥스를 직접 적용하므로 여기서는 두 번 적용됩니다. "
    "그 결과 기울기가 작아지고, 어떤 출력도 확신을 나타낼 수 없습니다.",
    "activated_logits_advice": "마지막 층을 없애십시오.",
    "no_probabilities_title": "손실 함수 {loss}에는 확률이 필요하지만 출력이 확률이 아님",
    "no_probabilities_evidence": "출력은 {low:.3g}에서 {high:.3g} 사이에 있습니다.",
    "no_probabilities_cause": "이 손실 함수는 p와 1 − p의 로그를 쓰므로 0 ≤ p ≤ 1이어야 합니다. "
    "마지막 층의 출력을 이 범위로 제한하는 것이 없습니다.",
    "no_probabilities_advice": 'loss="bce_with_logits"를 사용하거나 신경망을 Sigmoid로 끝내십시오.',
    "no_log_probabilities_title": "손실 함수 {loss}에는 로그 확률이 필요하지만 출력이 로그 확률이 아님",
    "no_log_probabilities_evidence": "출력은 {low:.3g}에서 {high:.3g} 사이에 있으며, 지수 함수값의 합이 1이 아닙니다.",
    "no_log_probabilities_cause": "이 손실 함수는 정규화 없이 정답 클래스의 출력에 음의 부호를 붙입니다. "
    "신경망은 모든 출력을 키우기만 해도 손실을 한없이 줄일 수 있습니다.",
    "no_log_probabilities_advice": 'loss="cross_entropy"를 사용하거나 신경망을 LogSoftmax로 끝내십시오.',
    "unreachable_targets_title": "마지막 층이 목푯값에 도달할 수 없음",
    "unreachable_targets_evidence": "{layer}의 출력 범위는 {bottom:.3g}에서 {top:.3g}까지이지만, "
    "목푯값은 {target_low:.4g}에서 {target_high:.4g}까지입니다.",
    "unreachable_targets_cause": "마지막 활성화 함수가 출력의 범위를 제한하며, 일부 목푯값이 그 밖에 있습니다. "
    "손실은 그 행들의 오차 아래로 내려갈 수 없습니다.",
    "unreachable_targets_advice": "신경망을 Linear 층으로 끝내거나 목푯값을 그 범위로 조정하십시오.",
    "diverging_title": "손실 발산: 학습률이 너무 큼",
    "diverging_evidence": "첫 에포크의 손실은 {start:.4g}, 마지막 에포크의 손실은 {end:.4g}입니다.",
    "diverging_cause": "최솟점을 지나친 단계는 반대편의 더 높은 곳에 이르고, 다음 단계는 더 커집니다. "
    "특성이나 목푯값의 크기를 조정하지 않으면 보통의 학습률로도 이런 일이 생깁니다.",
    "diverging_advice": "학습률을 10분의 1로 낮추거나, 데이터를 표준화하거나, "
    "기울기의 크기를 제한하십시오(clip_norm=1).",
    "oscillating_title": "손실이 줄지 않고 진동함: 학습률이 너무 큼",
    "oscillating_evidence": "{epochs}에포크 동안 {start:.4g}에서 {end:.4g}이 되었고, "
    "에포크마다 손실 크기의 {jitter:.1%}만큼 변합니다.",
    "oscillating_cause": "각 단계가 손실의 골짜기를 따라 내려가지 않고 건너뜁니다. "
    "신경망은 단계의 크기에 따른 높이에서 이리저리 움직일 뿐 더 내려가지 못합니다.",
    "oscillating_advice": "학습률을 3분의 1에서 10분의 1로 낮추거나 배치 크기를 키우십시오.",
    "slow_title": "손실이 너무 느리게 줄어듦: 학습률이 너무 작음",
    "slow_evidence": "{epochs}에포크 동안 {start:.4g}에서 {end:.4g}으로 끝까지 고르게 줄었습니다.",
    "slow_cause": "끝에서도 처음과 같은 속도로 줄어드는 곡선은 아직 최솟점 근처에 이르지 못한 것입니다. "
    "단계가 너무 짧거나 단계의 수가 너무 적습니다.",
    "slow_advice": "학습률을 3배에서 10배로 높이거나 에포크 수를 늘리십시오.",
    "flat_title": "손실이 줄지 않음",
    "flat_evidence": "{epochs}에포크 동안 {start:.4g}에서 {end:.4g}이 되었습니다.",
    "flat_cause": "신경망이 입력에서 목푯값에 대한 단서를 찾지 못했습니다. "
    "기울기가 전달되지 않거나, 학습률이 지나치게 작거나, 입력에 정보가 없을 때 이런 모양이 됩니다.",
    "flat_advice": "다른 문제부터 해결한 뒤, 학습률을 1e-5에서 1까지 바꾸어 보고, "
    "신경망이 행 열 개를 외울 수 있는지 확인하십시오.",
    "not_separable_title": "은닉층이 없고, 클래스를 나누는 초평면도 없음",
    "not_separable_evidence": "이 {rows}개 행의 두 클래스({positive} / {negative})는 선형 분리 가능하지 않습니다. "
    "신경망이 보는 값으로 나타낸 점 {shown}은(는) 앞 클래스의 행 {positive_count}개의 볼록 결합이자 "
    "뒤 클래스의 행 {negative_count}개의 볼록 결합입니다.",
    "not_separable_cause": "선형 층은 아무리 쌓아도 선형 층 하나와 같고, 그 결정 경계는 초평면입니다. "
    "초평면의 한쪽에 있는 행들의 볼록 결합도 같은 쪽에 있으므로, 이 점은 양쪽에 동시에 있어야 합니다.",
    "not_separable_advice": "활성화 함수가 있는 은닉층을 추가하십시오(--layers 8). "
    "증명 전체는 explain.separability로 볼 수 있습니다.",
    "overfitting_title": "과적합",
    "overfitting_evidence": "검증 손실은 {best}번째 에포크에서 가장 낮았고({lowest:.4g}) 지금은 {end:.4g}입니다. "
    "훈련 손실은 {trained:.4g}입니다.",
    "overfitting_cause": "{best}번째 에포크 뒤로 신경망은 훈련 데이터만의 특이점을 학습했습니다. "
    "데이터의 양에 비해 매개변수나 에포크가 많습니다.",
    "overfitting_advice": "조기 종료(EarlyStopping), 드롭아웃, 가중치 감쇠를 사용하거나, 데이터를 늘리거나 "
    "유닛 수를 줄이십시오.",
    "overfitting_held_out_title": "과적합",
    "overfitting_held_out_evidence": "손실은 훈련 행 {trained_rows}개에서 {trained:.4g}, 학습에 쓰지 않은 행 "
    "{held_out_rows}개에서 {held_out:.4g}입니다.",
    "accuracies": "정확도는 각각 {trained_accuracy:.1%}, {held_out_accuracy:.1%}입니다.",
    "overfitting_held_out_cause": "신경망이 훈련 행만의 특이점을 학습하여 훈련 행에서 훨씬 좋은 결과를 냅니다. "
    "데이터의 양에 비해 매개변수나 에포크가 많습니다.",
    "overfitting_held_out_advice": "검증 손실을 지켜보며(validation=0.2) 조기 종료(EarlyStopping)하거나, 드롭아웃이나 "
    "가중치 감쇠를 사용하거나, 데이터를 늘리거나 유닛 수를 줄이십시오.",
    "overfitting-not-judged": "과적합은 판단하지 않았습니다. 학습에 쓰지 않은 행이 없습니다.",
    "underfitting_title": "과소적합",
    "underfitting_evidence": "손실이 {end:.4g}에서 멈추었습니다. 가장 좋은 상수 출력의 손실은 {baseline:.4g}이며, "
    "그 {share:.0%}가 남아 있습니다.",
    "underfitting_cause": "훈련 손실이 더 이상 줄지 않는데도 신경망이 상수 출력보다 거의 낫지 않습니다. "
    "신경망이 과제에 비해 작거나, 입력에 목푯값에 대한 정보가 부족합니다.",
    "underfitting_advice": "유닛이나 은닉층을 늘리거나, 더 오래 학습하거나, 드롭아웃과 가중치 감쇠를 줄이거나, "
    "더 나은 특성을 마련하십시오.",
}
