"""RTPProxy's control protocol. Imported, never run."""

import re
import secrets

from streams import Counts


# Counters of a session: packets from each side, relayed packets of both; lost packets and jitter (average, ms) of the first side.
COUNTERS = b"npkts_ina npkts_ino nrelayed rtpa_nlost rtpa_javg"


class Rtpproxy:
    """RTPProxy's protocol: lines of text. (https://www.rtpproxy.org/doc/protocol.html)"""

    first_port, last_port = r"-m[ =](\d+)", r"-M[ =](\d+)"
    # one, because a single thread relays
    cores = 1

    @staticmethod
    def sessions(ask):
        lines = (line.partition(":") for line in ask(b"I").decode().splitlines())
        return int({name.strip(): value for name, _, value in lines}["active sessions"])

    @staticmethod
    def packets(ask):
        """The number of packets that it has relayed, all in user space."""
        return int(ask(b"G npkts_relayed"))

    @staticmethod
    def calls(_ask):
        """RTPProxy cannot list calls. It removes unanswered ones itself (-W)."""
        return {}

    @staticmethod
    def idle(ask, call, tag, options):
        """Seconds since the last packet of any stream of the call; each stream is a session. None if there is none. RTPProxy reports the
        remaining time, which counts down from -T after the answer."""
        left = []
        for stream in (b"1", b"2", b"3", b"4"):
            answer = ask(b" ".join((b"Q", call, tag + b";" + stream))).split()
            if answer[0].startswith(b"E"):
                break
            left.append(int(answer[0]))
        return int(re.search(r"-T (\d+)", options)[1]) - max(left) if left else None

    @staticmethod
    def streams(ask, call, media, numbers):
        """RTPProxy reports the side that is named first as `a`; relayed packets are the sum of both sides."""
        counts = {}
        for number in numbers:
            sides = [f"{media.tag};{number}", "-"]
            sides = sides if media.side == "platform" else sides[::-1]
            told = ask(b" ".join((b"Q", call, *(side.encode() for side in sides), COUNTERS))).split()
            if not told[0].startswith(b"E"):
                came, back, relayed, lost = map(int, told[:4])
                counts[number] = Counts(came, None if back else relayed, lost, float(told[4]))
        return counts

    @staticmethod
    def end(ask, call, tag):
        ask(b" ".join((b"D", call, tag)))

    @staticmethod
    def probe(ask):
        """U creates a session and returns its port; D deletes it, even if the answer came too late."""
        call = b"selftest-" + secrets.token_hex(8).encode()
        try:
            port = int(ask(b"U " + call + b" 127.0.0.1 9 a").split()[0])
        finally:
            ask(b"D " + call + b" a")
        return "ok" if port > 0 else "-"
