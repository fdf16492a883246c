"""The chosen calls, and which packets are theirs. Imported, never run."""

import struct
import time

import host_calls
from sip_messages import Reader

# Seconds. LAST: for a call's last packets after its end. UNDECIDED: packets are kept this long until it is known whether the call is chosen.
LAST, UNDECIDED = 2, 40
# Limits: packets of an undecided call, and undecided calls.
MOST_PACKETS, MOST_CALLS = 64, 2000


class Call:
    def __init__(self, id_, up):
        self.id, self.up = id_, up
        self.ports, self.legs, self.packets, self.over = set(), set(), 0, None


class Trace:
    def __init__(self, choice, recorders, relay, write, tell):
        self.choice, self.relay, self.write, self.tell = choice, relay, write, tell
        self.wanted = [each for each in recorders if each[0] in choice["recorders"]]
        self.recorder_addresses = set().union(*(each[1] for each in recorders))
        self.reader = Reader()
        # by Call-ID: chosen calls; undecided calls with their packets
        self.calls, self.undecided = {}, {}
        # even port: Call
        self.ports, self.ports_changed = {}, True

    def choose(self, id_, up=False):
        call = self.calls[id_] = Call(id_, up)
        if up:
            self.learn(call)
        self.tell(event="call", call_id=id_, up=up)
        return call

    def learn(self, call):
        """Learns the ports that were in no message."""
        ports = host_calls.media_ports(self.relay, call.id)
        if ports is None:
            self.tell(event="note", call_id=call.id, note="its RTP is missing: the media relay does not report its ports")
        else:
            self.give(call, ports)

    def choose_up(self, calls):
        for call in calls:
            platform = (call["source"] or "").split(":")[1:2]
            if not self.is_full() and self.is_chosen(call["call_id"], platform, call["recorder"] and [call["recorder"]]):
                self.choose(call["call_id"], up=True)

    def is_chosen(self, id_, platforms, recorders):
        choice = self.choice
        if choice["ids"]:
            return id_ in choice["ids"]
        asked = [(choice["platforms"], platforms), (choice["recorders"], recorders)]
        return any(wanted for wanted, _ in asked) and all(not wanted or set(wanted) & set(found or ()) for wanted, found in asked)

    def is_full(self):
        return len(self.calls) >= self.choice["calls"]

    def take(self, packet):
        try:
            messages = self.reader.read(packet)
            if messages is None:
                self.rtp(packet)
            for message, packets in messages or ():
                self.message(message, packets)
        except (struct.error, IndexError):
            # the packet is truncated
            pass

    def rtp(self, packet):
        """The host's own port decides: a platform or recorder may use the same number for another call."""
        source, destination = struct.unpack_from("!HH", packet.data, (packet.data[0] & 15) * 4)
        call = self.ports.get((source if packet.outgoing else destination) & ~1)
        if call:
            self.keep(call, [packet])

    def message(self, message, packets):
        id_ = message.call_id
        call = self.calls.get(id_) or self.decide(id_, message, packets)
        if message.outgoing:
            self.take_ports(call, message.media_ports())
        if not call:
            return
        self.keep(call, packets)
        call.legs.add(self.leg(message))
        status = message.status or 0
        if status >= 300 and message.method == "INVITE" and self.leg(message) == "platform" or status >= 200 and message.method == "BYE":
            call.over = call.over or time.monotonic()
        elif status >= 200 and message.method == "INVITE" and call.legs == {"recorder"}:
            # the other leg is encrypted, so its ports cannot be read
            self.learn(call)

    def take_ports(self, call, ports):
        """A message that the host sends contains the host's ports. Ports that another call used before now belong to this call."""
        for port in {port & ~1 for port in ports} & self.ports.keys():
            if self.ports[port] is not call:
                del self.ports[port]
                self.ports_changed = True
        if call:
            self.give(call, ports)

    def give(self, call, ports):
        new = {port & ~1 for port in ports} - call.ports
        call.ports |= new
        self.ports.update(dict.fromkeys(new, call))
        self.ports_changed = self.ports_changed or bool(new)

    def leg(self, message):
        return "recorder" if (message.destination if message.outgoing else message.source) in self.recorder_addresses else "platform"

    def decide(self, id_, message, packets):
        """The call, if this message shows that it is chosen."""
        if self.is_full():
            return None
        if id_ in self.choice["ids"]:
            return self.choose(id_)
        if self.choice["ids"] or id_ not in self.undecided and not message.begins_call():
            return None
        if id_ not in self.undecided and len(self.undecided) < MOST_CALLS:
            self.undecided[id_] = (time.monotonic(), [], set(), set(), set())
        _, kept, legs, platforms, recorders = self.undecided.get(id_, (0, [], set(), set(), set()))
        legs.add(self.leg(message))
        if message.begins_call() and self.leg(message) == "platform":
            platforms.add(message.source)
        elif message.begins_call():
            platforms.add(message.sender_before())
            recorders.update(uri for uri, addresses, port, _ in self.wanted if message.destination in addresses and message.port == port)
        bare = not self.choice["platforms"] and not self.choice["recorders"]
        if not bare and not self.is_chosen(id_, platforms, recorders):
            kept += packets[: MOST_PACKETS - len(kept)]
            return None
        self.undecided.pop(id_, None)
        call = self.choose(id_)
        call.legs |= legs
        self.keep(call, kept)
        return call

    def keep(self, call, packets):
        call.packets += len(packets)
        for packet in packets:
            self.write(packet)

    def forget(self):
        """Removes ended calls; True if no more packets are expected."""
        now = time.monotonic()
        self.undecided = {id_: it for id_, it in self.undecided.items() if now - it[0] < UNDECIDED}
        over = {call for call in self.calls.values() if call.over and now - call.over > LAST}
        for port, call in [*self.ports.items()]:
            if call in over:
                del self.ports[port]
                self.ports_changed = True
        ids = self.choice["ids"]
        complete = len(self.calls) == len(ids) if ids else self.is_full()
        return complete and len(over) == len(self.calls)
