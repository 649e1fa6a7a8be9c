"""뉴런 하나와 그 판단이 갈리는 직선."""

from __future__ import annotations

MESSAGES = {
    "sum": "z = {sum}이며, 뉴런의 출력은 σ(z) = 1/(1 + e^(−z))입니다.",
    "undecided": "판단이 갈리는 곳(σ(z) = 0.5): {equation}",
    "slope": "곧 직선 x2 = {line}입니다.",
    "vertical": "곧 수직인 직선입니다.",
    "intercept": "{name}축과 만나는 점: {value}",
    "parallel": "{name}축과는 만나지 않습니다.",
    "normal": "z는 {normal} 방향으로 커집니다. 원점은 z = 0에서 {distance}만큼 떨어져 있으며 "
    "z {sign} 0인 쪽에 있습니다.",
    "through": "z는 {normal} 방향으로 커집니다. z = 0은 원점을 지납니다.",
}
