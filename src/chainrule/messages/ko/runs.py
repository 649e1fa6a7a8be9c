"""실행 기록: 목록, 비교, 그림."""

from __future__ import annotations

MESSAGES = {
    "recorded": "{folder}에 {id}(으)로 기록했습니다(chainrule runs).",
    "none": "{folder}에 아직 실행 기록이 없습니다. chainrule fit DATA 명령이 기록을 남깁니다.",
    "title": "{folder}의 실행 기록",
    "more": "… 이전 기록 {count}개 더 있음(모두 보기: --most {all})",
    "damaged": "참고: {name}의 기록이 손상되었습니다: {problem}",
    "removed": "{id} 기록을 삭제했습니다.",
    "really": "실행 기록 {count}개를 파일까지 모두 삭제하려면 --yes를 붙이십시오.",
    # Columns
    "run": "실행",
    "started": "시작",
    "status": "상태",
    "data": "데이터",
    "network": "신경망",
    "epochs": "에포크",
    "score": "점수",
    "seconds": "초",
    "setting": "설정",
    "value": "값",
    "metric": "지표",
    # Status
    "running": "실행 중",
    "finished": "완료",
    "interrupted": "중단됨",
    "failed": "실패",
    "killed": "강제 종료",
    # One run
    "settings": "설정",
    "environment": "환경",
    "metrics": "지표",
    "named": "{id} ‘{name}’",
    "when": "{status} · 시작 {started} · {seconds}초 동안 {epochs}에포크",
    "parts": "이어서 학습한 횟수: {count}",
    "best_epoch": "모델의 매개변수는 가장 좋았던 {epoch}번째 에포크의 것입니다.",
    "stopped": "일찍 멈춘 이유: {reason}",
    "problem": "문제: {problem}",
    "model": "모델: {path}",
    "command": "다시 실행: {command}",
    "commit": "커밋: {commit}",
    # Comparison
    "compared": "서로 다른 점",
    "nothing": "설정 {count}개가 모두 같습니다.",
    "same": "설정 {count}개는 모두 같습니다.",
    "best": "* 가장 좋음",
    "environments": "환경이 다릅니다: {names}",
    # Picture
    "strong": "굵은 선: 검증",
    "fine": "가는 선: 훈련",
    "mark": "표식: 가장 좋은 에포크",
    "picture": "실행 {count}개",
}
