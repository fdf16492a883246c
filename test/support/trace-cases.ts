import { statSync } from "node:fs";
import { expect, it } from "vitest";
import type { Call } from "../../src/compute/operate/call.js";
import type { TraceEnd } from "../../src/compute/operate/trace.js";
import { run } from "../../src/do/process.js";
import type { CallLab } from "./call-lab.js";
import type { Operator } from "./operator.js";
import { packetsByStream, untilAllGet } from "./recorded-packets.js";

/** Cases of `trace`, in a lab with the proxies one and two. */
export function traceCases(there: () => { lab: CallLab; operator: Operator }): void {
  it("trace writes both sides of chosen calls, on two hosts at once, for its owner alone", async () => {
    const { lab, operator } = there();
    const out = operator.path("calls.pcapng");
    const { done } = await operator.begin(
      [/^one: waiting for packets/, /^two: waiting for packets/],
      "trace",
      ...["--platform", "203.0.113.10", "--calls", "2", "--out", out, "--ssh", "--json"],
    );
    const held = { calls: 3, holdMs: null, sipPort: 0 };
    const one = await lab.place({ targets: [lab.target("udp", "one")], ...held });
    const two = await lab.place({ targets: [lab.target("tcp", "two")], ...held });
    for (const platform of [one, two]) expect(await platform.allPlaced()).toMatchObject({ up: 3 });
    await untilAllGet(lab, await packetsByStream(lab));
    for (const platform of [one, two]) await platform.byeAll();
    const { exitCode, stdout, stderr } = await done;
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^one: call 2: /m)]);
    const { file, hosts } = JSON.parse(stdout) as { file: string; hosts: Record<string, TraceEnd> };
    expect([file, statSync(out).mode & 0o777]).toEqual([out, 0o600]);
    const read = await packetsIn(out);
    for (const [host, address] of [
      ["one", "10.0.0.101"],
      ["two", "10.0.0.102"],
    ] as const) {
      const { why, calls, packets, dropped } = hosts[host] ?? expect.fail(host);
      expect([host, why, dropped]).toEqual([host, "calls", 0]);
      expect(calls.map(({ ended }) => ended)).toEqual([true, true]);
      const its = read.filter((packet) => packet.host === host);
      expect(its.length).toBe(packets);
      // without packets of the third call
      const ids = new Set(its.flatMap(({ callId }) => callId || []));
      expect([...ids].sort()).toEqual(calls.map(({ call_id }) => call_id).sort());
      for (const id of ids) {
        const of = (from: RegExp, to: RegExp, method: string) =>
          its.filter((p) => p.callId === id && from.test(p.from) && to.test(p.to) && p.method === method);
        const [platform, recorder, proxy] = [
          /^203\.0\.113\.10$/,
          /^10\.0\.0\.[34]$/,
          new RegExp(`^${address}$`),
        ];
        for (const method of ["INVITE", "BYE"]) {
          expect(of(platform, proxy, method).length, `${host} ${id} ${method}`).toBeGreaterThan(0);
          expect(of(proxy, recorder, method).length, `${host} ${id} ${method}`).toBeGreaterThan(0);
        }
      }
      // two streams of two calls on both sides, without payload
      const isEven = (ports = "") => ports.split(",").every((port) => Number(port) % 2 === 0); // without RTCP
      const rtp = its.filter(({ protocol, ports }) => protocol === "RTP" && isEven(ports));
      const flows = new Set(rtp.map(({ from, to, ports }) => `${from} ${to} ${ports}`));
      expect([...flows].filter((flow) => flow.startsWith("203.0.113.10 ")).length).toBe(4);
      expect([...flows].filter((flow) => flow.startsWith(address)).length).toBe(4);
      for (const { captured, length } of rtp) expect([captured, length > 100]).toEqual([40, true]);
    }
  });

  it("trace has a call that is up, until it is interrupted, and leaves nothing on the host", async () => {
    const { lab, operator } = there();
    const held = { calls: 2, holdMs: null, sipPort: 0 };
    const platform = await lab.place({ targets: [lab.target("udp", "one")], ...held });
    expect(await platform.allPlaced()).toMatchObject({ up: 2 });
    const up = await operator.json<Call[]>("calls", "one", "--ssh");
    const id = up.find(({ state }) => state === "up")?.call_id ?? expect.fail("none is up");
    const out = operator.path("up.pcapng");
    const words = ["one", "--call-id", id, "--seconds", "600", "--out", out, "--ssh"];
    const { done, end } = await operator.begin(/^one: waiting for packets/, "trace", ...words);
    await platform.reinviteAll();
    await untilAllGet(lab, await packetsByStream(lab));
    end();
    const { exitCode, stderr } = await done;
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/^one: 1 call, \d+ packets; interrupted$/m),
    ]);
    const read = await packetsIn(out);
    expect(new Set(read.flatMap(({ callId }) => callId || []))).toEqual(new Set([id]));
    // there is no journal with RTPProxy's log here; the re-INVITE contains the ports
    expect(read.some(({ protocol }) => protocol === "RTP")).toBe(true);
    const left = "pgrep -cf '/dev/fd/[3]' || true";
    expect((await lab.proxy("one").run("sh", "-c", left)).stdout.trim()).toBe("0");
    const again = await operator.run("trace", ...words);
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("already exists")]);
    await platform.byeAll();
    expect((await platform.finished).summary).toMatchObject({ outcomes: { ok: 2 }, errors: {} });
  });

  it("trace of a call over TLS has the recorder's SIP, and the RTP of both sides if the relay tells its ports", async () => {
    const { lab, operator } = there();
    // there is no journal with RTPProxy's log here
    const isTold = lab.fleet.image.media_relay === "rtpengine";
    const out = operator.path("tls.pcapng");
    const { done } = await operator.begin(
      /^two: waiting for packets/,
      "trace",
      ...["two", "--calls", "1", "--payload", "--out", out, "--ssh"],
    );
    const platform = await lab.place({
      ...{ kind: "tcp-source-port", targets: [lab.target("tls", "two")], calls: 1, holdMs: null },
    });
    expect(await platform.allPlaced()).toMatchObject({ up: 1 });
    await untilAllGet(lab, await packetsByStream(lab));
    await platform.byeAll();
    const { exitCode, stderr } = await done;
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("TLS cannot be")]);
    expect(stderr.includes("its RTP is missing: the media relay does not report its ports")).toBe(!isTold);
    const read = await packetsIn(out);
    const methods = read.filter(({ method }) => method !== "");
    expect(new Set(methods.map(({ method }) => method))).toEqual(new Set(["INVITE", "ACK", "BYE"]));
    for (const { from, to } of methods) expect([from, to].join()).toMatch(/10\.0\.0\.[34]\b/);
    const rtp = read.filter(({ protocol }) => protocol === "RTP");
    const sides = new Set(rtp.map(({ from, to }) => `${from} ${to}`));
    expect([...sides].sort()).toEqual([
      expect.stringMatching(/^10\.0\.0\.102 10\.0\.0\.[34]$/),
      ...(isTold ? ["203.0.113.10 10.0.0.102"] : []),
    ]);
    for (const { captured, length } of rtp) expect(captured).toBe(length);
  });
}

/** tshark's output for a file, one line per packet. */
async function packetsIn(file: string) {
  const fields = [
    ...[
      "frame.interface_name",
      "ip.src",
      "ip.dst",
      "udp.port",
      "_ws.col.Protocol",
      "sip.Call-ID",
      "sip.Method",
    ],
    ...["frame.cap_len", "frame.len"],
  ];
  const decode = ["-d", "udp.port==20000-30000,rtp"];
  const argv = ["-n", "-r", file, ...decode, "-T", "fields", ...fields.flatMap((name) => ["-e", name])];
  const { stdout } = await run({ argv: ["tshark", ...argv], timeout: 120_000 });
  return stdout.split("\n").map((line) => {
    const [host, from = "", to = "", ports, protocol, callId, method, captured, length] = line.split("\t");
    return {
      host,
      from,
      to,
      ports,
      protocol,
      callId,
      method,
      captured: Number(captured),
      length: Number(length),
    };
  });
}
