"""Reads records from an SPSC ring of @ipc/shm, written from LAYOUT.md.

    python3 peer.py FILE RING COUNT

It polls, and wakes nobody: the producer must not wait for room. Python has no atomic operations; on x64 and arm64 CPython
reads and writes one aligned word at once, and taking a lock orders what is before and behind it.
"""

import mmap
import struct
import sys
import threading
import time

lock = threading.Lock()


def fence():
    with lock:
        pass


path, ring, count = sys.argv[1], sys.argv[2].encode(), int(sys.argv[3])
with open(path, "r+b") as file:
    memory = memoryview(mmap.mmap(file.fileno(), 0))
words = memory.cast("i")
if [words[0], words[1], words[2], words[3]] != [0x59444552, 0x72637069, 1, 0x01020304]:
    sys.exit("this is no region of layout version 1")

# Objects lie one behind the other; each begins with its kind, its size and its name.
payload = 128
at, end = payload + 8320, payload + words[(payload + 8) // 4]
while at < end and memory[at + 12 : at + 12 + words[(at + 8) // 4]] != ring:
    at += words[(at + 4) // 4]
if at >= end or words[at // 4] != 2:
    sys.exit("there is no such ring")

capacity = words[(at + 64) // 4]
tail, head, data = (at + 128) // 4, (at + 256) // 4, at + 128 + 384
total, seen = 0.0, 0
while seen < count:
    fence()
    if words[head] == words[tail]:
        time.sleep(0.001)
        continue
    fence()
    record = data + (words[head] & capacity - 1)
    length, kind = words[record // 4], words[record // 4 + 1]
    if kind >= 0:  # a record of kind -1 fills up the end of the ring
        (celsius,) = struct.unpack_from("<d", memory, record + 8)
        total, seen = total + celsius, seen + 1
    after = words[head] + 8 + (length + 7 & ~7)
    fence()
    words[head] = (after + 2**31) % 2**32 - 2**31
print(f"{seen} readings, {total / seen:.1f} degrees")
