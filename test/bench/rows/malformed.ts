import { mutated, numbers } from "../../support/malformed/mutate.js";
import { multiparts, wholesome } from "../../support/malformed/multiparts.js";
import { settled, shoot, stateOf } from "../../support/malformed/shoot.js";
import { torture } from "../../support/malformed/torture.js";
import { figure, none } from "../figures.js";
import { failed, withLab } from "../lab.js";
import type { Row } from "../row.js";

const count = 1_000_000;
const perSecond = 5000;
/** Allowed growth in bytes: lists and tables grow once. */
const slack = 3 * 1024 * 1024;
const MiB = 1024 * 1024;

export const malformed: Row = {
  name: "malformed",
  test: "malformed SIP: RFC 4475's messages, 78 malformed multiparts, 1,000,000 mutated messages",
  toHold: "no process lost, memory back to where it was",
  run: (relay) =>
    withLab(relay, {}, async (lab) => {
      const ordinary = { calls: 20, rate: 20, holdMs: 100, sipPort: 0, rtp: { rate: 0 } };
      await lab.calls(ordinary);
      const before = await stateOf(lab);
      const began = Date.now();
      const sent = await shoot(lab, all(), perSecond);
      const seconds = (Date.now() - began) / 1000;
      const after = await settled(lab, before, slack, 180_000);
      await lab.proxy().kamcmd("dispatcher.reload");
      const report = await lab.calls(ordinary);
      return [
        figure("messages", sent, "", { is: torture.length + multiparts.length + count }),
        figure("rate", sent / seconds, "/s"),
        none("processes lost", before.processes.filter((pid) => !after.processes.includes(pid)).length),
        figure("shared memory", (after.shared - before.shared) / MiB, "MiB more", { atMost: slack / MiB }),
        figure("private memory", (after.private - before.private) / MiB, "MiB more", { atMost: slack / MiB }),
        none("calls failed afterwards", failed(report)),
      ];
    }),
};

function* all(): Generator<Buffer> {
  const random = numbers(4475);
  const whole = [...torture, ...multiparts].map(({ message }) => message);
  yield* whole;
  const seeds = [...whole, wholesome];
  for (let i = 0; i < count; i++) yield mutated(seeds[random(seeds.length)] ?? wholesome, random);
}
