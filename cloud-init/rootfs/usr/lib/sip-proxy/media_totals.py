"""The relay's counters of all ended calls, in a file that the exporter reads. Imported, never run."""

import os
import time

import files

file = os.environ.get("SIP_PROXY_ROOT", "") + "/run/sip-proxy/calls/media-totals"

# Most platforms that are counted by address.
PLATFORMS = 50
# Upper bounds of the histogram of jitter, in seconds.
BOUNDS = "0.005", "0.01", "0.02", "0.03", "0.05", "0.1", "+Inf"
# Seconds between two writes of the file.
PAUSE = 2


class MediaTotals:
    """Counters by name and label: packets, relayed, lost by platform; jitter by upper bound. They are kept over a restart."""

    def __init__(self):
        self.counts, self.changed, self.written = {}, False, 0
        try:
            with open(file, encoding="utf-8") as lines:
                for line in lines:
                    name, label, count = line.split()
                    self.counts[name, label] = float(count) if name == "jitter_sum" else int(count)
        except (OSError, ValueError):
            pass
        self.platforms = {label for name, label in self.counts if name == "packets"}

    def add(self, platform, streams):
        """`streams`: the Counts of a call's streams. Unknown values are not counted."""
        if platform not in self.platforms and len(self.platforms) >= PLATFORMS:
            platform = "other"
        for counts in streams:
            if counts.packets is None:
                continue
            self.platforms.add(platform)
            for name in ("packets", "relayed", "lost"):
                self.count(name, platform, getattr(counts, name))
            if counts.jitter_ms is not None and counts.packets > 0:
                self.jitter(counts.jitter_ms / 1000)

    def jitter(self, seconds):
        for bound in BOUNDS:
            self.count("jitter", bound, int(seconds <= float(bound)))
        self.count("jitter_sum", "-", seconds)

    def count(self, name, label, more):
        if more is not None:
            self.counts[name, label] = self.counts.get((name, label), 0) + max(0, more)
            self.changed = True

    def write(self):
        """Writes the file if a value has changed, but not too often."""
        if not self.changed or time.monotonic() - self.written < PAUSE:
            return
        try:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            files.write(file, "".join(f"{name} {label} {count}\n" for (name, label), count in self.counts.items()))
            self.changed, self.written = False, time.monotonic()
        except OSError:
            # the next call writes it
            pass
