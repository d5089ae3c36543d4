from __future__ import annotations

import platform
import subprocess
import sys

import pytest

THREADS = """
import ctypes, threading
from impasto.runtime.allocator import share_arenas
if {shared}:
    share_arenas()
libc, together = ctypes.CDLL(None), threading.Barrier(6)
libc.malloc.restype = ctypes.c_void_p
def take():
    together.wait()
    libc.malloc(50_000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.malloc_stats()
"""


FREED = """
import ctypes
from impasto.runtime.allocator import give_back
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096
blocks = [libc.malloc(50_000) for _ in range(2000)]
for block in blocks:
    ctypes.memset(block, 1, 50_000)
for block in blocks[:-1]:  # the last one is at the end, so nothing is given back of itself
    libc.free(block)
before = resident()
give_back()
print(before - resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc" or sys.platform != "linux", reason="only glibc can")
def test_what_was_freed_between_two_blocks_is_given_back() -> None:
    ended = subprocess.run([sys.executable, "-c", FREED], capture_output=True, text=True, check=True)
    assert int(ended.stdout) > 90_000_000


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_arenas() -> None:
    def arenas(shared: bool) -> int:
        code = THREADS.format(shared=shared)
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        return ended.stderr.count("Arena ")

    assert arenas(shared=False) > 2
    assert arenas(shared=True) <= 2
