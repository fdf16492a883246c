import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { mutated, numbers } from "../support/malformed/mutate.js";
import { multiparts, wholesome } from "../support/malformed/multiparts.js";
import { settled, shoot, stateOf, type State } from "../support/malformed/shoot.js";
import { torture } from "../support/malformed/torture.js";

/** Allowed growth in bytes: lists and tables grow once. */
const slack = 3 * 1024 * 1024;

describe("what is refused as malformed is counted, logged, and passed to nobody", () => {
  let lab: CallLab;
  beforeAll(async () => {
    lab = await CallLab.start({ settings: { enable_metrics: true } });
  });
  afterAll(() => lab?.stop());

  const counted = async () => {
    const metrics = await lab.proxy().run("curl", "-sf", "http://127.0.0.1:8090/metrics");
    return Number(/^sip_proxy_refused_total\{reason="malformed"\} (\d+)$/m.exec(metrics.stdout)?.[1]);
  };
  const offer = (address: string) =>
    `v=0\r\no=- 1 1 IN IP4 203.0.113.10\r\ns=-\r\nc=IN ${address}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n`;
  const request = (method: string, headers: string[], body = "") =>
    [
      `${method} sip:recorder@198.51.100.10:5080 SIP/2.0`,
      "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
      "From: <sip:platform@{address}>;tag={tag}",
      "Call-ID: {callId}",
      `CSeq: 1 ${method}`,
      "Contact: <sip:platform@{address}:{port}>",
      "Max-Forwards: 70",
      ...headers,
      "",
      body,
    ].join("\r\n");
  const to = "To: <sip:recorder@198.51.100.10>";
  const sdp = "Content-Type: application/sdp";

  it.each<[string, string, number, RegExp, "tcp"?]>([
    [
      "a body that is shorter than it says",
      request("INVITE", [to, sdp, "Content-Length: 5"]),
      400,
      /malformed INVITE/,
    ],
    [
      "an expiry that is no number",
      request("OPTIONS", [to, "Expires: soon", "Content-Length: 0"]),
      400,
      /malformed OPTIONS/,
    ],
    [
      "the same in a dialog",
      request("BYE", [`${to};tag=b`, "Expires: soon", "Content-Length: 0"]),
      400,
      /malformed BYE/,
    ],
    [
      "more bytes than it may have",
      request("INVITE", [to, sdp, "Content-Length: 101000"], "x".repeat(101_000)),
      513,
      /INVITE of 101\d{3} bytes/,
      "tcp",
    ],
    [
      "an encoded body",
      request("INVITE", [to, sdp, "Content-Encoding: gzip"], offer("IP4 203.0.113.10")),
      415,
      /INVITE of call .*because of its body \(415\)/,
    ],
    [
      "media at an IPv6 address",
      request("INVITE", [to, sdp], offer("IP6 2001:db8::1")),
      488,
      /INVITE of call .*because of its body \(488\)/,
    ],
  ])("%s", async (_, text, status, said, transport = undefined) => {
    const proxy = lab.proxy();
    const [before, logged] = [await counted(), proxy.log.length];
    const target = lab.target(transport);
    const [answer] = await lab.send({ text }, "platform", { target, replies: 1 });
    expect(answer).toContain(`SIP/2.0 ${status} `);
    expect(await counted()).toBe(before + 1);
    const lines = await eventually(() => {
      const refused = proxy.log.slice(logged).filter((line) => line.includes("refused: "));
      return refused.length > 0 ? refused : expect.fail();
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(said);
    expect(lines[0]).toMatch(/(udp|tcp):203\.0\.113\.10:\d+/);
    for (const recorder of lab.recorders.values()) expect((await recorder.totals()).invites).toBe(0);
  });
});

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
   * Checks that no process has ended, and that the next call is taken. Recorders answer 500 to unreadable messages; a recorder that answers
   * 5xx is out until it answers OPTIONS. A reload brings the recorders back at once.
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
