"""신경망이 평면을 나누는 방식."""

from __future__ import annotations

MESSAGES = {
    "exact": (
        "{first}: {left}부터 {right}까지, {second}: {bottom}부터 {top}까지. 영역은 {regions}개이며, 각 영역에서 "
        "신경망은 하나의 아핀 변환입니다. 결정 경계는 선분 {segments}개로 이루어집니다. "
        "격자를 쓰지 않은 정확한 결과입니다."
    ),
    "sampled": (
        "{first}: {left}부터 {right}까지, {second}: {bottom}부터 {top}까지. 활성화 함수가 매끄러우므로 정확한 영역이 "
        "없습니다. 결정 경계는 격자에서 표본으로 구한 짧은 선분 {segments}개입니다."
    ),
    "largest": "가장 넓은 영역에서의 식:",
}
