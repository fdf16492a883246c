#!/usr/bin/python3 -IB
"""Ends what nobody ends: media of calls that are over, and calls that are gone. Tells which calls are not recorded.

call-watch.py PROTOCOL TIMEOUT HOST:PORT UNIT... ADDRESS...     TIMEOUT: rtp_timeout, in seconds; HOST:PORT: Kamailio's for UDP

Kamailio's table `media` says what the media relay holds; its dialogs say which calls there are.
- The media of a call without a dialog are freed, also while packets come: the call was set up under this Kamailio, which would
  know of it. What was set up under one before, nobody knows any more: it is freed when no packet has come for TIMEOUT; for 30 s
  where it was not yet a call.
- A call that was answered 10 s ago is looked at: whether the packets that its streams should have come, and leave (recorded.py).
- Of a call that ends, the relay's counts are told (ended_calls.py).
- A call whose answer nobody has acknowledged for 40 s (the recorder gives up after 32) is ended.
- So is a call without a packet for TIMEOUT (at once, where an end has answered a request 481 or not at all) when OPTIONS to either
  end are answered by neither, or 481 by one. Any other answer says that it is on hold, or that the end does not know OPTIONS.
- The media of a call that another proxy has set up are freed when no packet has come for TIMEOUT.
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

# Seconds: between two rounds; for an answer of the relay, which is then not asked until the next one.
ROUND = 5
PATIENCE = 1
# Seconds after which an answer without ACK, and media that never became a call, are given up.
NO_ACK = 40
NEVER_A_CALL = 30
# Rounds in which an end must be gone, or a dialog unknown.
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
    """A call whose media the relay holds, as far as this program knows."""

    def __init__(self, id_, value, kamailio):
        self.id = id_
        # of the table `media`
        self.value = value
        media = Media(value)
        self.instance, self.tag = media.instance, media.tag
        # the run of Kamailio under which it was set up
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
        # in this order: a call that begins in between has a dialog before it has media
        media = table("media")
        doubtful = table("doubtful")
        dialogs = {dialog["call-id"]: dialog for dialog in rpc_of_any_length("dlg.briefing", "cSs")}
        for id_, value in media.items():
            if id_ not in self.calls:
                self.calls[id_] = Call(id_, value, kamailio)
            self.calls[id_].value = value
        for id_, instance, answered in held:
            # set up under a former Kamailio, just before its end
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
                # the relay does not answer: the next round will see
                continue
            except (ValueError, LookupError) as error:
                self.say_once(f"call {shown(call.id)}: {error!r}")
        self.ask(to_ask)

    def running(self, call, dialog, doubtful, to_ask):
        call.unknown = 0
        age = time.time() - dialog["start_ts"]
        if dialog["state"] == CONFIRMED:
            call.confirmed = True
            if age >= LOOK and not call.looked:
                if age < LATE:
                    self.recorded.look(call)
                call.looked = True
            now = time.monotonic()
            if doubtful or now >= call.due:
                idle = self.idle(call, now)
                # so long before the time is over the ends are asked, several times
                early = min(60, self.timeout / 2)
                if doubtful and idle >= 2 * ROUND or idle >= self.timeout - early:
                    to_ask.append((call, doubtful or idle >= self.timeout - 2 * ROUND))
                else:
                    call.due = now + self.timeout - early - idle
        elif dialog["state"] == UNACKNOWLEDGED and age >= NO_ACK:
            self.finish(call, f"its answer was not acknowledged for {NO_ACK} s")

    def idle(self, call, now):
        """Without its media, since those were missed."""
        idle = self.relay.idle(call)
        if idle is not None:
            call.lost = None
            return idle
        if call.lost is None:
            call.lost = now
        return now - call.lost

    def ask(self, due):
        """Asks the ends of calls; those of which is said `over` end when they are gone."""
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
        """A call that another proxy has set up: there is no dialog of it here, whose ends could be asked."""
        if self.idle(call, time.monotonic()) >= self.timeout:
            self.free(call, "it was set up by another proxy, and no packets arrive")

    def forgotten(self, call):
        """A call of a former Kamailio: whether there is nothing left of it."""
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
            # its BYEs may take long, to ends that are gone; or it has ended by itself
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
    """Takes it out of one of Kamailio's tables, where it may be no more."""
    try:
        rpc("htable.delete", name, key)
    except ValueError:
        pass


if __name__ == "__main__":
    main()
