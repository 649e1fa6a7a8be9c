"""여러 방법으로 학습한 신경망의 비교: 글과 그림."""

from __future__ import annotations

MESSAGES = {
    # 재는 것
    "loss": "손실",
    "metric.loss": "손실",
    "metric.accuracy": "정확도",
    "metric.mae": "평균 절대 오차",
    "stopped": "학습 중단: {reason}",
    "seed": "시드 {seed}",
    "one_seed": "시드 하나의 결과입니다. 시드를 바꾸면 순서가 달라질 수 있습니다.",
    "at_these_rates": "위의 학습률에서 얻은 결과입니다. 학습률을 바꾸면 순서가 달라질 수 있습니다.",
    "seconds_here": "걸린 시간은 이 컴퓨터에서 잰 값이며, 함께 실행되던 다른 작업의 영향을 받습니다.",
    # 과적합
    "plain": "대책 없음",
    "dropout": "드롭아웃, p = {setting:g}",
    "early_stopping": "조기 종료, 인내 {setting:g}에포크",
    "weight_decay": "가중치 감쇠, λ = {setting:g}",
    "overfitting": "훈련 데이터 {training}행, 검증 데이터 {validation}행, 최대 {epochs}에포크, 시드 {seed}",
    "overfitting_run": "{name}: 훈련 손실 {loss:.3g}, 검증 손실 {val_loss:.3g}(차이 {gap}), 검증 {metric} {score}; "
    "{kept}번째 에포크의 매개변수, 검증 손실은 {best}번째 에포크에서 최저",
    "overfits": "대책이 없는 신경망은 과적합되었습니다. {best}번째 에포크에서 {last}번째 에포크까지 훈련 손실은 "
    "줄었지만({at_best:.3g} → {trained:.3g}) 검증 손실은 커졌습니다({lowest:.3g} → {end:.3g}).",
    "does_not_overfit": "여기서는 대책이 없는 신경망도 과적합되지 않았습니다. 가장 낮은 검증 손실은 "
    "{best}번째 에포크의 {lowest:.3g}, 마지막 값은 {end:.3g}입니다.",
    "no_measure_helped": "대책이 없는 신경망의 검증 손실 {loss:.3g}보다 낮게 끝난 대책은 없습니다.",
    "best_measure": "가장 낮은 검증 손실: {name}, {loss:.3g}(대책이 없을 때보다 {share:.0%} 낮음)",
    "best_score": "가장 좋은 검증 {metric}: {name}, {score}",
    "chosen_by_validation": "조기 종료는 바로 이 검증 데이터로 에포크를 골랐으므로 결과가 실제보다 좋게 나옵니다. "
    "공정한 값을 얻으려면 따로 둔 시험 데이터로 재야 합니다.",
    # 배치 정규화
    "without": "배치 정규화 없음",
    "with": "배치 정규화 있음",
    "batch_norm": "훈련 데이터 {training}행, 검증 데이터 {validation}행, {epochs}에포크, 시드 {seeds}개",
    "batch_norm_run": "{name}: 훈련 손실 {loss:.3g}({loss_low:.3g}~{loss_high:.3g}), 검증 {metric} "
    "{score}({score_low}~{score_high}); 중앙값과 범위",
    "batch_norm_wins": "시드 {seeds}개 가운데 {wins}개에서 배치 정규화를 쓴 쪽의 훈련 손실이 더 낮게 끝났습니다.",
    "batch_norm_sooner": "배치 정규화를 쓴 신경망은 쓰지 않은 신경망의 마지막 손실(중앙값)에 전체 {epochs}에포크 "
    "가운데 {epoch}번째 에포크에서 이르렀습니다(중앙값).",
    "spread_before": "활성화 함수에 들어가는 값의 표준편차(학습 전): 없음 {without_low:.2g}~{without_high:.2g}, "
    "있음 {with_low:.2g}~{with_high:.2g}",
    "spread_after": "같은 값(학습 후): 없음 {without_low:.2g}~{without_high:.2g}, 있음 {with_low:.2g}~{with_high:.2g}",
    # 초기화
    "zeros": "모두 0",
    "initialisations": "은닉층 {hidden}, 활성화 함수 {activation}, 데이터 {rows}행, 시드 {seed}",
    "spread": "{name}: 활성값의 표준편차는 첫 은닉층에서 {first:.3g}, 마지막 은닉층에서 {last:.3g}입니다. {fate}",
    "constant": "마지막 은닉층은 항상 같은 값을 냅니다.",
    "saturated": "마지막 은닉층의 활성값 가운데 {share:.0%}가 포화되었습니다.",
    "shrinks": "층을 지나는 동안 작아집니다.",
    "grows": "층을 지나는 동안 커집니다.",
    "keeps": "크기가 10배 안에서 유지됩니다.",
    "gradients": "기울기의 노름: 첫 가중치에서 {first:.2g}, 마지막 가중치에서 {last:.2g}",
    "loss_fell": "훈련 손실: 처음 {start:.3g}, {epochs}에포크 뒤 {end:.3g}",
    # 최적화 기법
    "race": "훈련 데이터 {training}행, {epochs}에포크, 배치 크기 {batch}, 시드 {seed}",
    "racer": "{name}(학습률 {lr:g}): {epochs}에포크, {seconds}초 동안 손실 {start:.3g} → {end:.3g}",
    "racer_stopped": "{name}(학습률 {lr:g}): 처음 손실 {start:.3g}, 끝마친 에포크 없음: {reason}",
    "goal_reached": "; {goal:.3g}에 {epoch}번째 에포크, {seconds}초 만에 도달",
    "goal_missed": "; {goal:.3g}에 도달하지 못함",
    "lowest": "마지막 훈련 손실이 가장 낮은 기법: {name}, {loss:.3g}",
    "first_there": "{goal:.3g}에 가장 먼저 도달한 기법: 에포크로는 {names}({epoch}번째), "
    "시간으로는 {fastest}({seconds}초)",
    # 경로
    "paths": "{formula}, ({x}, {y})에서 {steps}단계",
    "path": "{name}(학습률 {lr:g}): f {start:.3g} → {end:.3g}, 위치 ({x}, {y}), 경로 길이 {length:.3g}",
    "path_lost": "{name}(학습률 {lr:g}): {steps}단계까지 f {start:.3g} → {end:.3g}, 위치 ({x}, {y}), "
    "그다음은 유한하지 않음, 경로 길이 {length:.3g}",
    "lowest_path": "{steps}단계 뒤 가장 낮은 기법: {name}, f = {value:.3g}",
    # 그림
    "training_curve": "훈련",
    "validation_curve": "검증",
    "lowest_point": "가장 낮은 검증 손실",
    "epoch": "에포크",
    "seconds": "초",
    "overfitting_title": "과적합과 그 대책",
    "best_at": "최저: {value}({epoch}번째 에포크)",
    "kept": "검증 손실: {loss}({epoch}번째 에포크)",
    "score_now": "검증 {metric}: {score}",
    "batch_norm_title": "배치 정규화가 있는 신경망과 없는 신경망, 시드 {seeds}개",
    "training_loss": "훈련 손실",
    "validation_score": "검증 {metric}",
    "median_of_seeds": "굵은 선: 시드들의 중앙값",
    "entering": "활성화 함수 입력의 표준편차",
    "hidden_layer": "은닉층",
    "before": "학습 전",
    "after": "학습 후",
    "initialisations_title": "학습 전 층별 활성값: {activation}, 은닉층 {hidden}",
    "layer_number": "{number}층",
    "std": "표준편차 {std}",
    "std_zeros": "표준편차 {std}, 0이 {zeros}",
    "all_equal": "모두 {value}",
    "activation_std": "활성값의 표준편차",
    "gradient_norm": "‖∂L/∂W‖",
    "race_title": "같은 시작점, 같은 배치에서 겨룬 최적화 기법",
    "goal": "목표 {goal}",
    "paths_title": "{formula}: ({x}, {y})에서 {steps}단계",
    "path_title": "{name}, 학습률 {lr:g}",
    "path_end": "f = {value}",
    "diverged": "발산",
}
