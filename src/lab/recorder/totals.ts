import type { Counters } from "../sip/client-transaction.js";
import type { RecordedCall, RecorderTotals } from "./protocol.js";

/** Counters that the server updates. The other totals are computed on demand. */
export class Tally {
  invites = 0;
  answered = 0;
  acks = 0;
  noAck = 0;
  reinvites = 0;
  byes = 0;
  cancels = 0;
  options = 0;
  unknownDialog = 0;
  active = 0;
  mostActive = 0;

  rise(): void {
    this.answered++;
    this.active++;
    this.mostActive = Math.max(this.mostActive, this.active);
  }

  fall(): void {
    this.active--;
  }
}

export function totalsOf(
  tally: Tally,
  calls: RecordedCall[],
  counters: Counters,
  lateMs: number,
): RecorderTotals {
  const streams = calls.flatMap((call) => call.streams);
  return {
    ...tally,
    lateMs,
    rtpPackets: streams.reduce((sum, stream) => sum + stream.packets, 0),
    rtpLost: streams.reduce((sum, stream) => sum + stream.lost, 0),
    sipSent: counters.sent,
    sipReceived: counters.received,
    retransmissions: counters.retransmissions,
    malformed: counters.malformed,
    stray: counters.stray,
  };
}
