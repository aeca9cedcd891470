"""The children are confined, and the pool outlives whatever becomes of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import bot
from bot.detect.media.sandbox.pool import MediaPool
from bot.errors import ConfigurationError, NotReadable
from bot.ports import MediaReading
from tests.support import pictures

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = str(Path(bot.__file__).resolve().parents[1])
NOTE = pictures.encode(pictures.note("内部资料请勿外传"))
HEAVY = pictures.encode(pictures.official_page().resize((2480, 3508)))


async def read(pool: MediaPool, data: bytes = NOTE) -> MediaReading:
    return await pool.read(data, name=None, mime_type=None)


def of_process(pid: int, what: str) -> str:
    return Path(f"/proc/{pid}/{what}").read_text()


def held_by(pid: int) -> set[str]:
    return {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}


def network_of(pid: int) -> str:
    return str(Path(f"/proc/{pid}/ns/net").readlink())


def is_read(reading: MediaReading) -> bool:
    return reading.not_inspected is None and "请勿外传" in reading.fragments[0].text


@pytest_asyncio.fixture(loop_scope="session")
async def own_pool() -> AsyncIterator[MediaPool]:
    pool = MediaPool()
    await pool.start()
    yield pool
    await pool.close()


@pytest_asyncio.fixture(loop_scope="session")
async def impatient_pool() -> AsyncIterator[MediaPool]:
    pool = MediaPool(seconds=3.0)
    await pool.start()
    yield pool
    await pool.close()


async def the_next_is_read(pool: MediaPool) -> None:
    """Look that the pool goes on; how soon is measured elsewhere: tests share their machine."""
    assert is_read(await read(pool))


async def test_a_killed_child_costs_only_its_own_picture(own_pool: MediaPool) -> None:
    (victim,) = own_pool.pids
    reading = asyncio.create_task(read(own_pool, HEAVY))
    await asyncio.sleep(0.05)
    os.kill(victim, signal.SIGKILL)
    assert (await reading).not_inspected == "reader-crashed"
    await the_next_is_read(own_pool)
    assert victim not in own_pool.pids


async def test_a_child_killed_while_idle_costs_no_picture(own_pool: MediaPool) -> None:
    os.kill(own_pool.pids[0], signal.SIGKILL)
    await asyncio.sleep(0.2)
    await the_next_is_read(own_pool)


async def test_a_hanging_child_is_given_up_and_replaced(impatient_pool: MediaPool) -> None:
    (victim,) = impatient_pool.pids
    os.kill(victim, signal.SIGSTOP)
    assert (await read(impatient_pool)).not_inspected == "timed-out"
    await the_next_is_read(impatient_pool)
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)


async def test_a_cancelled_reader_leaves_no_answer_behind(own_pool: MediaPool) -> None:
    reading = asyncio.create_task(read(own_pool, HEAVY))
    await asyncio.sleep(0.05)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await the_next_is_read(own_pool)


async def test_children_are_renewed_after_their_share_of_files() -> None:
    pool = MediaPool(recycle=2)
    await pool.start()
    try:
        first = pool.pids
        assert [is_read(await read(pool)) for _ in range(3)] == [True] * 3
        assert pool.pids != first
    finally:
        await pool.close()
    assert pool.pids == ()


async def test_closing_ends_every_child_even_while_it_reads() -> None:
    pool = MediaPool()
    await pool.start()
    reading = asyncio.create_task(read(pool, HEAVY))
    await asyncio.sleep(0.05)
    await pool.close()
    assert (await reading).not_inspected == "reader-crashed"
    assert pool.pids == ()


async def test_many_callers_share_the_pool(pool: MediaPool) -> None:
    words = [f"第{i}号文件保密" for i in range(8)]
    files = [pictures.encode(pictures.note(word)) for word in words]
    readings = await asyncio.gather(*(read(pool, data) for data in files))
    assert [r.fragments[0].text for r in readings] == words


async def test_the_environment_of_a_child_is_empty(pool: MediaPool) -> None:
    for pid in pool.pids:
        pairs = of_process(pid, "environ").split("\0")
        names = {pair.split("=")[0] for pair in pairs if pair}
        threads = {"OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS"}
        assert names == {"PATH", "LANG"} | threads
        assert os.getsid(pid) == pid


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
async def test_a_child_holds_nothing_but_its_pipes(pool: MediaPool) -> None:
    (child,) = pool.pids
    kinds = {name.split(":")[0] for name in held_by(child)}
    assert kinds <= {"pipe", "/dev/null", f"/proc/{child}/statm", "/dev/urandom"}
    limits = of_process(child, "limits")
    for name, value in (("core file size", "0"), ("file size", "0"), ("open files", "64")):
        assert f"Max {name}".ljust(26) + value.ljust(21) in limits


async def test_an_unknown_engine_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="no such engine"):
        await MediaPool(engine="abacus").start()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's means are Linux's")
async def test_isolation_is_reported_and_in_force(pool: MediaPool) -> None:
    assert "no-network" in pool.isolation
    (child,) = pool.pids
    if "seccomp" in pool.isolation:
        assert "Seccomp:\t2" in of_process(child, "status")
    if "network-namespace" in pool.isolation:
        assert network_of(child) != network_of(os.getpid())


def confined(steps: str, *arguments: str) -> str:
    """Run steps in a process that confined itself by the same functions, return its output."""
    head = (
        "import sys; sys.path.append(sys.argv[1]); "
        "from bot.detect.media.sandbox import confinement; "
        "from bot.detect.media.sandbox.seccomp import forbid_calls\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", head + steps, ROOT, *arguments],
        capture_output=True,
        text=True,
        timeout=20,
    )
    return done.stdout.strip() or done.stderr


CONNECT = """
import socket
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=2)
    print("connected")
except OSError:
    print("refused")
"""


@pytest.mark.parametrize(
    ("step", "outcome"),
    [
        ("active = False", "connected"),
        ("active = confinement.leave_network()", "refused"),
        ("active = forbid_calls(programs=True)", "refused"),
        ("active = forbid_calls(programs=False)", "refused"),
    ],
)
async def test_no_socket_reaches_this_machine(step: str, outcome: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        result = confined(
            f"{step}\nassert active or {outcome == 'connected'}, 'missing'{CONNECT}", port
        )
    if "missing" in result:
        pytest.skip("this kernel does not offer it")
    assert result == outcome


async def test_neither_the_data_nor_the_parent_can_be_read(tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text("secret")
    result = confined(
        "active = confinement.close_files((sys.prefix, sys.base_prefix))\n"
        "assert active, 'missing'\n"
        "import json\n"  # what is installed stays within reach
        "for path in sys.argv[2:]:\n"
        "    try: open(path); print('opened')\n"
        "    except OSError: print('refused')\n",
        str(secret),
        f"/proc/{os.getpid()}/environ",
    )
    if "missing" in result:
        pytest.skip("this kernel has no Landlock")
    assert result.split() == ["refused", "refused"]


async def test_no_program_is_started_and_no_process_signalled() -> None:
    result = confined(
        "assert forbid_calls(programs=False), 'missing'\n"
        "import os, threading\n"
        "for act in (lambda: os.fork(), lambda: os.execv('/bin/true', ['true']),\n"
        "            lambda: os.kill(int(sys.argv[2]), 0)):\n"
        "    try: act(); print('done')\n"
        "    except PermissionError: print('refused')\n"
        "thread = threading.Thread(target=lambda: print('a thread'))\n"
        "thread.start(); thread.join()\n",
        str(os.getpid()),
    )
    if "missing" in result:
        pytest.skip("this kernel has no seccomp")
    assert result.split("\n") == ["refused", "refused", "refused", "a thread"]


async def test_masking_a_file_that_is_no_picture_gives_a_reason(pool: MediaPool) -> None:
    with pytest.raises(NotReadable, match="unsupported-picture"):
        await pool.mask_picture(b"plain text", [(0, 0, 10, 10)])
