"""보고서: 제목, 그림 설명, 각 절의 글."""

from __future__ import annotations

MESSAGES = {
    "title": "보고서: {data}",
    "contents": "차례",
    "skipped": "이 보고서에 없는 내용",
    "made": "chainrule {version}이 {seconds}초 만에 만들었습니다. 보이는 모든 것이 이 한 파일에 들어 있으며, "
    "아무것도 내려받거나 실행하지 않습니다.",
    "fault": "예상하지 못한 오류 {kind}: {message}. chainrule의 결함이니 알려 주시기 바랍니다.",
    # Headings
    "verdict_title": "요약",
    "overview_title": "모델",
    "scores_title": "성능",
    "images_title": "그림과 예측",
    "curves_title": "학습 곡선",
    "diagnosis_title": "진단",
    "network_title": "신경망",
    "weights_title": "첫 번째 층이 찾는 것",
    "equation_title": "수식",
    "decision_title": "입력 공간에서 본 신경망의 답",
    "separability_title": "클래스를 선형 분리할 수 있는가?",
    "hidden_title": "은닉 공간에서 본 데이터",
    "activations_title": "활성화 값",
    "gradients_title": "기울기의 흐름",
    "landscape_title": "손실 지형",
    "trace_title": "숫자 하나하나로 보는 한 행",
    "exercise_title": "연습 문제",
    # In short
    "verdict_classes": "{data}의 {rows}개 행에서 신경망의 정확도는 {accuracy}입니다. 항상 가장 흔한 클래스라고 "
    "답하면 정확도는 {baseline}입니다.",
    "verdict_quantity": "{data}의 {rows}개 행에서 신경망이 예측한 {target} 값의 오차는 평균 {mae}입니다. 항상 "
    "중앙값으로 답하면 오차는 평균 {baseline}입니다.",
    "verdict_better": "이 기준선을 넘어서는 무언가를 학습했습니다.",
    "verdict_unclear": "이 행들만으로는 기준선보다 낫다고 할 수 없습니다.",
    "verdict_worse": "기준선보다 못합니다.",
    "verdict_healthy": "진단에서 발견된 문제가 없습니다. 살펴본 항목 가운데 학습을 막는 것은 없습니다.",
    "verdict_findings": "진단에서 문제 {count}가지가 발견되었습니다: {titles}.",
    "verdict_held_out": "이 행들은 따로 떼어 둔 것으로, 학습에 쓰이지 않았습니다.",
    "verdict_seen": "신경망이 이 행들로 학습했다면 성능이 실제보다 좋게 보입니다. 새 데이터에서는 이보다 낮을 수 "
    "있습니다.",
    # The model
    "overview_task": "과제",
    "overview_data": "데이터",
    "overview_rows": "{data}, {rows}개 행",
    "overview_target": "목표",
    "overview_loss": "손실 함수",
    "overview_parameters": "매개변수",
    "overview_file": "파일",
    "overview_layers": "층",
    "overview_inputs": "입력 {count}개 (데이터의 단위)",
    "overview_some_inputs": "입력 {count}개 중 {shown}개 (데이터의 단위)",
    "task_binary": "두 클래스 분류",
    "task_multiclass": "다중 클래스 분류",
    "task_regression": "수치 예측 (회귀)",
    "layer": "층",
    "type": "종류",
    "shape": "출력 형상",
    "parameters": "매개변수",
    "input": "입력",
    "scaling": "스케일링",
    "scaled": "(x − {center}) / {scale}",
    "least": "최솟값",
    "median": "중앙값",
    "most": "최댓값",
    # Scores
    "scores_of": "{rows}개 행에서 측정한 성능",
    "score": "지표",
    "what": "뜻",
    "value": "값",
    "score_loss": "손실",
    "score_loss_is": "학습이 줄이려는 값",
    "score_accuracy": "정확도",
    "score_accuracy_is": "맞힌 행의 비율",
    "score_baseline": "기준선",
    "score_baseline_is": "항상 가장 흔한 클래스라고 답할 때의 정확도",
    "score_roc_auc": "ROC AUC",
    "score_roc_auc_is": "한 쌍의 순서를 옳게 매길 확률: 1이 가장 좋고 0.5는 동전 던지기와 같음",
    "score_mae": "평균 절대 오차",
    "score_mae_is": "목표의 단위",
    "score_rmse": "평균 제곱근 오차",
    "score_rmse_is": "목표의 단위, 큰 오차일수록 더 크게 반영",
    "score_r2": "결정 계수 R²",
    "score_r2_is": "설명된 분산의 비율: 1이 가장 좋고 0은 평균으로 답하는 것과 같음",
    "confusion_caption": "혼동 행렬: 행은 실제 클래스, 열은 예측한 클래스입니다. 맞힌 것은 파란색, 틀린 것은 "
    "주황색이며, 색이 짙을수록 그 행에서 차지하는 비율이 큽니다.",
    "by_class": "클래스별 성능",
    "class": "클래스",
    "rows": "행",
    "precision": "정밀도",
    "recall": "재현율",
    # Pictures
    "images_none": "행들이 클래스가 있는 그림이 아닙니다.",
    "images_looked": "살펴본 그림 {rows}장 가운데 {wrong}장을 다른 것으로 예측했습니다.",
    "images_heading": "틀린 것 먼저",
    "images_caption": "틀린 그림 {mistakes}장에는 신경망의 답과 정답을 함께 적었고, 그다음 {right}장은 맞힌 "
    "그림입니다.",
    # Curves
    "curves_none": "모델에 학습 곡선이 남아 있지 않습니다. fit으로 학습하지 않았거나, 곡선을 보관하기 전에 저장된 "
    "모델입니다.",
    "curves_caption": "에포크 {epochs}회 동안의 손실과 지표입니다. 검증 데이터가 있으면 실선으로 그립니다.",
    "curves_table": "처음, 최고, 마지막 값",
    "curve": "곡선",
    "first": "처음",
    "best": "최고",
    "last": "마지막",
    "at_epoch": "{value} (에포크 {epoch})",
    # Diagnosis
    "diagnosis_looked": "{rows}개 행과 모든 층, 학습 곡선을 살펴보았습니다.",
    "diagnosis_without_curves": "{rows}개 행과 모든 층을 살펴보았습니다. 살펴볼 학습 곡선은 없습니다.",
    "diagnosis_layers": "층별 상태",
    "evidence": "근거",
    "cause": "원인",
    "advice": "해결 방법",
    "units": "유닛",
    "dead": "죽은 비율",
    "saturated": "포화 비율",
    "gradient": "‖기울기‖",
    # Network and weights
    "network_none": "신경망에 그릴 Linear 층이 없습니다.",
    "network_caption": "뉴런과 가중치, 그리고 {row}번 행을 넣었을 때의 값입니다. 파란색은 양수, 주황색 점선은 "
    "음수이며, 굵을수록 큽니다.",
    "weights_none": "입력이 픽셀이 아닙니다.",
    "weights_caption": "첫 번째 층 뉴런의 가중치를 해당 픽셀 자리에 그렸습니다. 파란색은 밝은 곳을, 주황색은 어두운 "
    "곳을 찾는 자리입니다.",
    "no_formula": "직접 작성한 클래스처럼 이 라이브러리의 수식으로 쓸 수 없는 층이 있습니다.",
    # Equation
    "equation_closed": "신경망 전체를 데이터의 단위로 적은 식입니다.",
    "equation_layered": "신경망을 뉴런별로, 데이터의 단위로 적은 식입니다. z는 가중합, h는 활성화 함수를 거친 "
    "값이며, 위 첨자는 층의 번호입니다.",
    "equation_matrix": "신경망을 층별로 적은 식입니다. 뉴런별로 적으면 책 한 권이 됩니다.",
    "equation_folded": "수식 {count}개",
    "equation_quantity": "마지막 식이 예측한 {target} 값입니다.",
    "equation_largest": "출력이 가장 큰 클래스로 예측합니다.",
    "equation_threshold": "값이 {threshold}보다 크면 {positive}, 아니면 {negative} 클래스로 예측합니다.",
    # Decision
    "decision_none": "입력이 하나뿐입니다. 지도를 그리려면 입력이 둘 있어야 합니다.",
    "decision_whole": "입력이 두 개이므로 신경망의 동작 전체가 지도 한 장에 담깁니다.",
    "decision_features": "데이터에서 출력을 가장 많이 움직이는 두 입력 {first}, {second} 값을 바꾸어 본 단면입니다. "
    "나머지는 중앙값에 고정했습니다(범주는 가장 흔한 조합): {rest}.",
    "decision_images": "데이터의 그림 세 장을 지나는 평면입니다: {named}. 평면의 모든 점은 세 그림을 섞은 것이며, "
    "u와 v는 거리입니다.",
    "decision_how": "어떤 입력이 중요한지 보여 줍니다. 각 입력이 표준편차만큼 변할 때 출력이 움직이는 정도(도함수 × "
    "표준편차)를 {rows}개 행에서 평균했습니다.",
    "decision_influence": "영향력이 큰 입력",
    "influence": "영향력",
    "decision_exact": "격자 없이 정확하게 구한 지도입니다. 영역 {regions}개에서 신경망은 각각 하나의 아핀 변환이며, "
    "결정 경계는 선분 {segments}개로 이루어집니다.",
    "decision_sampled": "활성화 함수가 매끄러워 경계가 직선인 영역이 없습니다. 결정 경계는 격자에서 찾아 정밀하게 "
    "다듬은 선분 {segments}개입니다.",
    "decision_exact_quantity": "격자 없이 정확하게 구한 지도입니다. 영역 {regions}개에서 신경망은 각각 하나의 아핀 "
    "변환이며, 색은 각 영역 한가운데의 값입니다.",
    "decision_sampled_quantity": "활성화 함수가 매끄러워 경계가 직선인 영역이 없습니다.",
    "decision_largest": "영역 {count}개 중 가장 큰 {shown}개와 그 위에서의 식",
    "map": "식",
    "area": "넓이",
    "decision_surface": "같은 평면을 입체로 본 모습입니다. 높이는 신경망의 답입니다.",
    # Separability
    "separability_none": "나눌 두 클래스가 없습니다.",
    "separability_undecided": "판정하지 못했습니다. 보고서에 주어진 {seconds}초 안에는 모든 클래스를 나머지와 나누는 "
    "초평면도, 그런 초평면이 없다는 증명도 찾지 못했습니다. 이것은 '그렇다'도 '아니다'도 아닙니다. 시간제한이 없는 "
    "explain.separability로 확인할 수 있습니다. 지금까지 찾은 것은 다음과 같습니다.",
    "separability_large": "증명은 클래스 {classes}개, 수 {numbers}개까지만 찾습니다.",
    "separability_yes": "그렇습니다. 각 클래스를 나머지와 나누는 초평면이 있으므로, 선형 층 하나로 이 행들을 모두 "
    "맞힐 수 있습니다. 데이터의 단위로 적은 증명입니다.",
    "separability_no": "아닙니다. 두 클래스를 나누는 초평면이 없으므로 선형 층 하나로는 이 행들을 모두 맞힐 수 "
    "없고, 은닉층이 있으면 가능합니다. 데이터의 단위로 적은 증명입니다.",
    "separability_some": "초평면으로 나머지 모두와 나눌 수 없는 클래스가 있습니다. 클래스마다 뉴런 하나로는 "
    "부족하지만, 출력끼리 겨루는 층이라면 모두 맞힐 수도 있습니다. 데이터의 단위로 적은 증명입니다.",
    # Hidden space, activations, gradients, landscape
    "hidden_none": "그릴 수 있는 은닉층이 없습니다.",
    "hidden_why": "층마다 데이터를 옮깁니다. 마지막 층은 직선으로만 자를 수 있으므로, 앞의 층들이 각 클래스를 "
    "한쪽으로 모아야 합니다.",
    "hidden_why_quantity": "층마다 데이터를 옮깁니다. 마지막 층은 가중합만 할 수 있으므로, 앞의 층들이 행을 예측할 "
    "값의 순서대로 늘어놓아야 합니다.",
    "hidden_caption": "층을 지나기 전과 지난 후의 {rows}개 행입니다. 2차원보다 크면 두 주성분을 그립니다.",
    "activations_caption": "{rows}개 행에 대한 각 층의 출력입니다. 양 끝에 몰린 시그모이드나 항상 0인 ReLU는 "
    "기울기를 전달하지 못합니다.",
    "gradients_none": "학습할 가중치가 있는 층이 없습니다.",
    "gradients_caption": "{rows}개 행에서 구한, 각 층의 가중치에 대한 손실의 기울기 크기입니다. 첫 번째 층으로 "
    "갈수록 줄어들면 기울기 소실입니다. 학습이 끝난 뒤에는 모두 작습니다.",
    "landscape_why": "가중치를 무작위로 고른 두 방향으로 움직일 때 손실이 어떻게 변하는지 보여 줍니다. 각 뉴런의 "
    "방향은 자신의 가중치 크기에 비례합니다(필터 정규화, Li 등, 2018).",
    "landscape_caption": "{rows}개 행에 대해 평면의 {points} × {points}개 점에서 구한 손실입니다. 가운데 있는 "
    "모델의 손실은 {loss}입니다.",
    # Trace and exercise
    "trace_row": "{row}번 행",
    "trace_answer": "신경망의 답: {predicted}, 정답: {true}.",
    "trace_complete": "순전파와 역전파의 모든 숫자를 신경망이 계산한 그대로 적었습니다.",
    "trace_summarised": "큰 배열은 요약했습니다. chainrule explain --expand로 어떤 숫자든 모든 항과 함께 볼 수 "
    "있습니다.",
    "exercise_none": "손으로 푸는 연습 문제는 매개변수가 {most}개 이하인 신경망에만 만듭니다. 이 신경망에는 "
    "{parameters}개가 있습니다.",
    "exercise_how": "같은 과정에서 숫자 {blanks}개를 빈칸으로 만들었습니다. 손으로 계산해 보세요. chainrule explain "
    "--check를 쓰면 어느 단계에서 틀렸는지 알 수 있습니다.",
}
