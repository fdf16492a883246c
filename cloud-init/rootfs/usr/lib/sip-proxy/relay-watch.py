#!/usr/bin/python3 -IB
"""Watches the media relay's processes, and kills one that hangs; systemd restarts it.

relay-watch.py PROTOCOL LIMIT UNIT... ADDRESS...     LIMIT in seconds; as many addresses as units, in their order

A process without an answer for 2 s gets no new calls: it is marked in Kamailio's table `silent` until it answers. If it has not
answered and has not relayed a packet for 10 s, it is killed. As long as it relays, its calls continue, for at most LIMIT seconds.
Time by which this program itself was late does not count, because then the machine is slow.

With forwarding in the kernel (RELAY_KERNEL: the relay's name and its arguments for it), its nftables rules are maintained (forwarding.py).

A fully loaded process (load.py) gets no new calls either, by the table `full`, because it would lose packets of all its calls.
The table `heard` has the time of the last answer of each: calls that have waited for one then use another that has answered since.
"""

import os
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from forwarding import Forwarding
from kamailio import rpc
from load import Load
from packets import Packets, output
from relays import processes, protocols, rtp_ports, say
from threads import keep_running

# Seconds: between two checks, the same after a check without an answer, for one answer, and by which a check may be late.
LOOK = 1
SOON = 0.2
PATIENCE = 1
LATE = 0.5
# Seconds without an answer after which a process gets no calls, and seconds without answer and packet after which it is killed.
MARK = 2
END = 10
# Milliseconds after which MEDIA_CLOCK (media.cfg) starts again at 0.
CLOCK = 10**9
# A process is killed at most ENDS times in ENDS_IN seconds: if it hangs repeatedly, this does not help.
ENDS, ENDS_IN = 3, 600


def main():
    protocol, limit, *words = sys.argv[1:]
    for process in processes(words):
        keep_running(Watch(protocol, int(limit), process).run)
    if "RELAY_KERNEL" in os.environ:
        name, _, arguments = os.environ["RELAY_KERNEL"].partition(" ")
        keep_running(Forwarding(name, arguments).run)
    threading.Event().wait()


class Watch:
    """One process."""

    def __init__(self, protocol, limit, process):
        self.protocol, self.limit, self.process = protocol, limit, process
        self.unit, self.name, self.number = process.unit, process.name, process.number
        self.packets = Packets(f"sip_proxy_watch_{self.number}", self.ports)
        self.load = Load(protocols[protocol].cores, self.pid, self.ports)
        self.sessions = 0
        self.ended = []
        self.marked = False
        self.full = None
        self.forget()

    def forget(self):
        """Resets the state: the process answers, or is a new one."""
        self.silence = 0
        self.told = set()
        self.packets.forget()

    def run(self):
        due = time.monotonic()
        while True:
            began = time.monotonic()
            answers = self.asks()
            took = time.monotonic() - began
            # a process that starts refuses at first, and may get no calls until its first answer
            pause = LOOK if answers or self.silence >= END else SOON
            if answers:
                self.answered()
            elif began - due <= LATE and took <= PATIENCE + LATE:
                self.silent(max(took, pause))
            if answers or took >= PATIENCE:
                self.looks_for_room()
            due = max(began + pause, time.monotonic())
            time.sleep(max(0, due - time.monotonic()))

    def asks(self):
        try:
            self.sessions = protocols[self.protocol].sessions(self.process.asking(PATIENCE))
            return True
        except (OSError, ValueError, LookupError, TypeError):
            return False

    def answered(self):
        if self.marked:
            say(f"{self.name} answers again: it gets new calls")
            self.marked = False
        # a call that got a late answer may also have set the mark
        in_kamailio("htable.delete", "silent", self.number)
        in_kamailio("htable.seti", "heard", self.number, int(time.time() * 1000) % CLOCK)
        if self.silence > 0:
            self.forget()

    def silent(self, seconds):
        """Handles a timely check without an answer. `seconds`: time until the next check."""
        self.silence += seconds
        silence, still = self.silence, self.packets.still()
        if silence < MARK:
            return
        if not self.marked:
            say(f"{self.name} does not answer: it gets no new calls")
        # set each time: the mark expires, and Kamailio may have been restarted
        self.marked = True
        in_kamailio("htable.seti", "silent", self.number, 1)
        if silence >= END and still is not None and still >= END:
            self.end(f"no answer for {silence:.0f} s, no packet relayed for {still:.0f} s")
        elif silence >= self.limit:
            self.end(f"no answer for {silence:.0f} s, the limit for its last calls")
        elif silence >= END and (still is None or still < END - MARK):
            known = "it still relays packets: it keeps its calls until the last one has ended"
            self.once("it is unknown whether it still relays packets" if still is None else known)

    def looks_for_room(self):
        full, before = self.load.look(), self.full
        self.full = full
        if full:
            if not before:
                say(f"{self.name} is full, and gets no new calls: {full}")
            # set each time: the mark expires
            in_kamailio("htable.seti", "full", self.number, 1)
        elif before:
            say(f"{self.name} has room for new calls again")
            in_kamailio("htable.delete", "full", self.number)

    def pid(self):
        return systemctl("show", "--property=MainPID", "--value", self.unit)

    def end(self, why):
        self.ended = [moment for moment in self.ended if time.monotonic() - moment < ENDS_IN]
        if len(self.ended) >= ENDS:
            return self.once(f"FAILED: it hangs, but is not ended again: it was ended {ENDS} times in {ENDS_IN} s")
        if self.pid() in (None, "", "0"):
            # the process does not run; systemd restarts it
            return self.once("it does not run")
        self.ended.append(time.monotonic())
        say(f"{self.name}: {why}: ended; {self.sessions} sessions are lost")
        systemctl("kill", "--signal=KILL", self.unit)
        self.forget()

    def once(self, text):
        if text not in self.told:
            self.told.add(text)
            say(f"{self.name}: {text}")

    def ports(self):
        return rtp_ports(self.protocol, self.process.options())


def in_kamailio(method, *params):
    """Calls Kamailio. Ignores errors: Kamailio may not run, or the mark to delete may not exist."""
    try:
        rpc(method, *params, patience=0.3)
    except (OSError, ValueError):
        pass


def systemctl(*words):
    return output(["systemctl", *words])


if __name__ == "__main__":
    main()
