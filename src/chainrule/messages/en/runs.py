"""Records of runs: their list, their comparison, their picture."""

from __future__ import annotations

MESSAGES = {
    "recorded": "Recorded as {id} in {folder} (chainrule runs)",
    "none": "No runs are recorded in {folder} yet. chainrule fit DATA records one.",
    "title": "Runs in {folder}",
    "more": "… and {count} older (--most {all} for all)",
    "damaged": "Note: {name} is no sound record: {problem}",
    "removed": "Removed {id}",
    "really": "{count} to be removed with all files: say so with --yes",
    # Columns
    "run": "run",
    "started": "started",
    "status": "status",
    "data": "data",
    "network": "network",
    "epochs": "epochs",
    "score": "score",
    "seconds": "seconds",
    "setting": "setting",
    "value": "value",
    "metric": "metric",
    # Status
    "running": "running",
    "finished": "finished",
    "interrupted": "interrupted",
    "failed": "failed",
    "killed": "killed",
    # One run
    "settings": "Settings",
    "environment": "Environment",
    "metrics": "Metrics",
    "named": "{id} “{name}”",
    "when": "{status} · started {started} · {epochs} epochs in {seconds} s",
    "parts": "Resumed: {count} ×",
    "best_epoch": "The model has the parameters of epoch {epoch}, the best",
    "stopped": "Stopped early: {reason}",
    "problem": "Problem: {problem}",
    "model": "Model: {path}",
    "command": "Repeat it: {command}",
    "commit": "Commit: {commit}",
    # Comparison
    "compared": "What differs",
    "nothing": "All {count} settings are the same.",
    "same": "{count} settings are the same in all.",
    "best": "* best",
    "environments": "Environments differ: {names}",
    # Picture
    "strong": "strong: validation",
    "fine": "fine: training",
    "mark": "mark: best epoch",
    "picture": "{count} runs",
}
