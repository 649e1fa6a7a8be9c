"""퍼셉트론과 그 학습."""

from __future__ import annotations

MESSAGES = {
    "line": "결정 경계: {equation} (단위 법선 벡터 {normal}, 원점까지의 거리 {distance})",
    "learning": "델타 규칙에 따른 퍼셉트론 학습: {mode}, 학습률 {lr}",
    "mode.online": "온라인 방식(표본을 하나씩 처리)",
    "mode.batch": "배치 방식(오분류된 표본을 한꺼번에 처리)",
    "written": "가중치는 (w₀, w₁, …)로 적고 w₀은 편향입니다. "
    "J는 오분류된 표본에 대한 −t·(w·x + w₀)의 합이며 t = ±1입니다.",
    "update": "{step}. 에포크 {epoch}, 오분류 표본: {samples}; "
    "w {before} → {after}, J {objective_before} → {objective_after}",
    "more": "… 그 밖에 갱신 {count}번",
    "converged": "수렴했습니다. 모든 표본이 옳은 쪽에 있습니다. (에포크 {epochs}번, 갱신 {updates}번)",
    "stopped": "수렴하지 않았습니다. 오분류된 표본이 {mistakes}개 남았습니다. (에포크 {epochs}번, 갱신 {updates}번)",
    "bound.online": "노비코프 정리: 갱신은 많아야 (R/γ)² = ({radius}/{margin})², 곧 {limit}번입니다. "
    "실제로는 {updates}번 갱신했습니다.",
    "bound.batch": "노비코프 정리: R = {radius}, γ = {margin}일 때 갱신은 많아야 N·(R/γ)², 곧 {limit}번입니다. "
    "실제로는 {updates}번 갱신했습니다.",
    "endless": "모든 표본을 옳게 분류하는 가중치가 없으므로 이 규칙으로는 학습이 끝나지 않습니다.",
    "scaled": "파일의 수치는 (x − 평균)/표준편차로 표준화했습니다. --scaling none을 쓰면 원래 값을 그대로 씁니다.",
}
