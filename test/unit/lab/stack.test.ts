import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../../support/eventually.js";
import { SipHeaders } from "../../../src/lab/sip/headers.js";
import type { SipRequest } from "../../../src/lab/sip/message.js";
import { SipStack, type StackOptions } from "../../../src/lab/sip/stack.js";
import type { Hop } from "../../../src/lab/sip/uri.js";
import { parseVia } from "../../../src/lab/sip/values.js";

const HERE = "127.0.0.1";
const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function stackOn(transport: Hop["transport"], options: Partial<StackOptions> = {}) {
  const stack = new SipStack({ onRequest: (transaction) => transaction.respond(200), ...options });
  open.push(stack);
  return { stack, hop: await stack.listen({ transport, address: HERE, port: 0 }) };
}

function request(method: string, { address, port }: Hop): SipRequest {
  const uri = `sip:x@${address}:${port}`;
  const headers = new SipHeaders([
    ["From", "<sip:a@b>;tag=1"],
    ["To", `<${uri}>`],
    ["Call-ID", "c"],
    ["CSeq", `1 ${method}`],
  ]);
  return { kind: "request", method, uri, headers, body: Buffer.alloc(0) };
}

describe("over UDP", () => {
  it("is answered at its source port, whatever its Via says (RFC 3581)", async () => {
    const { stack } = await stackOn("udp", { sentBy: () => ({ address: "192.168.77.10", port: 9 }) });
    const { hop } = await stackOn("udp");
    const answer = await stack.ask(request("OPTIONS", hop), await stack.flowTo(hop));
    const via = parseVia(answer.headers.get("Via") ?? "");
    expect([via.host, via.params.get("received")]).toEqual(["192.168.77.10", HERE]);
  });

  it("survives what is no SIP", async () => {
    const { stack, hop } = await stackOn("udp");
    const socket = createSocket("udp4");
    open.push(socket);
    const junk = [
      "",
      "\0\0\0\0",
      "no SIP at all",
      "GET / HTTP/1.1\r\n\r\n",
      "BYE sip:a SIP/2.0\r\nl: 99\r\n\r\n",
    ];
    for (const text of [...junk, "BYE sip:a SIP/2.0\r\nA: b\r\n\r\n"]) socket.send(text, hop.port, HERE);
    await eventually(() => expect(stack.counters.malformed).toBe(4)); // keep-alives are no fault
    const client = await stackOn("udp");
    const answer = await client.stack.ask(request("OPTIONS", hop), await client.stack.flowTo(hop));
    expect(answer.status).toBe(200);
  });

  it("a body of 60 kB comes through", async () => {
    let length = 0;
    const { hop } = await stackOn("udp", {
      onRequest: (transaction) => {
        length = transaction.request.body.length;
        transaction.respond(200);
      },
    });
    const { stack } = await stackOn("udp");
    await stack.ask({ ...request("INFO", hop), body: Buffer.alloc(60_000, "x") }, await stack.flowTo(hop));
    expect(length).toBe(60_000);
  });
});

describe("over TCP", () => {
  it("one connection serves all who ask at once; another slot has its own", async () => {
    const { stack } = await stackOn("tcp");
    const { hop } = await stackOn("tcp");
    const flows = await Promise.all([1, 2, 3].map(() => stack.flowTo(hop)));
    expect(new Set(flows).size).toBe(1);
    const answers = await Promise.all(flows.map((flow) => stack.ask(request("OPTIONS", hop), flow)));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    expect((await stack.flowTo(hop, undefined, 1)).local.port).not.toBe(flows[0]?.local.port);
  });

  it("a refused connection fails at once, and the next try makes a new one", async () => {
    const { stack } = await stackOn("tcp");
    const gone = await stackOn("tcp");
    gone.stack.close();
    await eventually(() => expect(stack.flowTo(gone.hop)).rejects.toThrow("ECONNREFUSED"));
    await expect(stack.flowTo(gone.hop)).rejects.toThrow("ECONNREFUSED");
  });

  it("requests fail at once when their connection ends", async () => {
    const { stack } = await stackOn("tcp");
    const server = createServer((socket) => socket.once("data", () => socket.destroy()));
    server.listen(0, HERE);
    await once(server, "listening");
    open.push(server);
    const hop: Hop = { transport: "tcp", address: HERE, port: (server.address() as { port: number }).port };
    const started = Date.now();
    await expect(stack.ask(request("OPTIONS", hop), await stack.flowTo(hop))).rejects.toThrow("transport");
    expect(Date.now() - started).toBeLessThan(20_000); // not after a timeout of 32 s
  });

  it("the peer's requests reach a client over the connection it made", async () => {
    const asked: string[] = [];
    const { stack } = await stackOn("tcp", {
      onRequest: (transaction) => {
        asked.push(transaction.request.method);
        transaction.respond(200);
      },
    });
    const server = await stackOn("tcp");
    const flow = await stack.flowTo(server.hop);
    await stack.ask(request("OPTIONS", server.hop), flow);
    const back: Hop = { transport: "tcp", ...flow.local };
    await server.stack.ask(request("BYE", back), await server.stack.flowTo(back));
    expect(asked).toEqual(["BYE"]);
  });

  it("a message that is wrong in itself leaves the connection; a broken stream ends it", async () => {
    const { stack, hop } = await stackOn("tcp");
    const client = await stackOn("tcp");
    const flow = await client.stack.flowTo(hop);
    flow.send(Buffer.from("BYE sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n")); // without Via
    expect((await client.stack.ask(request("OPTIONS", hop), flow)).status).toBe(200);
    flow.send(Buffer.from("BYE sip:a SIP/2.0\r\nContent-Length: x\r\n\r\n"));
    await eventually(() => expect(flow.closed).toBe(true));
    expect(stack.counters.malformed).toBe(2);
  });
});
