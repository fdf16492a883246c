#!/usr/bin/python3 -IB
"""Ends dead calls, and frees media of ended calls. Reports calls that are not recorded.

call-watch.py PROTOCOL TIMEOUT HOST:PORT UNIT... ADDRESS...     TIMEOUT: rtp_timeout, in seconds; HOST:PORT: Kamailio's for UDP

Kamailio's table `media` has the calls of the media relay; its dialogs are the calls that Kamailio knows.
- Media of a call without a dialog are freed, even if packets arrive: this run of Kamailio has set up the call, and would know it.
  Calls from before a restart of Kamailio are unknown: their media are freed after TIMEOUT without a packet, or after 30 s if the
  call was not yet answered.
- 10 s after the answer of a call: checks that packets of its streams arrive and are forwarded (recorded.py).
- At the end of a call: logs the relay's counters (ended_calls.py).
- A call without an ACK for 40 s (the recorder gives up after 32 s) is ended.
- A call without a packet for TIMEOUT (immediately, if a side has answered a request with 481 or not at all) is probed by OPTIONS to
  both sides. It is ended if neither answers, or if one answers 481. Other answers mean that it is on hold, or that OPTIONS is not
  supported.
- Media of a call that another proxy has set up are freed after TIMEOUT without a packet.
"""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import probe_ends
from call_log import shown
from ended_calls import Ends
from kamailio import rpc, rpc_of_any_length, run, table
from recorded import LATE, LOOK, Recorded
from relays import Relay, processes, say
from streams import Media
from threads import keep_running

# Seconds: between two rounds; for an answer of the relay. Without one, the relay is not queried until the next round.
ROUND = 5
PATIENCE = 1
# Seconds until a call without an ACK is ended, and until media without a call are freed.
NO_ACK = 40
NEVER_A_CALL = 30
# Rounds in a row in which a side must not answer, or a dialog must be unknown.
ROUNDS = 2
# States of Kamailio's dialogs.
UNACKNOWLEDGED, CONFIRMED, OVER = 3, 4, 5


def main():
    protocol, timeout, kamailio, *words = sys.argv[1:]
    relay = Relay(protocol, processes(words), PATIENCE, ROUND)
    keep_running(Ends(relay, kamailio).run)
    calls = Calls(relay, int(timeout), kamailio)
    while True:
        time.sleep(ROUND)
        try:
            calls.round()
        except (OSError, ValueError, LookupError) as error:
            calls.say_once(f"the calls cannot be checked: {error!r}")


class Call:
    """A call with media in the relay."""

    def __init__(self, id_, value, kamailio):
        self.id = id_
        # its value in the table `media`
        self.value = value
        media = Media(value)
        self.instance, self.tag = media.instance, media.tag
        # the run of Kamailio that has set it up
        self.kamailio = kamailio
        self.confirmed = self.looked = False
        self.unknown = self.gone = 0
        self.due = 0
        self.lost = None


class Calls:
    def __init__(self, relay, timeout, kamailio):
        self.relay, self.timeout, self.address = relay, timeout, kamailio
        self.recorded = Recorded(relay)
        self.calls = {}
        self.kamailio = None
        self.told = None

    def round(self):
        with open(run + "/kamailio.pid", encoding="utf-8") as file:
            kamailio = file.read().strip()
        held = [] if kamailio == self.kamailio else list(self.relay.calls())
        # in this order, because a new call gets its dialog before its media
        media = table("media")
        doubtful = table("doubtful")
        dialogs = {dialog["call-id"]: dialog for dialog in rpc_of_any_length("dlg.briefing", "cSs")}
        for id_, value in media.items():
            if id_ not in self.calls:
                self.calls[id_] = Call(id_, value, kamailio)
            self.calls[id_].value = value
        for id_, instance, answered in held:
            # set up by an earlier run of Kamailio, just before its end
            if id_ not in self.calls and id_ not in dialogs:
                self.calls[id_] = Call(id_, instance, None)
                self.calls[id_].confirmed = answered
        self.kamailio = kamailio
        to_ask = []
        for call in list(self.calls.values()):
            dialog = dialogs.get(call.id)
            try:
                if dialog and dialog["state"] < OVER:
                    self.running(call, dialog, call.id in doubtful, to_ask)
                elif call.id in media and Media(media[call.id]).moved:
                    self.moved(call)
                elif call.id in media:
                    self.over(call)
                elif call.kamailio == kamailio or self.forgotten(call):
                    del self.calls[call.id]
            except OSError:
                # the relay does not answer: try again in the next round
                continue
            except (ValueError, LookupError) as error:
                self.say_once(f"call {shown(call.id)}: {error!r}")
        self.ask(to_ask)

    def running(self, call, dialog, doubtful, to_ask):
        call.unknown = 0
        # Kamailio sets the state of an answered call first, and then the time of the answer
        age = time.time() - (dialog["start_ts"] or time.time())
        if dialog["state"] == CONFIRMED:
            call.confirmed = True
            if age >= LOOK and not call.looked:
                if age < LATE:
                    self.recorded.look(call)
                call.looked = True
            now = time.monotonic()
            if doubtful or now >= call.due:
                idle = self.idle(call, now)
                # both sides are probed several times, starting this long before the timeout
                early = min(60, self.timeout / 2)
                if doubtful and idle >= 2 * ROUND or idle >= self.timeout - early:
                    to_ask.append((call, doubtful or idle >= self.timeout - 2 * ROUND))
                else:
                    call.due = now + self.timeout - early - idle
        elif dialog["state"] == UNACKNOWLEDGED and age >= NO_ACK:
            self.finish(call, f"its answer was not acknowledged for {NO_ACK} s")

    def idle(self, call, now):
        """Seconds without a packet, measured since media were first missing."""
        idle = self.relay.idle(call)
        if idle is not None:
            call.lost = None
            return idle
        if call.lost is None:
            call.lost = now
        return now - call.lost

    def ask(self, due):
        """Probes both sides of calls. Calls with `over` are ended if they are dead."""
        answers = probe_ends.ask(self.address, [call.id for call, _ in due])
        for call, over in due:
            answer = answers.get(call.id)
            if answer is True:
                call.gone = 0
                call.due = time.monotonic() + self.timeout / 2
                forget("doubtful", call.id)
            elif answer is False:
                call.gone += 1
                if over and call.gone >= ROUNDS:
                    self.finish(call, "no packets arrive, and both ends are gone")

    def over(self, call):
        call.unknown += 1
        if call.unknown >= ROUNDS:
            self.free(call, "its dialog has ended")

    def moved(self, call):
        """Handles a call that another proxy has set up. There is no dialog here, so its sides cannot be probed."""
        if self.idle(call, time.monotonic()) >= self.timeout:
            self.free(call, "it was set up by another proxy, and no packets arrive")

    def forgotten(self, call):
        """Whether a call of an earlier run of Kamailio is dead."""
        idle = self.relay.idle(call)
        if idle is not None and idle >= (self.timeout if call.confirmed else NEVER_A_CALL):
            self.relay.end(call)
            say(f"call {shown(call.id)}: no packets since Kamailio was restarted: its media sessions are deleted")
        return idle is None

    def finish(self, call, why):
        dialog = probe_ends.dialog(call.id)
        tags = [dialog[end]["tag"] for end in ("caller", "callee")] if dialog else []
        try:
            rpc("dlg.terminate_dlg", call.id, *tags)
        except (OSError, ValueError):
            # BYEs to a dead side may take long; or the call has ended in the meantime
            pass
        self.free(call, why)

    def free(self, call, why):
        self.relay.end(call)
        forget("media", call.id)
        say(f"call {shown(call.id)}: {why}: its media sessions are deleted")
        self.calls.pop(call.id, None)

    def say_once(self, text):
        if text != self.told:
            self.told = text
            say(text)


def forget(name, key):
    """Removes it from one of Kamailio's tables, where it may not exist any more."""
    try:
        rpc("htable.delete", name, key)
    except ValueError:
        pass


if __name__ == "__main__":
    main()
