"""배열의 곱, 정사영, 소프트맥스, 순전파."""

from __future__ import annotations

MESSAGES = {
    "broadcast": "계산할 수 없습니다. 두 배열의 형상이 브로드캐스트되지 않습니다.",
    "inner": "계산할 수 없습니다. 곱하여 더할 차원의 크기가 서로 다릅니다.",
    "scalar": "계산할 수 없습니다. matmul은 스칼라를 받지 않습니다.",
    "same": "dot과 matmul의 결과가 같습니다.",
    "different": "dot과 matmul의 결과가 다릅니다. dot은 나머지 차원의 모든 조합에 대해 a의 행과 b의 열을 내적하고, "
    "matmul은 배열을 행렬의 묶음으로 보아 짝이 되는 행렬끼리 곱합니다.",
    "projection": "a = {a}, b = {b}: 내적 a·b = {inner}입니다. a를 b 위로 정사영한 길이(부호 포함)는 "
    "a·b/‖b‖ = {inner}/{norm_b} = {length}입니다. a = {along}(b에 평행한 성분) + {across}(b에 수직인 성분)입니다.",
    "angle": "cos θ = {cosine}, θ = {angle}°입니다.",
    "softmax_naive": "정의 그대로: exp(z) = {exps}, exp(z)/Σexp(z) = {result}",
    "softmax_stable": "안정적인 계산: z − max z = {shifted}, 소프트맥스 = {result}",
    "softmax_overflows": "{dtype}에서 exp는 입력이 {limit}보다 크면 오버플로를 일으키고, ∞/∞는 수가 아닙니다(NaN). "
    "가장 큰 로짓을 모든 로짓에서 빼도 exp(−max z)가 약분되어 결과는 같으며, 지수 함수의 값이 1을 넘지 않습니다.",
    "softmax_agrees": "여기서는 두 결과가 같습니다. {dtype}에서는 입력이 {limit}보다 크면 exp가 오버플로를 일으킵니다.",
    "layer": "{depth}층, 입력 {input}:",
}
