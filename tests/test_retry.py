"""Repeated calls with growing pauses."""

from __future__ import annotations

import asyncio
from itertools import islice

import pytest

from bot.retry import doubling_pauses, retry_until_done


class Fails:
    """Raises the given errors in turn, then returns "done"."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return slept


async def retry(act: Fails, failures: list[Exception]) -> str:
    return await retry_until_done(
        act, on=OSError, never_on=TimeoutError, failed=failures.append, first=1.0, longest=3.0
    )


def test_pauses_double_up_to_the_longest() -> None:
    assert list(islice(doubling_pauses(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_first_pause_is_not_longer_than_the_longest() -> None:
    assert list(islice(doubling_pauses(5.0, 3.0), 2)) == [3.0, 3.0]


async def test_call_is_repeated_until_it_succeeds(pauses: list[float]) -> None:
    errors, failures = [OSError(), ConnectionError(), OSError()], []
    assert await retry(Fails(*errors), failures) == "done"
    assert failures == errors
    assert pauses == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("error", [ValueError(), TimeoutError(), asyncio.CancelledError()])
async def test_other_error_passes_through_at_once(
    error: BaseException, pauses: list[float]
) -> None:
    act, failures = Fails(error), list[Exception]()
    with pytest.raises(type(error)):
        await retry(act, failures)
    assert (act.calls, failures, pauses) == (1, [], [])


async def test_cancellation_ends_a_pause() -> None:
    failed = asyncio.Event()
    act = Fails(OSError())
    task = asyncio.create_task(
        retry_until_done(act, on=OSError, failed=lambda _: failed.set(), first=60.0, longest=60.0)
    )
    await failed.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert act.calls == 1


async def test_nothing_is_logged_by_the_helper_itself(
    pauses: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    await retry(Fails(OSError("invented content")), [])
    assert "invented content" not in caplog.text
