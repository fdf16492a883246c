"""Logs the packets of calls when they end. Imported, never run."""

import socket
import time

from call_log import platform_of, shown, tell
from kamailio import rpc
from media_totals import MediaTotals
from streams import Counts, Media

# Seconds between two registrations of this program's port in Kamailio.
TELL = 2


class Ends:
    """Kamailio reports the end of a call before it deletes the call in the relay. `relay` is queried immediately; counters that are
    already deleted stay unknown."""

    def __init__(self, relay, kamailio):
        self.relay = relay
        host, _, port = kamailio.partition(":")
        self.kamailio = host, int(port)
        self.totals = MediaTotals()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
            mine.bind((self.kamailio[0], 0))
            # accepts datagrams only from Kamailio
            mine.connect(self.kamailio)
            due = 0
            while True:
                self.totals.write()
                if time.monotonic() >= due:
                    self.tell(mine.getsockname()[1])
                    due = time.monotonic() + TELL
                mine.settimeout(max(0.01, due - time.monotonic()))
                try:
                    self.ended(mine.recv(65536).decode(errors="replace"))
                except (OSError, ValueError, LookupError):
                    # no datagram, or one without a valid call
                    continue

    @staticmethod
    def tell(port):
        try:
            rpc("htable.seti", "watch", "port", port, patience=0.3)
        except (OSError, ValueError):
            pass

    def ended(self, text):
        id_, value, source, recorder = text.split("\n")
        media = Media(value)
        try:
            counts = self.relay.streams(id_, media, media.numbers)
        except (OSError, ValueError, LookupError):
            counts = {}
        self.totals.add(platform_of(source), counts.values())
        those = [counts.get(number, Counts()) for number in media.numbers]
        told = {name: list(map(rounded, values)) for name, values in zip(Counts._fields, zip(*those))}
        tell(event="media", call_id=shown(id_), source=source, recorder=recorder, **told)


def rounded(value):
    return round(value, 1) if isinstance(value, float) else value
