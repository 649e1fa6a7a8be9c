"""선형 분리 가능성과 그 증명."""

from __future__ import annotations

MESSAGES = {
    "rest": "나머지",
    "yes": "선형 분리 가능합니다. 두 클래스({positive} / {negative})를 나누는 초평면이 있습니다.",
    "plane": "초평면: {equation}",
    "margin_widest": "마진: {margin} (모든 초평면 가운데 가장 큰 값입니다.)",
    "margin_some": "마진: {margin} (마진이 더 큰 초평면이 있을 수 있습니다.)",
    "no": "선형 분리가 불가능합니다. 두 클래스({positive} / {negative})를 나누는 초평면은 없습니다.",
    "twins": "표본 {first}번(클래스 {negative})과 {second}번(클래스 {positive})은 {point}에 있는 같은 점입니다. "
    "어떤 함수도 한 점에서 두 가지 값을 낼 수는 없습니다.",
    "common": "증명: 다음 점은 두 클래스의 볼록 껍질에 모두 속합니다. {point}",
    "mix": "  클래스 {label}: {mixture}",
    "why": "어떤 클래스가 초평면의 한쪽에 있으면 그 클래스의 볼록 결합도 모두 같은 쪽에 있습니다. "
    "따라서 이 점은 초평면의 양쪽에 동시에 있어야 하므로 모순입니다.",
    "undecided_limit": "두 클래스({positive} / {negative})를 나누는 초평면이 있는지 "
    "제한 시간 안에 판정하지 못했습니다.",
    "undecided_precision": "두 클래스({positive} / {negative})가 너무 가까워서 이들을 나누는 초평면이 있는지 "
    "배정밀도로는 판정할 수 없습니다. 특성의 척도를 바꾸거나 원점을 옮기면 판정할 수도 있습니다.",
    "single_layer": "참고: 이 데이터의 두 클래스({positive} / {negative})를 나누는 초평면은 없습니다. "
    "클래스 {positive}의 행 {positive_count}개의 볼록 결합이 "
    "클래스 {negative}의 행 {negative_count}개의 볼록 결합과 일치하기 때문입니다. "
    "따라서 선형 층 하나로는 모든 행을 맞힐 수 없으며, 은닉층이 필요합니다(--layers 8).",
}
