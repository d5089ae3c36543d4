"""How much memory a process takes, for tests."""

from __future__ import annotations

import subprocess
import sys

_PEAK = """
import resource, sys
try:
    lines = open("/proc/self/status").read().splitlines()
    print(next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")))
except FileNotFoundError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
"""Prints the peak, in bytes. On Linux, ``ru_maxrss`` begins at the size of the process that started this one."""


def peak(code: str, *arguments: object) -> int:
    """The most memory that a new process takes which runs some Python, in bytes.

    Args:
        code: raises what is wrong; warnings are errors.
        arguments: are ``sys.argv[1:]`` there.
    """
    command = [sys.executable, "-W", "error", "-c", code + _PEAK, *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    return int(ended.stdout.splitlines()[-1])
