"""Packets that leave a process of the media relay, counted from outside. Imported, never run."""

import subprocess
import time

COUNTER = """
table ip {table}
delete table ip {table}
table ip {table} {{
    counter relayed {{ }}
    chain output {{
        type filter hook output priority filter
        udp sport {first}-{last} counter name relayed
    }}
}}
"""


class Packets:
    """What leaves from the RTP ports of a process, which the process itself need not tell: nftables counts it, from the first
    question on, and only while there are questions."""

    def __init__(self, table, ports):
        self.table, self.ports = table, ports
        self.counting = False

    def still(self):
        """For how many seconds none has left; None where that is not known."""
        count = self.count()
        now = time.monotonic()
        if count is None:
            return None
        if count != self.last:
            self.last, self.moved = count, now
        return now - self.moved

    def count(self):
        if not self.counting:
            try:
                first, last = self.ports()
            except (OSError, TypeError):
                return None
            if nft(COUNTER.format(table=self.table, first=first, last=last)) is None:
                return None
            self.counting, self.last, self.moved = True, 0, time.monotonic()
        words = (nft(f"list counter ip {self.table} relayed") or "").split()
        return int(words[words.index("packets") + 1]) if "packets" in words else None

    def forget(self):
        if self.counting:
            nft(f"delete table ip {self.table}")
        self.counting, self.last, self.moved = False, 0, 0


def nft(commands):
    return output(["nft", "-f", "-"], commands)


def output(argv, text=None):
    """What a program prints; None when it fails or takes longer than 5 s."""
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
