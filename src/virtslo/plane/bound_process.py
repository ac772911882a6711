"""Starts a program that cannot outlive the process that asked for it.

Run as a program: `bound_process.py PARENT HOST PROGRAM ARGUMENTS…`; HOST is a host name of its own,
which tells replicas that elect a leader apart, or empty. Invariant: it becomes the program
itself, in the same process. Where the kernel can (Linux), it is killed as soon as its parent ends,
whatever ended that; where the parent has ended already, nothing is started.
"""

import ctypes
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWUSER: Final = 0x10000000


def bind_to_parent(parent: int) -> None:
    """Have the kernel end this process with its parent. Raises SystemExit where that has ended."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit(1)


def take_host_name(name: str) -> None:
    """Have a host name of its own, in a namespace of its own. Raises SystemExit where the kernel
    does not let it."""
    user, group = os.getuid(), os.getgid()
    flags = CLONE_NEWUTS if user == 0 else CLONE_NEWUTS | CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "unshare") or libc.unshare(flags) != 0:
        words = os.strerror(ctypes.get_errno())
        raise SystemExit(f"a replica needs a host name of its own; the kernel refuses one: {words}")
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    socket.sethostname(name)


def main(arguments: list[str]) -> None:
    """Become the program."""
    parent, host, *command = arguments
    if host:
        take_host_name(host)
    bind_to_parent(int(parent))
    os.execv(command[0], command)  # noqa: S606  its arguments are ours, without a shell


if __name__ == "__main__":
    main(sys.argv[1:])
