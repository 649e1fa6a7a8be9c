"""식으로 나타낸 신경망."""

from __future__ import annotations

MESSAGES = {
    "large": "이 신경망을 하나의 식으로 펼치면 항이 {terms}개로 한도 {most}개를 넘으므로, 층별로 나누어 나타냅니다.",
    "rounded": "가중치와 편향을 유효 숫자 {digits}자리로 반올림하되, 거의 상쇄되는 항은 자릿수를 더 남겼습니다.",
    "error": "데이터 {rows}행에서 모델과의 최대 차이는 {error}입니다.",
}
