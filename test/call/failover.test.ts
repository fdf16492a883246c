import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { callsFromAll, ofEachKind, outcomes } from "../support/all-kinds.js";
import { CallLab, pause, withEachRelay } from "../support/call-lab.js";
import { slackFromNow } from "../support/slack.js";

/** Faults of a recorder, with the longest set-up time of a call to such a recorder, in milliseconds, on an idle machine. */
const faults: {
  title: string;
  most: number;
  begin: (lab: CallLab, name: string) => Promise<unknown>;
  end: (lab: CallLab, name: string) => Promise<unknown>;
}[] = [
  {
    title: "is stopped",
    most: 3500,
    begin: (lab, name) => lab.recorder(name).stop(),
    end: (lab, name) => lab.startRecorder(name),
  },
  {
    title: "hangs",
    most: 3500,
    begin: (lab, name) => Promise.resolve(lab.recorder(name).freeze(true)),
    end: (lab, name) => Promise.resolve(lab.recorder(name).freeze(false)),
  },
  {
    title: "answers OPTIONS, but no INVITE",
    most: 3500,
    begin: (lab, name) => lab.recorder(name).behave({ invite: "silent" }),
    end: (lab, name) => lab.recorder(name).behave({ invite: "answer" }),
  },
  {
    title: "says 100 and nothing more",
    most: 4500,
    begin: (lab, name) => lab.recorder(name).behave({ invite: "trying-then-silent" }),
    end: (lab, name) => lab.recorder(name).behave({ invite: "answer" }),
  },
  {
    title: "says 503",
    most: 3500,
    begin: (lab, name) => lab.recorder(name).behave({ invite: 503 }),
    end: (lab, name) => lab.recorder(name).behave({ invite: "answer" }),
  },
  {
    title: "is gone from the network",
    most: 3500,
    begin: (lab, name) => lab.network.cut(name),
    end: (lab, name) => lab.network.mend(name),
  },
];

withEachRelay((relay) => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({}, { relay });
  });
  afterEach(() => lab.forget());
  afterAll(() => lab?.stop());

  // recorder0 uses UDP, recorder1 TCP
  describe.each([
    { bad: "recorder0", good: "recorder1", over: "UDP" },
    { bad: "recorder1", good: "recorder0", over: "TCP" },
  ])("a recorder over $over", ({ bad, good }) => {
    afterEach(async () => {
      await bringBack(lab);
    });

    it.each(faults)("that $title costs no call", async ({ begin, end, most }) => {
      // measures the same calls on this machine without a fault
      const slack = slackFromNow();
      const well = await callsFromAll(lab, { calls: 4, rate: 100, holdMs: 50, rtp: { rate: 10 } });
      const usual = 4 * Math.max(...well.map(({ summary }) => summary.setUpMs.max));
      await begin(lab, bad);
      try {
        const reports = await callsFromAll(lab, { calls: 4, rate: 100, holdMs: 300, rtp: { rate: 10 } });
        expect(outcomes(reports)).toEqual(ofEachKind({ ok: 4 }));
        for (const { title, summary } of reports) {
          expect(summary.answeredBy, title).toEqual({ [good]: 4 });
          expect(summary.setUpMs.max, title).toBeLessThanOrEqual(most + usual + slack());
        }
        // now the recorder is out, so later calls lose no time
        const { summary } = await lab.calls({ calls: 4, rate: 100, holdMs: 50 });
        expect(summary.answeredBy).toEqual({ [good]: 4 });
        expect(summary.setUpMs.max).toBeLessThan(500 + usual + slack());
      } finally {
        await end(lab, bad);
      }
    });
  });
});

/** Marks a recorder as up at once, instead of waiting 10 s for four answers to OPTIONS. */
async function bringBack(lab: CallLab): Promise<void> {
  // an earlier ping may still fail after fr_timer, and mark the recorder as down again
  await pause(3300);
  for (const { siprec_protocol, siprec_port, private_ip_address } of lab.fleet.recorders) {
    const uri = `sip:${private_ip_address}:${siprec_port};transport=${siprec_protocol}`;
    await lab.proxy().kamcmd("dispatcher.set_state", "ap", "1", uri);
  }
}
