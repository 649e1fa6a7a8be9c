"""How many threads the native engine takes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from chainrule.engines import threads

clock = {"wall": 0.0, "own": 0.0}


def _block(own: float, alone: float = 0.01) -> Any:
    """Work that takes two threads 10 ms, of which the caller's has a processor for a share; one thread, `alone`."""

    def work(threads: int) -> int:
        seconds = 0.01 if threads > 1 else alone
        clock["wall"] += seconds
        clock["own"] += seconds * (own if threads > 1 else 1)
        return threads

    return work


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> threads.Crew:
    monkeypatch.setattr(time, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(time, "thread_time", lambda: clock["own"])
    return threads.Crew()


def test_a_crew_works_alone_where_others_make_it_slow(crew: threads.Crew) -> None:
    assert [crew.run(2, 5, _block(1.0)) for _ in range(3)] == [2, 2, 2]
    slow = _block(0.4, alone=0.008)
    assert [crew.run(2, 5, slow) for _ in range(7)] == [
        2,
        1,
        *[1] * 4,
        2,
    ]  # one to try, four more, a look …
    assert [crew.run(2, 5, slow) for _ in range(10)] == [1, *[1] * 8, 2]  # … after eight …
    assert sum(crew.run(2, 5, _block(1.0)) == 1 for _ in range(40)) == 1  # the trial is slower: the others have gone
    assert [crew.run(2, 5, slow) for _ in range(7)] == [2, 1, *[1] * 4, 2]


def test_a_crew_stays_together_where_that_is_faster_all_the_same(crew: threads.Crew) -> None:
    fast = _block(0.4, alone=0.018)
    assert [crew.run(2, 5, fast) for _ in range(7)] == [2, 1, 2, 2, 2, 2, 2]
    assert sum(crew.run(2, 5, fast) == 1 for _ in range(200)) == 6  # ever more seldom, at last every 65 blocks


def test_a_trial_of_fewer_steps_is_no_faster_for_that(crew: threads.Crew) -> None:
    assert crew.run(2, 10, _block(0.4)) == 2
    assert crew.run(2, 5, _block(0.4, alone=0.009)) == 1
    assert crew.run(2, 10, _block(0.4)) == 2


def test_a_crew_of_one_is_never_asked_to_wait() -> None:
    assert [threads.Crew().run(1, 5, _block(0.1)) for _ in range(3)] == [1, 1, 1]


def test_processors_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value, expected in (("OMP_NUM_THREADS", "3", 3), ("CHAINRULE_NUM_THREADS", "2", 2)):
        monkeypatch.setenv(variable, value)
        threads.processors.cache_clear()
        assert threads.processors() == expected
    assert threads.threads_for(0) == 1
    assert threads.threads_for(10**12) == 2
    threads.processors.cache_clear()
