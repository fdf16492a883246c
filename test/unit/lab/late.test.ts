import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/lab/demo/late.js";
import { faultsOf } from "../../../src/lab/demo/report.js";
import { Lateness } from "../../../src/lab/lateness.js";

const onTime = { who: "the platform", ms: 180 };
const late = { who: "recorder0", ms: 640 };

describe("what came of the demonstration's calls", () => {
  it.each([
    { title: "no fault on time", faults: [], late: [onTime], kind: "good" },
    { title: "no fault, though late", faults: [], late: [late], kind: "good" },
    {
      title: "a fault on time is the proxy's",
      faults: ["call 3: timeout (0)"],
      late: [onTime],
      kind: "faults",
    },
    {
      title: "a fault while the lab was held up",
      faults: ["call 3: timeout (0)"],
      late: [onTime, late],
      kind: "too slow",
    },
  ])("$title: $kind", ({ faults, late, kind }) => {
    expect(judge(faults, late).kind).toBe(kind);
  });

  it("names those alone who were too late", () => {
    expect(judge(["call 3: timeout (0)"], [onTime, late])).toEqual({ kind: "too slow", late: [late] });
  });

  it("a first call without an answer, a leg's faults, and packets that nobody recorded are faults", () => {
    const leg = {
      proxy: "sipproxy0",
      transport: "udp" as const,
      placed: 1,
      answered: 1,
      recorders: {},
      lateMs: 0,
    };
    const faults = faultsOf({
      boots: [{ host: "sipproxy0", ready: 3, wall: 4, firstCall: undefined }],
      legs: [{ ...leg, faults: ["call 0: BYE got 481"], rtpSent: 300 }],
      media: { received: 299, lost: 1 },
    });
    expect(faults).toEqual([
      "sipproxy0: its first call was not answered",
      "sipproxy0 udp: call 0: BYE got 481",
      "1 of 300 RTP packets were not recorded",
    ]);
  });
});

it("a process that is held up knows for how long, until it forgets", async () => {
  const lateness = new Lateness();
  await sleep(50);
  const until = performance.now() + 400;
  while (performance.now() < until);
  await sleep(50);
  expect(lateness.ms).toBeGreaterThanOrEqual(350);
  lateness.forget();
  expect(lateness.ms).toBe(0);
});
