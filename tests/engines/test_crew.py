"""How many threads the native engine takes."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.engines import threads

clock = {"wall": 0.0, "own": 0.0}


def _block(own: float) -> Any:
    """Work that takes 10 ms, of which this thread has a processor for a share."""

    def work(threads: int) -> int:
        clock["wall"] += 0.01
        clock["own"] += 0.01 * own
        return threads

    return work


def test_a_crew_works_alone_while_the_machine_is_crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads.time, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(threads.time, "thread_time", lambda: clock["own"])
    crew = threads.Crew()
    assert [crew.run(2, _block(1.0)) for _ in range(3)] == [2, 2, 2]
    assert [crew.run(2, _block(0.4)) for _ in range(6)] == [2, 1, 1, 1, 1, 2]  # it looks again after four blocks …
    assert [crew.run(2, _block(0.4)) for _ in range(9)] == [1] * 8 + [2]  # … then eight …
    assert sum(crew.run(2, _block(1.0)) == 1 for _ in range(30)) == 16  # … sixteen, and is back when it is free
    assert [crew.run(2, _block(0.4)) for _ in range(6)] == [2, 1, 1, 1, 1, 2]


def test_a_crew_of_one_is_never_asked_to_wait() -> None:
    assert [threads.Crew().run(1, _block(0.1)) for _ in range(3)] == [1, 1, 1]


def test_processors_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value, expected in (("OMP_NUM_THREADS", "3", 3), ("CHAINRULE_NUM_THREADS", "2", 2)):
        monkeypatch.setenv(variable, value)
        threads.processors.cache_clear()
        assert threads.processors() == expected
    assert threads.threads_for(0) == 1
    assert threads.threads_for(10**12) == 2
    threads.processors.cache_clear()
