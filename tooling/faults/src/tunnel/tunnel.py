#!/usr/bin/env python3
"""A network of two hosts: two network namespaces, a TUN device in each, and this program between them.

Takes one argument, the settings as JSON: delayMs, lossPercent, seed. Writes a line of JSON when the network is there, or
why it cannot be. Then reads lines of JSON with changed settings (also `partitioned`) and answers each with the counts so
far. When standard input ends, for whatever reason, it removes everything and ends.
"""

import collections
import ctypes
import fcntl
import json
import os
import random
import re
import select
import signal
import struct
import subprocess
import sys
import time

CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
NAMES = "/run/netns"
# The process id tells whether the one that made the namespace still cares for it.
NAME = re.compile(r"ipc-tunnel-(\d+)-[ab]")
DEVICE = "tunnel"
# Reserved for documentation: nothing else in the namespaces has them.
ADDRESSES = ("192.0.2.1", "192.0.2.2")
PACKET_LIMIT = 4096
PACKET_BYTES = 65535
PACKETS_AT_ONCE = 64


def ip(*words):
    done = subprocess.run(["ip", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def remove_namespace(name):
    """Also ends what runs in it, because that would keep it alive without a name."""
    try:
        for pid in ip("netns", "pids", name).split():
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
        ip("netns", "delete", name)
    except OSError as error:
        # Somebody else may remove what a dead one left.
        if os.path.exists(f"{NAMES}/{name}"):
            print(error, file=sys.stderr)


def remove_orphans():
    for name in os.listdir(NAMES) if os.path.isdir(NAMES) else []:
        match = NAME.fullmatch(name)
        if match and not os.path.exists(f"/proc/{match[1]}"):
            remove_namespace(name)


def enter(path):
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(path, os.O_RDONLY)
    failed = libc.setns(fd, CLONE_NEWNET)
    os.close(fd)
    if failed:
        raise OSError(ctypes.get_errno(), f"setns: {os.strerror(ctypes.get_errno())}")


def open_device(name, own, other):
    """The TUN device of a namespace. What is read from it was sent there; what is written to it arrives there."""
    home = f"/proc/{os.getpid()}/ns/net"
    keep = os.open(home, os.O_RDONLY)
    enter(f"{NAMES}/{name}")
    try:
        device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), IFF_TUN_NO_PI))
    finally:
        enter(f"/proc/self/fd/{keep}")
        os.close(keep)
    ip("-n", name, "address", "add", own, "peer", other, "dev", DEVICE)
    ip("-n", name, "link", "set", DEVICE, "up", "mtu", "1500")
    ip("-n", name, "link", "set", "lo", "up")
    return device


class Direction:
    """Packets on their way from one device to the other, in order."""

    def __init__(self, source, sink, seed):
        self.source = source
        self.sink = sink
        self.random = random.Random(seed)
        self.waiting = collections.deque()
        self.passed = 0
        self.lost = 0

    def take(self, settings):
        for _ in range(PACKETS_AT_ONCE):
            try:
                packet = os.read(self.source, PACKET_BYTES)
            except BlockingIOError:
                return
            # The system's own chatter over IPv6 would use up random numbers.
            if packet[0] >> 4 != 4:
                continue
            unlucky = self.random.random() * 100 < settings["lossPercent"]
            if unlucky or settings["partitioned"] or len(self.waiting) >= PACKET_LIMIT:
                self.lost += 1
                continue
            due = time.monotonic() + settings["delayMs"] / 1000
            if self.waiting:
                due = max(due, self.waiting[-1][0])
            self.waiting.append((due, packet))

    def deliver(self):
        now = time.monotonic()
        while self.waiting and self.waiting[0][0] <= now:
            _, packet = self.waiting.popleft()
            try:
                os.write(self.sink, packet)
                self.passed += 1
            except BlockingIOError:
                self.lost += 1

    def cut(self):
        self.lost += len(self.waiting)
        self.waiting.clear()


class Network:
    def __init__(self, devices, settings):
        seed = settings.pop("seed")
        a, b = devices
        self.settings = {**settings, "partitioned": False}
        self.directions = [Direction(a, b, f"{seed} a"), Direction(b, a, f"{seed} b")]
        self.input = b""

    def run(self):
        by_source = {direction.source: direction for direction in self.directions}
        while True:
            ready, _, _ = select.select([0, *by_source], [], [], self.time_left())
            for fd in ready:
                if fd != 0:
                    by_source[fd].take(self.settings)
                elif not self.read_settings():
                    return
            for direction in self.directions:
                direction.deliver()

    def time_left(self):
        due = [direction.waiting[0][0] for direction in self.directions if direction.waiting]
        return max(0, min(due) - time.monotonic()) if due else None

    def read_settings(self):
        more = os.read(0, 65536)
        *lines, self.input = (self.input + more).split(b"\n")
        for line in lines:
            self.settings.update(json.loads(line))
            if self.settings["partitioned"]:
                for direction in self.directions:
                    direction.cut()
            counts = {name: sum(getattr(one, name) for one in self.directions) for name in ("passed", "lost")}
            say(counts)
        return len(more) > 0


def say(message):
    print(json.dumps(message), flush=True)


def stop(*_):
    sys.exit(0)


def main():
    # The one at the other end of standard input decides when it is over, not the terminal.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    names = [f"ipc-tunnel-{os.getpid()}-{side}" for side in "ab"]
    made = []
    try:
        remove_orphans()
        for name in names:
            ip("netns", "add", name)
            made.append(name)
        devices = [open_device(names[0], *ADDRESSES), open_device(names[1], *reversed(ADDRESSES))]
        say({"namespaces": names, "addresses": ADDRESSES})
        Network(devices, json.loads(sys.argv[1])).run()
    except OSError as error:
        say({"error": str(error)})
    finally:
        for name in made:
            remove_namespace(name)


main()
