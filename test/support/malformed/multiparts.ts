const sdp = [
  "v=0",
  "o=- 1 1 IN IP4 203.0.113.10",
  "s=-",
  "c=IN IP4 203.0.113.10",
  "t=0 0",
  "m=audio 20000 RTP/AVP 0",
  "a=label:1",
  "m=audio 20002 RTP/AVP 0",
  "a=label:2",
  "",
].join("\r\n");

const metadata =
  "<recording xmlns='urn:ietf:params:xml:ns:recording:1'><datamode>complete</datamode></recording>";
const part = (type: string, body: string) => `Content-Type: ${type}\r\n\r\n${body}\r\n`;
const good = `--b\r\n${part("application/sdp", sdp)}--b\r\n${part("application/rs-metadata+xml", metadata)}--b--\r\n`;

/** Changes of the Content-Type. */
const types: Record<string, string> = {
  "as it should be": "multipart/mixed;boundary=b",
  "no boundary": "multipart/mixed",
  "an empty boundary": "multipart/mixed;boundary=",
  "an unclosed quote": 'multipart/mixed;boundary="b',
  "another boundary": "multipart/mixed;boundary=c",
  "a boundary of 400 characters": `multipart/mixed;boundary=${"b".repeat(400)}`,
};

/** Changes of the body. */
const bodies: Record<string, string> = {
  empty: "",
  "no delimiter at all": sdp,
  "no last delimiter": good.slice(0, -8),
  "cut in the first part": good.slice(0, 60),
  "delimiters alone": "--b\r\n--b\r\n--b--\r\n",
  "only the last delimiter": "--b--\r\n",
  "parts without headers": `--b\r\n\r\n${sdp}\r\n--b--\r\n`,
  "parts without an empty line": `--b\r\nContent-Type: application/sdp\r\n${sdp}--b--\r\n`,
  "line feeds alone": good.replaceAll("\r\n", "\n"),
  "zero bytes": good.replaceAll("v=0", "v=0\0\0"),
  "a part within itself": good.replace(sdp, good),
  "a thousand parts": `${`--b\r\n${part("text/plain", "x")}`.repeat(1000)}--b--\r\n`,
  "SDP without streams": good.replace(/m=audio[^]*a=label:2\r\n/, ""),
};

export interface Malformed {
  title: string;
  message: Buffer;
}

/** 6 x 13 = 78 INVITEs with one or two faults in the multipart body. The sender replaces `{…}`. */
export const multiparts: Malformed[] = Object.entries(types).flatMap(([type, contentType]) =>
  Object.entries(bodies).map(([body, content]) => ({
    title: `${type}; ${body}`,
    message: invite(contentType, content, `${type}-${body}`.replaceAll(/\W/g, "-")),
  })),
);

function invite(contentType: string, body: string, id: string): Buffer {
  const head = [
    "INVITE sip:recorder@198.51.100.10:5080 SIP/2.0",
    `Via: SIP/2.0/UDP 203.0.113.10:5060;branch=z9hG4bK-${id};rport`,
    "Max-Forwards: 70",
    `From: <sip:platform@203.0.113.10>;tag=${id}`,
    "To: <sip:recorder@198.51.100.10>",
    `Call-ID: ${id}@203.0.113.10`,
    "CSeq: 1 INVITE",
    "Contact: <sip:platform@203.0.113.10:5060>;+sip.src",
    `Content-Type: ${contentType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join("\r\n");
  return Buffer.from(`${head}\r\n\r\n${body}`);
}

/** A good INVITE, to be mutated. */
export const wholesome = invite("multipart/mixed;boundary=b", good, "wholesome");
