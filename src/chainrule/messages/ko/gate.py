"""`chainrule gate`가 학습시킨 신경망에 대해 하는 말."""

from __future__ import annotations

MESSAGES = {
    "output": "출력",
    "rounded": "반올림",
    "right": "정답?",
    "yes": "예",
    "no": "아니요",
    "loss": "손실 {curve} {first} → {last}, {epochs}에포크",
    "neuron": "뉴런 하나",
    "network": "은닉 뉴런 두 개와 출력 뉴런 하나",
    "try": "1번",
    "tries": "{count}번",
    "learned": "{gate} 학습에 성공했습니다. 신경망: {shape}, 시도: {tries}(시드 {seed})",
    "failed": "{gate} 학습에 실패했습니다. 시도: {tries}, 마지막 시도의 손실: {loss}. "
    "--seed를 바꾸어 다시 해 보십시오.",
    "hopeless": "뉴런 하나로는 손실이 {loss} = ln 2, 모든 출력이 0.5인 상태에서 학습이 멈춥니다. 뉴런 하나는 "
    "평면을 직선 하나로 나누는데, {gate}의 1과 0을 양쪽으로 가르는 직선은 없습니다. 손실의 최솟값이 하나뿐이므로 "
    "초깃값을 바꾸어도 소용이 없습니다. 은닉 뉴런 두 개는 직선 두 개를 긋습니다(--neurons 2).",
}
