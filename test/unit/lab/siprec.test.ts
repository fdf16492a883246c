import { describe, expect, it } from "vitest";
import { newMetadata } from "../../../src/lab/metadata.js";
import { parseMultipart, partOfType, parseContentType } from "../../../src/lab/multipart.js";
import { inviteRequest, offerBody, type Session } from "../../../src/lab/platform/offer.js";
import { answerSdp } from "../../../src/lab/recorder/answer.js";
import { parseSdp, writeSdp, PCMU, type Sdp } from "../../../src/lab/sdp.js";
import { METADATA_TYPE, SDP_TYPE, speakers } from "../../../src/lab/siprec.js";
import { VARIANT_NAMES, type SiprecVariant } from "../../../src/lab/siprec-variants.js";
import { parseMessage, serialise } from "../../../src/lab/sip/message.js";

const session = (variant: SiprecVariant): Session => ({
  metadata: newMetadata(speakers(3), new Date("2026-01-02T03:04:05Z")),
  variant,
  media: { address: "203.0.113.10", ports: [20000, 20002] },
  sessionId: 7,
});

/** The INVITE of a variant in its wire format. */
function wire(variant: SiprecVariant): Buffer {
  const target = { transport: "tcp", address: "192.0.2.1", port: 5060 } as const;
  const local = { address: "203.0.113.10", port: 5060 };
  const body = offerBody(session(variant), 1, "sendonly");
  return serialise(inviteRequest({ callId: "c1", fromTag: "t1" }, target, local, 1, body, []));
}

describe.each(VARIANT_NAMES)("the INVITE %s", (variant) => {
  const text = wire(variant).toString();
  const message = parseMessage(wire(variant));
  const part = (type: string) => partOfType(message.headers.get("Content-Type"), message.body, type) ?? "";

  it("offers two streams, sent only, with labels", () => {
    const streams = parseSdp(part(SDP_TYPE)).streams;
    expect(streams.map(({ label, direction, port }) => [label, direction, port])).toEqual([
      ["1", "sendonly", 20000],
      ["2", "sendonly", 20002],
    ]);
  });

  it("carries metadata that names both streams", () => {
    const labels = [...part(METADATA_TYPE).matchAll(/<label>(\d)<\/label>/g)].map((match) => match[1]);
    expect(labels).toEqual(["1", "2"]);
  });

  it("is a SIPREC request", () => {
    expect(message.headers.get("Require")).toBe("siprec");
    expect(message.headers.get("Contact")).toBe("<sip:platform@203.0.113.10:5060;transport=tcp>;+sip.src");
  });

  it("differs from the plain one in what its name says", () => {
    const shape: Record<SiprecVariant, RegExp> = {
      plain: /\r\nContent-Type: multipart\/mixed;boundary=[\w-]+\r\n/,
      "boundary-quoted": /;boundary="[\w-]+"\r\n/,
      "boundary-second": /mixed;charset=utf-8;boundary=[\w-]+\r\n/,
      "boundary-then-parameter": /mixed;boundary=[\w-]+;charset=utf-8\r\n/,
      "boundary-quoted-then-parameter": /mixed;boundary="[\w-]+";charset=utf-8\r\n/,
      "boundary-between": /mixed;charset=utf-8;boundary="[\w-]+";version="1.0"\r\n/,
      "boundary-specials": /boundary="[^"]*[=?()':][^"]*"\r\n/,
      "content-type-spaced": /Content-Type: Multipart\/Mixed ; BOUNDARY=/,
      "content-type-folded": /Content-Type: multipart\/mixed;\r\n boundary=/,
      "metadata-first": /rs-metadata\+xml[^]*application\/sdp\r\n[^]*v=0/,
      "preamble-and-epilogue": /\r\n\r\nA preamble\.\r\n--[^]*--\r\nAn epilogue\.\r\n$/,
      "extra-part": /v=0[^]*text\/plain[^]*<recording/,
      "nortpproxy-attribute": /\r\na=nortpproxy:yes\r\n/,
      "large-body": /Content-Length: (1[7-9]|[2-5]\d)\d{3}\r\n/,
      "compact-headers": /\r\ni: c1\r\n[^]*\r\nc: multipart\/mixed[^]*\r\nl: \d+\r\n/,
      "lower-case-headers": /\r\ncall-id: c1\r\n[^]*\r\ncontent-type: application\/sdp\r\n\r\nv=0\no=/,
    };
    expect(text).toMatch(shape[variant]);
    const others = VARIANT_NAMES.filter(
      (name) => name !== variant && shape[variant].test(wire(name).toString()),
    );
    if (variant !== "plain") expect(others).toEqual([]);
  });

  it("fits into a datagram and, but for one, into 16 KiB", () => {
    expect(wire(variant).length).toBeLessThan(65_507);
    expect(message.body.length > 16_384).toBe(variant === "large-body");
  });
});

it("has 16 variants", () => {
  expect(VARIANT_NAMES).toHaveLength(16);
});

it("metadata is XML whose elements are closed in order", () => {
  const body = offerBody(session("large-body"), 1, "sendonly");
  const xml = partOfType(body.contentType, body.body, METADATA_TYPE) ?? "";
  const open: string[] = [];
  for (const [, slash, name] of xml.matchAll(/<(\/?)([A-Za-z]+)[^>]*>/g)) {
    if (slash === "") open.push(name ?? "");
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
  expect(xml).toContain("<recv>");
});

describe("SDP", () => {
  it("is read as it was written", () => {
    const sdp: Sdp = {
      address: "192.0.2.1",
      sessionId: 5,
      version: 2,
      streams: [{ address: "192.0.2.9", port: 4000, direction: "inactive", label: "x", codecs: [PCMU] }],
      attributes: ["nortpproxy:yes"],
    };
    expect(parseSdp(writeSdp(sdp))).toEqual(sdp);
    expect(parseSdp(writeSdp(sdp, "\n"))).toEqual(sdp);
  });

  it("is answered with one known codec a stream, received only; other codecs are refused", () => {
    const offer = parseSdp(
      "v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
        "m=audio 4000 RTP/AVP 96 8\r\na=sendonly\r\na=label:1\r\nm=audio 4002 RTP/AVP 18\r\na=sendonly\r\n",
    );
    const answer = answerSdp(offer, "10.0.0.3", [10000, 10002], 1).streams;
    expect(answer.map(({ port, direction, label }) => [port, direction, label])).toEqual([
      [10000, "recvonly", "1"],
      [0, "recvonly", undefined],
    ]);
    expect(answer[0]?.codecs.map((codec) => codec.payloadType)).toEqual([8]);
  });

  it.each(["", "v=0\r\ns=-\r\n", "v=0\r\no=a 1 1 IN IP4 x\r\nm=audio x RTP/AVP 0\r\n"])(
    "refuses %j",
    (text) => {
      expect(() => parseSdp(text)).toThrow();
    },
  );
});

describe("multipart", () => {
  it("finds no delimiter inside a line, and reads parts without headers", () => {
    const body = "--b\r\n\r\nsee --b here\r\n--b \r\nContent-Type: x/y\r\n\r\n\r\n--b--";
    const parts = parseMultipart(body, "b");
    expect(parts.map((part) => part.body)).toEqual(["see --b here", ""]);
    expect(parts[1]?.headers.get("content-type")).toBe("x/y");
  });

  it("refuses a body that does not end", () => {
    expect(() => parseMultipart("--b\r\n\r\nx", "b")).toThrow();
  });

  it("reads the boundary wherever it stands", () => {
    expect(parseContentType('Multipart/Mixed; a="x;y" ; Boundary="b\\"c"')).toEqual({
      type: "multipart/mixed",
      boundary: 'b"c',
    });
  });
});
