import { expect } from "vitest";
import type { CallLab } from "./call-lab.js";
import { eventually } from "./eventually.js";

/** Packets that recorders have got of each stream of the calls that are up. */
export async function packetsByStream(lab: CallLab): Promise<Map<string, number>> {
  const stats = await Promise.all([...lab.recorders.values()].map((recorder) => recorder.stats()));
  const up = stats.flatMap(({ calls }) => calls.filter(({ state }) => state === "up"));
  return new Map(
    up.flatMap(({ callId, streams }) => streams.map(({ label, packets }) => [`${callId} ${label}`, packets])),
  );
}

/** Waits until each stream has got some packets more. */
export async function untilAllGet(lab: CallLab, before: Map<string, number>): Promise<void> {
  await eventually(async () => {
    const now = await packetsByStream(lab);
    for (const [stream, packets] of before) expect(now.get(stream), stream).toBeGreaterThan(packets + 5);
  });
}
