"""Confine a child before it reads any input (on other systems than Linux: limits only).

Constants are those of the kernel's headers: linux/sched.h, linux/prctl.h, linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterable

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_CLONE_NEWUSER, _CLONE_NEWNET, _CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000

_M_MMAP_THRESHOLD = -3

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE, _READ, _READ_DIR, _MAKE_SOCKET = 1, 2, 4, 8, 1 << 9
_RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_FILE_RIGHTS = _EXECUTE | _WRITE | _READ | 1 << 14

_SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/dev/urandom")
_MACHINE = ("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system", "/sys/fs/cgroup")


def limit(memory: int, file_size: int) -> None:
    """Bound memory (bytes of address space), open files and written files; no core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def limit_time(seconds: float) -> None:
    """End this process when it uses more than ``seconds`` of processor time from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def memory_gauge() -> int | None:
    """Open what tells this process its own size; None where there is no such file."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None


def return_large_blocks() -> None:
    """Have every freed block of 1 MiB or more returned to the kernel at once (glibc).

    By itself glibc raises that threshold to 32 MiB when the first picture is freed, and later
    pictures fragment the heap: what could be read would depend on what was read before.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, 1 << 20)


def return_free_memory() -> None:
    """Return the free pages of the heap to the kernel (glibc)."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def limit_growth(gauge: int | None, resident: int, most: int) -> None:
    """Bound the address space so that about ``resident`` bytes of memory can come into use.

    At least a sixteenth of that may always be added. ``most`` bounds the address space in any case.
    """
    if gauge is None:
        return
    pages, used = _sizes(gauge)
    soft = min(pages + max(resident - used, resident // 16), most)
    resource.setrlimit(resource.RLIMIT_AS, (soft, most))


def resident(gauge: int | None) -> int:
    """Return how many bytes of memory are in use; 0 where nothing tells."""
    return 0 if gauge is None else _sizes(gauge)[1]


def _sizes(gauge: int) -> tuple[int, int]:
    pages, used = (int(n) * resource.getpagesize() for n in os.pread(gauge, 200, 0).split()[:2])
    return pages, used


def end_after(seconds: float) -> None:
    """Have the kernel kill this process after so much more processor time; 0 takes it back.

    A library written in C that loops cannot be stopped by anything inside the process.
    """
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def leave_network() -> bool:
    """Move into a network namespace without interfaces; call while there is one thread."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    own = _CLONE_NEWNET | _CLONE_NEWIPC
    return bool(libc.unshare(_CLONE_NEWUSER | own) == 0 or libc.unshare(own) == 0)


def close_files(
    read: Iterable[str], write: Iterable[str] = (), sockets: Iterable[str] = ()
) -> bool:
    """Refuse every file but the system's and the named folders, by Landlock.

    Call while there is one thread: threads that exist already are not bound. ``write`` folders
    may be used freely; in ``sockets`` folders nothing but a socket may be made. Returns whether it
    is in force.
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(ctypes.c_long(_CREATE_RULESET), None, 0, _VERSION_FLAG)
    if version < 1 or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    handled = _RIGHTS_BY_VERSION[min(version, 3)]
    rules = libc.syscall(ctypes.c_long(_CREATE_RULESET), struct.pack("=Q", handled), 8, 0)
    if rules < 0:
        return False
    try:
        for path in (*_SYSTEM, *_MACHINE, *read):
            _allow(libc, rules, path, (_READ | _READ_DIR | _EXECUTE) & handled)
        for path in (os.devnull, *write):
            _allow(libc, rules, path, handled)
        for path in sockets:
            _allow(libc, rules, path, _MAKE_SOCKET)
        return bool(libc.syscall(ctypes.c_long(_RESTRICT_SELF), rules, 0) == 0)
    finally:
        os.close(rules)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """Add one rule; a path that does not exist needs none."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112 -- no pathlib import in the child's first step
            rights &= _FILE_RIGHTS
        rule = struct.pack("=Qi", rights, place)
        libc.syscall(ctypes.c_long(_ADD_RULE), rules, _PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def network_is_closed() -> bool:
    """Try to reach this machine's own address: only a network that is there can refuse."""
    try:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            return probe.connect_ex(("127.0.0.1", 9)) not in (0, errno.ECONNREFUSED)
    except OSError:
        return True
