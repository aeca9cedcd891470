"""The confined process that becomes LibreOffice. It is started by `office` and by nobody else."""

from __future__ import annotations

import os
import resource
import sys

from bot.detect.media.sandbox import confinement
from bot.detect.media.sandbox.seccomp import forbid_calls

_ADDRESSES, _DATA, _FILE = 3 << 30, 448 << 20, 64 << 20
_CONFIGURATION = (
    *("/etc/libreoffice", "/etc/fonts", "/etc/passwd", "/etc/nsswitch.conf", "/opt"),
    *("/var/lib/libreoffice", "/var/spool/libreoffice", "/var/cache/fontconfig"),
)


def main(program: str, folder: str, seconds: float, target: str) -> None:
    """Give everything up but the folder, then run the program on the file in it."""
    confinement.end_with_parent()
    confinement.leave_network()
    confinement.limit(_ADDRESSES, _FILE)
    # Of the addresses that a program reserves, it may fill so many with something.
    resource.setrlimit(resource.RLIMIT_DATA, (_DATA, _DATA))
    whole = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
    # It insists on a socket in the common folder, by which a second one would speak to it.
    confinement.close_files(_CONFIGURATION, [folder], sockets=["/tmp"])  # noqa: S108
    forbid_calls(programs=True, listening=True)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.chdir(folder)
    environment = {"HOME": folder, "TMPDIR": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    os.execve(program, _arguments(program, folder, target), environment)  # noqa: S606


def _arguments(program: str, folder: str, target: str) -> list[str]:
    return [
        program,
        f"-env:UserInstallation=file://{folder}/profile",
        *("--headless", "--norestore", "--nologo", "--nolockcheck", "--nodefault"),
        *("--convert-to", target, "--outdir", f"{folder}/out", f"{folder}/in"),
    ]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
