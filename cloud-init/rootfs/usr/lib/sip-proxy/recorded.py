"""Checks that answered calls are recorded: packets of each stream arrive, and are forwarded to the recorder. Imported, never run."""

import os
import time

import call_log
import files
from call_log import platform_of, shown
from probe_ends import dialog, values_of
from relays import tell_systemd
from streams import Media

# Seconds after the answer at which the relay is queried. After LATE it is not: the call is older than this program.
LOOK, LATE = 10, 60
# Most pairs of platform and recorder that are counted by name.
PAIRS = 200

file = os.environ.get("SIP_PROXY_ROOT", "") + "/run/sip-proxy/calls/unrecorded"


class Recorded:
    """Counts calls that are not recorded, by platform, recorder and reason, in a file that the exporter reads; kept over a restart."""

    def __init__(self, relay):
        self.relay = relay
        self.counts = {}
        self.told = ""
        try:
            with open(file, encoding="utf-8") as lines:
                for line in lines:
                    count, *key = line.split()
                    self.counts[tuple(key)] = int(count)
        except (OSError, ValueError):
            pass
        self.tell("none since this service started")

    def look(self, call):
        """Raises OSError if the relay does not answer."""
        media = Media(call.value)
        counts = self.relay.streams(call.id, media, media.going)
        known = {number: counts[number] for number in media.going if number in counts}
        not_sent = [number for number, those in known.items() if those.packets == 0]
        not_relayed = [number for number, those in known.items() if those.packets and those.relayed == 0]
        if not_sent:
            self.fault(call.id, not_sent, "not_sent")
        elif not_relayed:
            self.fault(call.id, not_relayed, "not_relayed")

    def fault(self, id_, streams, reason):
        variables = values_of(dialog(id_))
        source, recorder = variables.get("source", "-"), variables.get("recorder", "-")
        call_log.tell(event="unrecorded", call_id=shown(id_), source=source, recorder=recorder, streams=streams, reason=reason)
        self.count(reason, platform_of(source), recorder)
        self.tell(f"the last one: {shown(id_)} from {source} to {recorder}, at {time.strftime('%Y-%m-%d %H:%M:%S')}: {reason}")

    def count(self, reason, platform, recorder):
        key = (reason, platform, recorder)
        if key not in self.counts and len(self.counts) >= PAIRS:
            key = (reason, "other", "other")
        self.counts[key] = self.counts.get(key, 0) + 1
        self.write()

    def write(self):
        try:
            os.makedirs(os.path.dirname(file), exist_ok=True)
            files.write(file, "".join(f"{count} {' '.join(key)}\n" for key, count in self.counts.items()))
        except OSError:
            # the next call writes it
            pass

    def tell(self, last):
        tell_systemd(f"{sum(self.counts.values())} calls were answered and not recorded since boot; {last}")
