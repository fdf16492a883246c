import { describe, expect, it } from "vitest";
import { SipHeaders, styled } from "../../../src/lab/sip/headers.js";
import { MalformedMessage, parseMessage, serialise, type SipRequest } from "../../../src/lab/sip/message.js";

const lines = (...all: string[]) => Buffer.from(all.join("\r\n"));

/** The parts of the torture test "a short tortuous INVITE" (RFC 4475, 3.1.1.1) that concern this parser. */
const TORTUOUS = lines(
  "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
  "TO :",
  " sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
  'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>',
  "  ;",
  "  tag = 98asjd8",
  "MaX-fOrWaRdS: 0068",
  "Call-ID: wsinv.ndaksdj@192.0.2.1",
  "Content-Length   : 5",
  "cseq: 0009",
  "  INVITE",
  "Via  : SIP  /   2.0",
  " /UDP",
  "    192.0.2.2;branch=390skdjuw",
  "s :",
  "NewFangledHeader:   newfangled value",
  "UnknownHeaderWithUnusualValue: ;;,,;;,;",
  "Route:",
  " <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
  "v:  SIP  / 2.0  / TCP     spindle.example.com   ;",
  "  branch  =   z9hG4bK9ikj8  ,",
  " SIP  /    2.0   / UDP  192.168.255.111   ; branch=",
  " z9hG4bK30239",
  'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =',
  "      newvalue ;",
  "  secondparam ; q = 0.33",
  "",
  "v=0\r\n",
);

describe("parsing", () => {
  it("finds headers in any case, compact form and folding", () => {
    const message = parseMessage(TORTUOUS) as SipRequest;
    expect(message.method).toBe("INVITE");
    expect(message.uri).toBe("sip:vivekg@chair-dnrc.example.com;unknownparam");
    expect(message.headers.get("max-forwards")).toBe("0068");
    expect(message.headers.get("CSeq")).toBe("0009 INVITE");
    expect(message.headers.get("Subject")).toBe("");
    expect(message.headers.all("via")).toHaveLength(3);
    expect(message.headers.all("Contact")).toHaveLength(1);
    expect(message.body.toString()).toBe("v=0\r\n");
  });

  it("keeps commas in quotes and in angle brackets together", () => {
    const headers = new SipHeaders([["Contact", '"Smith, J" <sip:a,b@x>, <sip:c@y>;q="1,2"']]);
    expect(headers.all("m")).toEqual(['"Smith, J" <sip:a,b@x>', '<sip:c@y>;q="1,2"']);
  });

  it.each([
    ["no empty line", "OPTIONS sip:a SIP/2.0\r\nVia: x"],
    ["a start line of another protocol", "GET / HTTP/1.1\r\n\r\n"],
    ["a header without a colon", "OPTIONS sip:a SIP/2.0\r\nVia\r\n\r\n"],
    ["a Content-Length that is no number", "OPTIONS sip:a SIP/2.0\r\nl: -1\r\n\r\n"],
    ["fewer bytes than announced", "OPTIONS sip:a SIP/2.0\r\nContent-Length: 9\r\n\r\nshort"],
  ])("refuses %s", (_, text) => {
    expect(() => parseMessage(Buffer.from(text))).toThrow(MalformedMessage);
  });

  it("ignores bytes after the announced length of a datagram", () => {
    const message = parseMessage(lines("SIP/2.0 200 OK", "l: 2", "", "abcd"));
    expect(message.body.toString()).toBe("ab");
  });
});

describe("writing", () => {
  const request = (style?: SipRequest["style"]): SipRequest => ({
    kind: "request",
    method: "OPTIONS",
    uri: "sip:192.0.2.1",
    headers: new SipHeaders([
      ["Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1"],
      ["X-Own", "kept"],
      ["Call-ID", "one"],
    ]),
    body: Buffer.from("hé"),
    ...(style === undefined ? {} : { style }),
  });

  it("keeps the order and counts the body in bytes", () => {
    expect(serialise(request()).toString()).toBe(
      "OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n" +
        "X-Own: kept\r\nCall-ID: one\r\nContent-Length: 3\r\n\r\nhé",
    );
  });

  it.each([
    ["compact", ["v", "X-Own", "i", "l"]],
    ["lower-case", ["via", "x-own", "call-id", "content-length"]],
  ] as const)("writes %s names", (style, names) => {
    const [, ...head] = serialise(request(style)).toString().split("\r\n\r\n")[0]?.split("\r\n") ?? [];
    expect(head.map((line) => line.split(":")[0])).toEqual(names);
  });

  it("reads back what it wrote", () => {
    const back = parseMessage(serialise(request("compact"))) as SipRequest;
    expect([...back.headers].map(([name, value]) => [styled(name, "usual"), value])).toEqual([
      ["v", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1"],
      ["X-Own", "kept"],
      ["i", "one"],
    ]);
    expect(back.body.toString()).toBe("hé");
  });
});

describe("changing headers", () => {
  it("replaces every line of a name by one, at the first's place", () => {
    const headers = new SipHeaders([
      ["Via", "a"],
      ["To", "b"],
      ["v", "c"],
    ]);
    expect([...headers.set("VIA", "d")]).toEqual([
      ["VIA", "d"],
      ["To", "b"],
    ]);
  });

  it("replaces the first value of a list and leaves the others", () => {
    const headers = new SipHeaders([
      ["Via", "a, b"],
      ["Via", "c"],
    ]);
    headers.setFirst("Via", "x");
    expect(headers.all("Via")).toEqual(["x", "b", "c"]);
  });
});
