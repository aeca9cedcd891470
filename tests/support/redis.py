"""A real Redis of the test run's own: on a free port of 127.0.0.1, keeping nothing on disk.

It is started when the first test asks for it and ended with the session. A test may take it away
and bring it back: `RedisServer.kill`, then `RedisServer.start`, at the same address.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import redis

_OPTIONS = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no")
_STARTING = 15.0
_PORTS = 5
"""How often another port is tried, when somebody else was quicker to take it."""


class RedisServer:
    """A server that can be ended and started again; made by `running_redis`."""

    def __init__(self, folder: Path, program: Path) -> None:
        self._folder = folder
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The address; it stays the same over `kill` and `start`."""
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Start the server with nothing in it, and wait until it answers."""
        if self._port:
            assert self._begin(), "Redis does not start again"
            return
        for _ in range(_PORTS):
            self._port = _free_port()
            if self._begin():
                return
        raise AssertionError("Redis does not start")

    @property
    def pid(self) -> int:
        """The number of the running process."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """End the server at once, as a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stall(self) -> None:
        """Let the server hold its connections and answer nobody, until `go_on`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End a stall."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Throw away all that the server holds."""
        with self._client() as client:
            client.flushall()

    def _begin(self) -> bool:
        """Start a process; False when it ends before it answers."""
        command = [self._program, "--port", str(self._port), "--dir", self._folder, *_OPTIONS]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + _STARTING
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(redis.ConnectionError), self._client() as client:
                # Another server may sit on the port: only the own one counts.
                if client.info("server")["process_id"] == self._process.pid:
                    return True
            time.sleep(0.02)
        self.kill()
        return False

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, socket_timeout=5)


def program() -> Path | None:
    """Find Redis's server."""
    found = shutil.which("redis-server")
    return None if found is None else Path(found)


@contextlib.contextmanager
def running_redis(server_program: Path) -> Iterator[RedisServer]:
    """Start a server, and end it afterwards."""
    with tempfile.TemporaryDirectory(prefix="shoukou-redis-") as folder:
        server = RedisServer(Path(folder), server_program)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
