import { describe, expect, it } from "vitest";
import { formatUri, hopOf, parseUri } from "../../../src/lab/sip/uri.js";
import {
  formatNameAddr,
  formatVia,
  parseCSeq,
  parseNameAddr,
  parseVia,
} from "../../../src/lab/sip/values.js";
import { markSource, replyHop } from "../../../src/lab/sip/flow.js";
import { parseMessage, type SipRequest } from "../../../src/lab/sip/message.js";

describe("URIs", () => {
  it.each([
    "sip:alice@192.0.2.1",
    "sip:192.0.2.1:5080;transport=tcp;lr",
    "sips:bob:secret@192.0.2.1;maddr=192.0.2.2?Subject=x&a=b",
    "sip:user;par=u%40example.net@192.0.2.7:5061;ob",
    "sip:[2001:db8::1]:5060",
  ])("%s is written as it was read", (text) => {
    expect(formatUri(parseUri(text))).toBe(text);
  });

  it.each([
    ["sip:192.0.2.1", { transport: "udp", address: "192.0.2.1", port: 5060 }],
    ["sip:x@192.0.2.1:5080;transport=TCP", { transport: "tcp", address: "192.0.2.1", port: 5080 }],
    ["sips:192.0.2.1", { transport: "tls", address: "192.0.2.1", port: 5061 }],
    ["sip:x@192.0.2.1;maddr=192.0.2.2", { transport: "udp", address: "192.0.2.2", port: 5060 }],
  ])("%s leads to its hop", (text, hop) => {
    expect(hopOf(text)).toEqual(hop);
  });

  it.each(["sip:proxy.example.com", "tel:+1", "sip:192.0.2.1;transport=sctp"])("%s leads nowhere", (text) => {
    expect(() => hopOf(text)).toThrow();
  });
});

describe("header values", () => {
  it.each([
    ['"A <b>; c" <sip:a@x;lr>;tag=1', "sip:a@x;lr", "1"],
    ["sip:a@x;tag=2", "sip:a@x", "2"],
    ["<sip:a@x>", "sip:a@x", undefined],
  ])("name-addr %s", (text, uri, tag) => {
    const value = parseNameAddr(text);
    expect([value.uri, value.params.get("tag")]).toEqual([uri, tag]);
    if (text.includes("<")) expect(formatNameAddr(value)).toBe(text);
  });

  it.each([
    "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1;rport",
    "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1;received=198.51.100.1",
  ])("Via %s", (text) => {
    expect(formatVia(parseVia(text))).toBe(text);
  });

  it("CSeq", () => {
    expect(parseCSeq(" 12  INVITE ")).toEqual({ number: 12, method: "INVITE" });
    expect(() => parseCSeq(undefined)).toThrow();
  });
});

describe("where an answer goes (RFC 3261, 18.2; RFC 3581)", () => {
  const from = { address: "198.51.100.7", port: 40000 };
  const request = (via: string) =>
    parseMessage(Buffer.from(`OPTIONS sip:a SIP/2.0\r\nVia: ${via}\r\n\r\n`)) as SipRequest;

  it.each([
    ["with rport: to the source port", "SIP/2.0/UDP 10.0.0.9:5060;rport;branch=b", "198.51.100.7", 40000],
    [
      "without: to the source address and Via's port",
      "SIP/2.0/UDP 10.0.0.9:5070;branch=b",
      "198.51.100.7",
      5070,
    ],
    ["without a port: to 5060", "SIP/2.0/UDP 198.51.100.7;branch=b", "198.51.100.7", 5060],
  ])("%s", (_, via, address, port) => {
    const marked = request(via);
    markSource(marked, from);
    expect(replyHop(marked)).toEqual({ transport: "udp", address, port });
  });

  it("marks the top Via alone", () => {
    const marked = request("SIP/2.0/UDP 10.0.0.9;branch=b;rport, SIP/2.0/UDP 10.0.0.1;branch=c;rport");
    markSource(marked, from);
    expect(marked.headers.all("Via")).toEqual([
      "SIP/2.0/UDP 10.0.0.9;branch=b;rport=40000;received=198.51.100.7",
      "SIP/2.0/UDP 10.0.0.1;branch=c;rport",
    ]);
  });
});
