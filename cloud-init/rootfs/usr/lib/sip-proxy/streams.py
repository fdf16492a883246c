"""The streams of a call, from the platform to the recorder. Imported, never run."""

from typing import NamedTuple, Optional

# Most streams of a call that are checked.
MOST = 8


class Counts(NamedTuple):
    """The relay's counters of a stream; None for values that it does not report."""

    # received from the platform, and forwarded to the recorder
    packets: Optional[int] = None
    relayed: Optional[int] = None
    # missing by sequence numbers
    lost: Optional[int] = None
    # interarrival jitter (RFC 3550, 6.4.1), in milliseconds
    jitter_ms: Optional[float] = None


class Media:
    """A value of Kamailio's table `media`: INSTANCE TAG SIDE OFFERED ANSWERED (modules.cfg), possibly only the first words."""

    def __init__(self, value):
        self.instance, self.tag, side, offered, answered = (value.split(" ") + [""] * 5)[:5]
        self.side = side.removeprefix("moved-")
        # whether another proxy has set up the call
        self.moved = self.side != side
        self.numbers = [*range(1, min(len(answered), MOST) + 1)]
        # streams on which packets are expected
        self.going = [number for number in self.numbers if offered[number - 1 : number] == answered[number - 1] == "1"]
