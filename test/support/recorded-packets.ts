import { expect } from "vitest";
import type { CallResult, RecordedCall } from "../../src/lab/agents.js";
import type { CallLab } from "./call-lab.js";
import { eventually } from "./eventually.js";

/** Packets that recorders have received on each stream of current calls. */
export async function packetsByStream(lab: CallLab): Promise<Map<string, number>> {
  const stats = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.stats()));
  const up = stats.flatMap(({ calls }) => calls.filter(({ state }) => state === "up"));
  return new Map(
    up.flatMap(({ callId, streams }) => streams.map(({ label, packets }) => [`${callId} ${label}`, packets])),
  );
}

/** Waits until each stream has received some more packets. */
export async function untilAllGet(lab: CallLab, before: Map<string, number>): Promise<void> {
  await eventually(async () => {
    const now = await packetsByStream(lab);
    for (const [stream, packets] of before) expect(now.get(stream), stream).toBeGreaterThan(packets + 5);
  });
}

/** Checks that each ended call had packets, and that all of them reached its recorder. Returns the recorders' data about the calls. */
export async function allArrived(
  lab: CallLab,
  reports: readonly { calls: CallResult[] }[],
): Promise<RecordedCall[]> {
  const recorded = await lab.recorded();
  return reports
    .flatMap(({ calls }) => calls)
    .map(({ callId, rtp, variant }) => {
      const there = recorded.find((call) => call.callId === callId);
      const arrived = there?.streams.map(({ packets }) => packets);
      expect(arrived, `${variant} ${callId}`).toEqual(rtp.map(({ packets }) => packets));
      expect(rtp[0]?.packets).toBeGreaterThan(0);
      return there ?? expect.fail();
    });
}
