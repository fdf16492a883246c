"""The load of a media relay's process: its CPU time, and packets that its sockets drop. Imported, never run."""

import os
import re
import time
from collections import deque

proc = os.environ.get("SIP_PROXY_ROOT", "") + "/proc"

# Shares of its CPU time, over LOOKS checks: from FULL on, it gets no new calls until it is below ROOM.
FULL, ROOM = 0.85, 0.7
LOOKS = 3
# Seconds without new calls after packets were dropped.
PAUSE = 10
TICKS = os.sysconf("SC_CLK_TCK")


class Load:
    """`cores`: the number it can use; `pid` and `ports`: functions that return its pid, and its first and last RTP port."""

    def __init__(self, cores, pid, ports):
        self.cores, self.pid, self.ports = cores, pid, ports
        self.number, self.seen = None, deque(maxlen=LOOKS + 1)
        self.full, self.dropped, self.errors, self.known = False, None, None, {}

    def look(self):
        """Why it must get no new calls; None if it has room, or if its load is unknown."""
        now = time.monotonic()
        busy, drops = self.busy(now), self.drops()
        if drops:
            self.dropped = now, drops
        if self.dropped and now - self.dropped[0] < PAUSE:
            return f"its sockets have dropped {self.dropped[1]} packets"
        self.full = busy is not None and busy >= (ROOM if self.full else FULL)
        return f"it is busy for {busy:.0%} of the time that {self.cores} core(s) give" if self.full else None

    def busy(self, now):
        """The share of its cores that it has used over the last checks."""
        ticks = self.ticks()
        if ticks is None:
            # the process has ended or was unknown: there may be a new one
            self.seen.clear()
            self.number = self.pid()
            return None
        self.seen.append((now, ticks))
        (then, before), (now, after) = self.seen[0], self.seen[-1]
        if len(self.seen) <= LOOKS:
            return None
        return (after - before) / TICKS / (now - then) / self.cores

    def ticks(self):
        """utime and stime of all its threads (proc(5))."""
        try:
            with open(f"{proc}/{self.number}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])
        except (OSError, IndexError, ValueError):
            return None

    def drops(self):
        """Packets that its sockets have dropped since the last check. Reads all sockets, which can be thousands, only if the host's
        total has increased."""
        errors = receive_errors()
        before, self.errors = self.errors, errors
        if before is None or errors is None or errors == before:
            return 0
        dropped = self.dropped_at_ports()
        count = sum(max(0, drops - self.known.get(port, 0)) for port, drops in dropped.items())
        self.known = dropped
        return count

    def dropped_at_ports(self):
        """Dropped packets by port."""
        try:
            first, last = self.ports()
            with open(f"{proc}/net/udp", encoding="ascii") as file:
                lines = [line.split() for line in file.readlines()[1:]]
        except (OSError, TypeError):
            return {}
        sockets = ((int(fields[1].rpartition(":")[2], 16), int(fields[-1])) for fields in lines)
        return {port: drops for port, drops in sockets if drops > 0 and first <= port <= last}


def receive_errors():
    """UDP datagrams that the host has dropped because of full buffers; None if unknown."""
    try:
        with open(f"{proc}/net/snmp", encoding="ascii") as file:
            names, values = re.findall(r"^Udp: (.*)$", file.read(), re.MULTILINE)
        return int(dict(zip(names.split(), values.split()))["RcvbufErrors"])
    except (OSError, ValueError, KeyError):
        return None
