"""한 번의 순전파와 역전파 추적, 검산, 연습 문제."""

from __future__ import annotations

MESSAGES = {
    # The page
    "title": "숫자 하나하나로 보는 순전파와 역전파",
    "loss": "손실 {value}",
    "one_sample": "표본 1개, 손실 함수 {objective}",
    "samples": "표본 {n}개, 손실 함수 {objective}",
    "forward": "순전파",
    "backward": "역전파",
    "update": "{optimizer}의 가중치 갱신",
    "network": "신경망",
    "layer": "층 {path}: {description}",
    "layer.loss": "손실",
    "layer.own": "프로그램",
    "passes": "입력을 그대로 전달합니다",
    "neuron": "뉴런 {unit}, 표본 {sample}",
    "formula": "식: {formula}",
    "derivative": "국소 미분: {derivative}",
    "upstream": "위에서 내려온 기울기 ∂L/∂{name}",
    "fan_out": "∂L/∂{name}은(는) 쓰인 곳 {n}군데에서 온 기울기의 합입니다: {terms}",
    "no_gradient": "{name}에는 기울기가 전달되지 않습니다",
    "summary": "{name}: 형상 {shape}, 범위 {low} ~ {high}, 평균 {mean}",
    "more": '… 그 밖에 {n}개; 각각 확인하려면 trace.expand("{path}"), 명령줄에서는 --expand "{path}"',
    "step_number": "{step}번째 갱신; {options}",
    "one_upstream": "∂L/∂L = 1",
    # Checks
    "check.right": "맞습니다: {path} = {expected}.",
    "check.wrong": (
        "{path}의 값은 {given}이(가) 아닙니다. 흔한 실수로는 이 수가 나오지 않으니, 인수를 하나씩 다시 따져 보십시오."
    ),
    "check.mistake": "{path}의 값은 {given}이(가) 아닙니다. {reason}",
    "mistake.sign": "크기는 맞지만 부호가 반대입니다.",
    "mistake.sign_at": "{step}에서 부호를 빠뜨렸습니다. 이 항은 빼야 하는 항입니다.",
    "mistake.missing_derivative": "{step}에서 {op}의 미분 {derivative}을(를) 곱하지 않았습니다.",
    "mistake.derivative_at_input": (
        "{step}에서 {op}의 미분에 입력값을 넣었습니다. {derivative}에는 출력값(함숫값)을 넣어야 합니다."
    ),
    "mistake.missing_power": "{step}에서 거듭제곱을 미분할 때 나오는 인수 {power}이(가) 빠졌습니다.",
    "mistake.sum_for_mean": "손실은 평균이므로 1/{n}을 곱해야 합니다. 지금 구한 것은 합의 기울기입니다.",
    "mistake.mean_for_sum": "{n}(으)로 한 번 더 나누었습니다. 여기서는 표본에 대해 합을 구합니다.",
    "mistake.missing_factor": "{step}에서는 두 인수를 곱합니다. 다른 쪽 인수가 빠졌습니다.",
    "mistake.difference_only": ("{step}에서 차이 p − t만 내려보냈습니다. 교차 엔트로피의 미분은 {derivative}입니다."),
    "mistake.missing_weight": "{step}을(를) 거슬러 올라갈 때 가중치를 곱하지 않았습니다. δ가 아니라 δ·W입니다.",
    "mistake.transposed": ("{step}에서 가중치 행렬을 전치하여 썼습니다. 어느 첨자가 어느 뉴런의 것인지 확인하십시오."),
    "mistake.statistics_constant": (
        "{step}에서 평균과 분산을 상수로 보았습니다. 둘 다 입력에 따라 변하므로 두 항이 더 필요합니다."
    ),
    "mistake.diagonal_only": "{step}에서 각 출력은 모든 입력의 함수입니다. 자기 입력에 대한 미분만 계산했습니다.",
    "mistake.branch_missing": "{value}은(는) {uses}번 쓰입니다. {step}을(를) 거쳐 오는 기울기를 빠뜨렸습니다.",
    "mistake.branch_only": "{value}은(는) {uses}번 쓰입니다. {step}을(를) 거쳐 오는 기울기만 계산했습니다.",
    "mistake.missing_upstream": "{step}의 국소 미분만 있습니다. 위에서 내려온 기울기를 곱해야 합니다.",
    "mistake.swapped": "{column}행 {row}열의 값입니다. 행과 열의 첨자가 서로 바뀌었습니다.",
    "mistake.with_lr": "기울기에 학습률 {lr}을(를) 곱했습니다. 학습률은 가중치를 갱신할 때 곱합니다.",
    "mistake.missing_input": "가중치에 들어온 입력을 곱하지 않았습니다. 기울기는 Σ δ가 아니라 Σ δ·x입니다.",
    "mistake.input_sum": "합끼리 곱했습니다. 기울기는 (Σ δ)·(Σ x)가 아니라 Σ (δ·x)입니다.",
    "mistake.one_sample": "표본 {sample} 하나만의 기울기입니다. 모든 표본에 대해 더해야 합니다.",
    "mistake.bias_forgotten": "{step}에서 더해야 할 항(편향)이 빠졌습니다.",
    "mistake.bias_subtracted": "{step}에서 편향을 뺐습니다. 편향은 더해야 합니다.",
    "mistake.skipped": "{step}의 연산 {op}을(를) 건너뛰었습니다.",
    "mistake.sum_for_mean_value": "{step}에서는 평균을 구합니다. 지금 구한 것은 합입니다.",
    "mistake.factor_2": "구한 값이 올바른 값의 두 배입니다.",
    "mistake.factor_half": "인수 2가 빠졌습니다.",
    "mistake.not_updated": "갱신하기 전의 값입니다.",
    "mistake.uphill": "기울기 방향으로 올라갔습니다. 갱신할 때는 빼야 합니다.",
    "mistake.step_only": "변화량만 구했습니다. 원래 값에 더하십시오.",
    "mistake.moments_forgotten": (
        "θ − {lr}·g는 단순한 경사 하강법입니다. 이 최적화 기법이 쓰는 이동 평균이 빠졌습니다."
    ),
    "mistake.lr_forgotten": "학습률 {lr}을(를) 곱하지 않았습니다.",
    "mistake.no_bias_correction": "모멘트가 0에서 시작한 데 대한 보정(1 − βᵗ로 나누기)을 하지 않았습니다.",
    "mistake.root_forgotten": "2차 모멘트의 제곱근을 구하지 않았습니다.",
    "mistake.old_state": "갱신하기 전의 상태입니다.",
    "mistake.gradient_itself": "기울기(또는 그 제곱) 자체입니다. 이전 상태와의 이동 평균을 구해야 합니다.",
    # Exercises
    "exercise.title": "빈칸 채우기 (연습 문제 {seed})",
    "exercise.solutions": "정답",
}
