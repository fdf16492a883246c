"""The streams of a call, from the platform to the recorder. Imported, never run."""

from typing import NamedTuple, Optional

# Of a call so many are looked at.
MOST = 8


class Counts(NamedTuple):
    """What the relay has counted of a stream; None for what it does not tell."""

    # that came from the platform, and that left for the recorder
    packets: Optional[int] = None
    relayed: Optional[int] = None
    # that are missing by their sequence numbers
    lost: Optional[int] = None
    # between arrivals (RFC 3550, 6.4.1), in milliseconds
    jitter_ms: Optional[float] = None


class Media:
    """What Kamailio's table `media` says of a call: INSTANCE TAG SIDE OFFERED ANSWERED (modules.cfg), in part or as a whole."""

    def __init__(self, value):
        self.instance, self.tag, side, offered, answered = (value.split(" ") + [""] * 5)[:5]
        self.side = side.removeprefix("moved-")
        # whether another proxy has set the call up
        self.moved = self.side != side
        self.numbers = [*range(1, min(len(answered), MOST) + 1)]
        # those on which packets are to come
        self.going = [number for number in self.numbers if offered[number - 1 : number] == answered[number - 1] == "1"]
