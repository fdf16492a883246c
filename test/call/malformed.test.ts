import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";
import { mutated, numbers } from "../support/malformed/mutate.js";
import { multiparts, wholesome } from "../support/malformed/multiparts.js";
import { settled, shoot, stateOf, type State } from "../support/malformed/shoot.js";
import { torture } from "../support/malformed/torture.js";

/** Bytes that may stay: lists and tables that have grown once. */
const slack = 3 * 1024 * 1024;

describe("malformed SIP from a trusted platform", () => {
  let lab: CallLab;
  let before: State;
  beforeAll(async () => {
    lab = await CallLab.start({}, { recorder: { quiet: true } });
    await lab.calls({ calls: 20, rate: 20, holdMs: 100, sipPort: 0, rtp: { rate: 0 } });
    before = await stateOf(lab);
  });
  afterAll(() => lab?.stop());

  /**
   * Nothing has ended, and the next call is taken. (Recorders answer 500 to what they cannot read, and who answers 5xx is
   * out until it has answered OPTIONS: a reload brings them back at once.)
   */
  async function survives() {
    await lab.proxy().kamcmd("dispatcher.reload");
    expect((await stateOf(lab)).processes).toEqual(before.processes);
    const { summary } = await lab.calls({ calls: 4, rate: 20, holdMs: 100, sipPort: 0, rtp: { rate: 0 } });
    expect(summary.outcomes).toMatchObject({ ok: 4 });
  }

  it("the messages of RFC 4475 end no process", async () => {
    expect(torture).toHaveLength(49);
    expect(await shoot(lab, messages(torture), 100)).toBe(torture.length);
    await survives();
  });

  it("78 malformed multipart bodies end no process", async () => {
    expect(new Set(multiparts.map(({ message }) => message.toString("latin1"))).size).toBe(78);
    expect(await shoot(lab, messages(multiparts), 100)).toBe(78);
    await survives();
  });

  it("20,000 mutated messages end no process, and memory comes back", async () => {
    expect(await shoot(lab, mutations(20_000), 2000)).toBe(20_000);
    await survives();
    const after = await settled(lab, before, slack, 150_000);
    expect(after.shared - before.shared).toBeLessThan(slack);
    expect(after.private - before.private).toBeLessThan(slack);
  });
});

const messages = (list: { message: Buffer }[]) => list.map(({ message }) => message);

function* mutations(count: number) {
  const random = numbers(4475);
  const seeds = [...messages(torture), ...messages(multiparts), wholesome];
  for (let i = 0; i < count; i++) yield mutated(seeds[random(seeds.length)] ?? wholesome, random);
}
