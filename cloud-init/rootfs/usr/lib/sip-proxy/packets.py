"""Counts packets that a process of the media relay sends, independent of the process. Imported, never run."""

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
    """Counts packets from the RTP ports of a process by nftables, from the first query on, and only while there are queries. The
    process itself need not answer."""

    def __init__(self, table, ports):
        self.table, self.ports = table, ports
        self.counting = False

    def still(self):
        """Seconds since the last packet; None if unknown."""
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
    """The output of a program; None if it fails or takes longer than 5 s."""
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=5, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
