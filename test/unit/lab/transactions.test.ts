import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { respondTo } from "../../../src/lab/sip/build.js";
import type { Flow } from "../../../src/lab/sip/flow.js";
import { SipHeaders } from "../../../src/lab/sip/headers.js";
import { sendInvite } from "../../../src/lab/sip/invite.js";
import { parseMessage, serialise, type SipMessage, type SipRequest } from "../../../src/lab/sip/message.js";
import type { ServerTransaction } from "../../../src/lab/sip/server-transaction.js";
import { SipStack } from "../../../src/lab/sip/stack.js";

/** A flow without a network: sent messages are in `sent`. */
function memoryFlow(transport: "udp" | "tcp" = "udp") {
  const sent: SipMessage[] = [];
  const flow: Flow = {
    transport,
    local: { address: "192.0.2.1", port: 5060 },
    remote: { address: "192.0.2.2", port: 5060 },
    reliable: transport !== "udp",
    closed: false,
    send: (bytes) => sent.push(parseMessage(bytes)),
  };
  const names = () => sent.map((m) => (m.kind === "request" ? m.method : String(m.status)));
  return { flow, sent, names, request: (i: number) => sent[i] as SipRequest };
}

function request(method: string, branch?: string): SipRequest {
  const headers = new SipHeaders([
    ["From", "<sip:a@192.0.2.1>;tag=1"],
    ["To", "<sip:b@192.0.2.2>"],
    ["Call-ID", "c"],
    ["CSeq", `1 ${method}`],
  ]);
  if (branch !== undefined) headers.prepend("Via", `SIP/2.0/UDP 192.0.2.2;branch=${branch}`);
  return { kind: "request", method, uri: "sip:b@192.0.2.2", headers, body: Buffer.alloc(0) };
}

const contact: [string, string] = ["Contact", "<sip:b@192.0.2.2:5060>"];
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a client over UDP", () => {
  const stack = () => new SipStack({ onRequest: () => undefined });

  it("repeats an INVITE after 0.5, 1.5, 3.5, … s and gives up after 32 s", async () => {
    const { flow, names } = memoryFlow();
    const result = sendInvite(stack(), request("INVITE"), flow);
    for (const [ms, count] of [
      [499, 1],
      [1, 2],
      [1000, 3],
      [2000, 4],
    ] as const) {
      await pass(ms);
      expect(names()).toHaveLength(count);
    }
    await pass(29_000);
    expect(await result).toEqual({ kind: "timeout", why: "no final answer in time" });
    expect(names()).toHaveLength(7); // the last one after 31.5 s
  });

  it("repeats other requests at most every 4 s, also after a provisional answer", async () => {
    const { flow, names, request: at } = memoryFlow();
    const one = stack();
    const asked = one.ask(request("BYE"), flow).catch((error: Error) => error.message);
    await pass(0);
    one.onMessage(respondTo(at(0), 100), flow);
    await pass(12_000);
    expect(names()).toHaveLength(4); // after 0, 4, 8 and 12 s
    await pass(20_000);
    expect(await asked).toContain("timeout");
  });

  it("repeats an INVITE no more once something was heard, and cancels it when it rings too long", async () => {
    const { flow, names, request: at } = memoryFlow();
    const one = stack();
    const result = sendInvite(one, request("INVITE"), flow, { ringFor: 3000 });
    one.onMessage(respondTo(at(0), 180), flow);
    await pass(2999);
    expect(names()).toEqual(["INVITE"]);
    await pass(1);
    expect(names()).toEqual(["INVITE", "CANCEL"]);
    expect(at(1).headers.all("Via")).toEqual(at(0).headers.all("Via"));
    one.onMessage(respondTo(at(1), 200), flow);
    one.onMessage(respondTo(at(0), 487, { toTag: "b" }), flow);
    expect(await result).toEqual({ kind: "timeout", why: "cancelled, 487" });
    expect(names()).toEqual(["INVITE", "CANCEL", "ACK"]);
  });

  it("hangs up when the answer crosses the CANCEL", async () => {
    const { flow, names, request: at } = memoryFlow();
    const one = stack();
    const result = sendInvite(one, request("INVITE"), flow, { ringFor: 100 });
    one.onMessage(respondTo(at(0), 100), flow);
    await pass(100);
    one.onMessage(respondTo(at(0), 200, { toTag: "b", headers: [contact] }), flow);
    await pass(0);
    expect((await result).kind).toBe("timeout");
    expect(names()).toEqual(["INVITE", "CANCEL", "ACK", "BYE"]);
  });

  it("acknowledges a refusal on the INVITE's branch, each time it comes", async () => {
    const { flow, names, request: at } = memoryFlow();
    const one = stack();
    const result = sendInvite(one, request("INVITE"), flow);
    for (let i = 0; i < 2; i++) one.onMessage(respondTo(at(0), 486, { toTag: "b" }), flow);
    expect((await result).kind).toBe("rejected");
    await pass(1000);
    expect(names()).toEqual(["INVITE", "ACK", "ACK"]);
    expect(at(1).headers.get("Via")).toBe(at(0).headers.get("Via"));
    expect(at(1).headers.get("To")).toContain("tag=b");
  });

  it("acknowledges an answer on a branch of its own, each time it comes, for 32 s", async () => {
    const { flow, names, request: at } = memoryFlow();
    const one = stack();
    const result = sendInvite(one, request("INVITE"), flow);
    const answer = () => respondTo(at(0), 200, { toTag: "b", headers: [contact] });
    one.onMessage(answer(), flow);
    expect((await result).kind).toBe("answered");
    one.onMessage(answer(), flow);
    await pass(0);
    expect(names()).toEqual(["INVITE", "ACK", "ACK"]);
    expect(at(1).headers.get("Via")).not.toBe(at(0).headers.get("Via"));
    expect(serialise(at(2))).toEqual(serialise(at(1)));
    await pass(32_000);
    one.onMessage(answer(), flow);
    expect(one.counters.stray).toBe(1);
  });

  it("over TCP repeats nothing", async () => {
    const { flow, names } = memoryFlow("tcp");
    void sendInvite(stack(), request("INVITE"), flow);
    await pass(31_999);
    expect(names()).toEqual(["INVITE"]);
  });
});

describe("a server", () => {
  function server(act: (transaction: ServerTransaction) => void, transport: "udp" | "tcp" = "udp") {
    const seen: ServerTransaction[] = [];
    const stack = new SipStack({
      onRequest: (transaction) => {
        seen.push(transaction);
        act(transaction);
      },
    });
    const memory = memoryFlow(transport);
    const say = (message: SipRequest) => stack.onMessage(message, memory.flow);
    return { ...memory, seen, stack, say };
  }

  it("hands a repeated request over once, and answers it as before, for 32 s", async () => {
    const { say, names, seen } = server((transaction) => transaction.respond(200));
    for (let i = 0; i < 3; i++) say(request("OPTIONS", "z9hG4bK1"));
    expect([seen.length, names()]).toEqual([1, ["200", "200", "200"]]);
    await pass(32_000);
    say(request("OPTIONS", "z9hG4bK1"));
    expect(seen).toHaveLength(2);
  });

  it.each(["udp", "tcp"] as const)("repeats a 2xx over %s until its ACK", async (transport) => {
    let acks = 0;
    const { say, names } = server((transaction) => {
      transaction.listener = { onAck: () => acks++ };
      transaction.respond(200, { toTag: "b" });
    }, transport);
    say(request("INVITE", "z9hG4bK1"));
    say(request("INVITE", "z9hG4bK1"));
    await pass(1500);
    expect(names()).toHaveLength(3); // after 0, 0.5 and 1.5 s
    for (let i = 0; i < 2; i++) say(request("ACK", "z9hG4bK2"));
    await pass(40_000);
    expect([names().length, acks]).toEqual([3, 1]);
  });

  it("tells when a 2xx is never acknowledged", async () => {
    let missing = 0;
    const { say, names } = server((transaction) => {
      transaction.listener = { onNoAck: () => missing++ };
      transaction.respond(200, { toTag: "b" });
    });
    say(request("INVITE", "z9hG4bK1"));
    await pass(31_999);
    expect(missing).toBe(0);
    await pass(1);
    expect([missing, names().length]).toEqual([1, 11]); // RFC 3261, 13.3.1.4: T1 doubles up to T2
  });

  it.each([
    ["udp", 2],
    ["tcp", 1],
  ] as const)(
    "over %s sends a refusal %i times in a second, and stops with its ACK",
    async (transport, times) => {
      const { say, names } = server((transaction) => transaction.respond(503, { toTag: "b" }), transport);
      say(request("INVITE", "z9hG4bK1"));
      await pass(1000);
      say(request("ACK", "z9hG4bK1"));
      await pass(40_000);
      expect(names()).toHaveLength(times);
    },
  );

  it("answers CANCEL, and the INVITE with 487; 481 where there is nothing to cancel", () => {
    let cancelled = 0;
    const { say, names } = server((transaction) => {
      transaction.listener = { onCancel: () => cancelled++ };
      transaction.respond(180, { toTag: "b" });
    });
    say(request("INVITE", "z9hG4bK1"));
    say(request("CANCEL", "z9hG4bK1"));
    say(request("CANCEL", "z9hG4bK2"));
    expect([names(), cancelled]).toEqual([["180", "200", "487", "481"], 1]);
  });
});
