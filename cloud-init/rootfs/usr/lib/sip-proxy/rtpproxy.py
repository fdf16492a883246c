"""RTPProxy's control protocol. Imported, never run."""

import re
import secrets

from streams import Counts


# Of a session: packets in from either side, relayed from both; missing and jitter (on an average, ms) of the first side.
COUNTERS = b"npkts_ina npkts_ino nrelayed rtpa_nlost rtpa_javg"


class Rtpproxy:
    """RTPProxy's protocol: lines of text. (https://www.rtpproxy.org/doc/protocol.html)"""

    first_port, last_port = r"-m[ =](\d+)", r"-M[ =](\d+)"
    # that it can use: one thread relays
    cores = 1

    @staticmethod
    def sessions(ask):
        lines = (line.partition(":") for line in ask(b"I").decode().splitlines())
        return int({name.strip(): value for name, _, value in lines}["active sessions"])

    @staticmethod
    def packets(ask):
        """That it has relayed, all in user space."""
        return int(ask(b"G npkts_relayed"))

    @staticmethod
    def calls(_ask):
        """It lists none. Those that nobody has answered it forgets by itself (-W)."""
        return {}

    @staticmethod
    def idle(ask, call, tag, options):
        """Seconds since the last packet of any of its streams, each a session of its own; None when it has none. What is asked for
        is the time that is left: it counts down from -T, once the call is answered."""
        left = []
        for stream in (b"1", b"2", b"3", b"4"):
            answer = ask(b" ".join((b"Q", call, tag + b";" + stream))).split()
            if answer[0].startswith(b"E"):
                break
            left.append(int(answer[0]))
        return int(re.search(r"-T (\d+)", options)[1]) - max(left) if left else None

    @staticmethod
    def streams(ask, call, media, numbers):
        """Of a stream's two sides it tells the one named first as `a`; what it has relayed of both together."""
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
        """U makes a session and answers with its port; D ends it, also where the answer came too late."""
        call = b"selftest-" + secrets.token_hex(8).encode()
        try:
            port = int(ask(b"U " + call + b" 127.0.0.1 9 a").split()[0])
        finally:
            ask(b"D " + call + b" a")
        return "ok" if port > 0 else "-"
