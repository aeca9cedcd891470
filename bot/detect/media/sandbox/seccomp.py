"""A seccomp filter that refuses calls a decoder never needs (Linux on x86_64 and aarch64).

Numbers and constants are those of the kernel's headers: asm/unistd_64.h, asm-generic/unistd.h,
linux/seccomp.h, linux/filter.h, linux/audit.h.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys

_PR_SET_NO_NEW_PRIVS = 38
_SET_MODE_FILTER, _ALL_THREADS = 1, 1
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _AT_LEAST, _SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SECCOMP = {"x86_64": 317, "aarch64": 277}

# name: (x86_64, aarch64)
_REFUSED = {
    "socket": (41, 198),
    "socketpair": (53, 199),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "sendto": (44, 206),
    "sendmsg": (46, 211),
    "sendmmsg": (307, 269),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "pidfd_send_signal": (424, 424),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
}
_LISTENING, _AF_UNIX = ("socket", "bind", "listen", "accept", "accept4"), 1
_PROGRAMS = {"execve": (59, 221), "execveat": (322, 281)}
_FORKS = {"x86_64": (57, 58), "aarch64": ()}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def forbid_calls(*, programs: bool, listening: bool = False) -> bool:
    """Refuse network, kernel and (unless ``programs``) process calls in every thread.

    ``listening`` permits sockets of this machine's own kind that wait for somebody; none may reach
    out. Returns whether the filter is in force; it cannot be taken off again.
    """
    machine = platform.machine()
    if sys.platform != "linux" or machine not in _AUDIT:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    code = _filter(machine, programs=programs, listening=listening)
    program = _Program(len(code) // 8, code)
    call = ctypes.c_long(_SECCOMP[machine])
    done = libc.syscall(call, _SET_MODE_FILTER, _ALL_THREADS, ctypes.byref(program))
    return bool(done == 0)


def _filter(machine: str, *, programs: bool, listening: bool) -> bytes:
    """Build the filter: every listed call fails with EPERM, all others are allowed."""
    column = list(_AUDIT).index(machine)
    refuse = _step(_RETURN, _ERRNO | errno.EPERM)
    allow = _step(_RETURN, _ALLOW)
    parts = [_step(_LOAD, 4), _step(_EQUAL, _AUDIT[machine], yes=1), refuse, _step(_LOAD, 0)]
    parts += [_step(_AT_LEAST, _X32, no=1), refuse]
    permitted = _LISTENING if listening else ()
    numbers = [pair[column] for name, pair in _REFUSED.items() if name not in permitted]
    if listening:
        parts += [_step(_EQUAL, _REFUSED["socket"][column], no=4), _step(_LOAD, 16)]
        parts += [_step(_EQUAL, _AF_UNIX, no=1), allow, refuse]
    if not programs:
        numbers += [pair[column] for pair in _PROGRAMS.values()]
        numbers += _FORKS[machine]
    for number in numbers:
        parts += [_step(_EQUAL, number, no=1), refuse]
    if not programs:
        # clone3 hides its flags behind a pointer; without it libc falls back to clone.
        parts += [_step(_EQUAL, _CLONE3, no=1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
        parts += [_step(_EQUAL, _CLONE[machine], no=4), _step(_LOAD, 16)]
        parts += [_step(_SET, _CLONE_THREAD, no=1), allow, refuse]
    return b"".join([*parts, allow])


def _step(code: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    """Encode one instruction (struct sock_filter) with its jumps."""
    return struct.pack("=HBBI", code, yes, no, value)
