"""Small trainings keep BLAS on one thread, and give the threads back."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chainrule.engines import threads
from chainrule.engines.threads import suited_threads

threadpoolctl = pytest.importorskip("threadpoolctl")


def blas() -> set[int]:
    return {library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    with threadpoolctl.threadpool_limits(limits=2, user_api="blas"):
        if blas() != {2}:
            pytest.skip("BLAS cannot run on two threads here")
        threads._controller.cache_clear()
        yield
    threads._controller.cache_clear()


def test_small_steps_run_on_one_thread_and_large_ones_on_all() -> None:
    with suited_threads(1000, 32):
        assert blas() == {1}
    assert blas() == {2}
    with suited_threads(10**6, 128):
        assert blas() == {2}


def test_an_exception_gives_the_threads_back() -> None:
    with pytest.raises(RuntimeError), suited_threads(1000, 32):
        raise RuntimeError
    assert blas() == {2}


def test_trainings_that_overlap_give_the_threads_back() -> None:
    began, ended = threading.Event(), threading.Event()

    def other() -> None:
        with suited_threads(1000, 32):
            began.set()
            ended.wait(10)

    worker = threading.Thread(target=other)
    with suited_threads(1000, 32):
        worker.start()
        assert began.wait(10)
        assert blas() == {1}
    assert blas() == {2}
    ended.set()
    worker.join()
    assert blas() == {2}
