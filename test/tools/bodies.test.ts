import { expect, it, describe } from "vitest";
import { readBodies } from "../support/read-bodies.js";

interface Options {
  type?: string;
  source?: string;
  byRecorder?: string;
  encoding?: string;
}

/** Runs the script with a message; the relay returns `relayed` for the SDP of the message. */
function through(
  body: string,
  {
    type = "multipart/mixed;boundary=b",
    source = "203.0.113.10",
    byRecorder = "0",
    encoding = "",
  }: Options = {},
  relayed = (sdp: string) => sdp,
): { sdp?: string; shown?: string; body?: string; type?: string; streams?: string } {
  const message = { type, body, source, encoding, byRecorder: byRecorder === "1" };
  const [before] = readBodies([message]);
  if (before?.sdp !== "taken") return { sdp: before?.sdp ?? "" };
  const [after] = readBodies([{ ...message, relayed: relayed(before.forRelay.body) }]);
  return { sdp: "taken", shown: before.forRelay.body, streams: before.streams, ...after?.sent };
}

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");
const session = ["v=0", "o=- 1 1 IN IP4 203.0.113.10", "s=-", "c=IN IP4 203.0.113.10", "t=0 0"];
const sdp = lines(...session, "m=audio 40000 RTP/AVP 0", "a=label:1");
const part = `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n`;
const text = "--b\r\nContent-Type: text/plain\r\n\r\n-----BEGIN-----\r\n----------\r\n--bb\r\n\r\n";

describe("SDP is taken out of a body, and everything else stays", () => {
  it.each([
    { title: "SDP alone", body: sdp, type: "application/sdp" },
    { title: "SDP alone, its type with a parameter", body: sdp, type: "Application/SDP; charset=utf-8" },
    { title: "first of two parts", body: `${part}${text}--b--\r\n` },
    { title: "last of two parts", body: `${text}${part}--b--\r\n` },
    {
      title: "with preamble and epilogue",
      body: `--bc\r\n${part}${text}--b--\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n`,
    },
    { title: "without a last delimiter", body: `${text}${part}`.trimEnd() + "\r\n" },
    {
      title: "in another multipart type",
      body: `${part}--b--`,
      type: 'multipart/related; type="application/sdp";boundary="b"',
    },
    {
      title: "a boundary in another parameter",
      body: `${part}--b--`,
      type: 'multipart/mixed;x=";boundary=c";boundary=b',
    },
    { title: "folded Content-Type", body: `${part}--b--`, type: "multipart/mixed;\r\n boundary=b" },
    { title: "delimiters with blanks after them", body: `${part}--b--`.replaceAll("--b\r", "--b \t\r") },
    {
      title: "nested",
      body: `${text}--b\r\nContent-Type: multipart/alternative;boundary=bb\r\n\r\n${part.replace("--b", "--bb")}--bb--\r\n--b--\r\n`,
    },
    {
      title: "after a nested body",
      body: `--b\r\nContent-Type: multipart/alternative;boundary=i\r\n\r\n--i\r\n\r\nx\r\n--i--\r\n\r\n${part}--b--\r\n`,
    },
    { title: "umlauts around it", body: `${text.replace("BEGIN", "Größe 😀")}${part}--b--\r\n` },
  ])("$title", ({ body, type = "multipart/mixed;boundary=b" }) => {
    const changed = (shown: string) => shown.replace("203.0.113.10\r\nt=", "10.0.0.1\r\nt=");
    const result = through(body, { type }, changed);
    const expected = body.replace(sdp.trimEnd(), changed(sdp).trimEnd());
    expect(result).toMatchObject({ sdp: "taken", shown: sdp, type: type.replace("\r\n", "") });
    expect(result.body?.trimEnd()).toBe(expected.trimEnd());
  });

  it("a part that ends with its last line, and no line end of its own, gets one", () => {
    const tight = `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}--b--\r\n`;
    expect(through(tight)).toMatchObject({ shown: sdp, body: tight.replace(`${sdp}--`, `${sdp}\r\n--`) });
  });

  it("a part's own Content-Length follows it", () => {
    const counted = part.replace(
      "\r\n\r\n",
      "\r\ncontent-length : 1\r\nContent-Disposition: session\r\n\r\n",
    );
    const result = through(`${counted}--b--`, {}, (shown) => `${shown}a=x\r\n`);
    expect(result.body).toContain(`content-length : ${sdp.length + 5}\r\nContent-Disp`);
  });
});

it.each([
  { title: "no body", body: "" },
  { title: "text", body: sdp, type: "text/plain" },
  { title: "no SDP part", body: `${text}--b--\r\n` },
  { title: "SDP after the last delimiter", body: `${text}--b--\r\n${part}` },
  { title: "another boundary", body: part, type: "multipart/mixed;boundary=c" },
  { title: "what every object has", body: sdp, type: "__proto__" },
])("$title is no SDP", ({ body, type = "multipart/mixed;boundary=b" }) => {
  expect(through(body, { type }).sdp).toBe("none");
});

it.each([
  { title: "an encoded message", body: sdp, encoding: "gzip", sdp: "415" },
  {
    title: "an encoded part",
    body: part.replace("\r\n\r\n", "\r\nContent-Transfer-Encoding: base64\r\n\r\n"),
    sdp: "415",
  },
  { title: "a name", body: sdp.replace("c=IN IP4 203.0.113.10", "c=IN IP4 media.example"), sdp: "488" },
  { title: "IPv6", body: sdp.replace("c=IN IP4 203.0.113.10", "c=IN IP6 2001:db8::1"), sdp: "488" },
  { title: "no address", body: sdp.replace("c=IN IP4 203.0.113.10\r\n", ""), sdp: "488" },
])("$title is refused with $sdp", ({ body, encoding = "", sdp: status }) => {
  const type = body.startsWith("--") ? "multipart/mixed;boundary=b" : "application/sdp";
  expect(through(body, { type, encoding }).sdp).toBe(status);
});

describe("the relay is shown", () => {
  const shown = (body: string, options = {}) => through(body, { type: "application/sdp", ...options }).shown;
  const stream = (port: number, ...more: string[]) => [`m=audio ${port} RTP/AVP 0`, ...more];

  it("no candidates, and no address of RTCP's", () => {
    const ice = lines(
      ...session,
      "a=ice-ufrag:x",
      ...stream(
        40000,
        "a=rtcp:40001 IN IP4 10.1.1.1",
        "a=candidate:1 1 UDP 1 10.1.1.1 40000 typ host",
        "a=end-of-candidates",
        "a=label:1",
      ),
    );
    expect(shown(ice)).toBe(lines(...session, ...stream(40000, "a=rtcp:40001", "a=label:1")));
  });

  it("the address that the message came from for one that nobody can reach, and that of hold", () => {
    const natted = (address: string) =>
      lines(
        "v=0",
        "o=- 1 1 IN IP4 192.168.1.2",
        "s=-",
        `c=IN IP4 ${address}`,
        "t=0 0",
        ...stream(40000),
        ...stream(40002, "c=IN IP4 0.0.0.0"),
        ...stream(40004, "c=IN IP4 203.0.113.99"),
      );
    const withOwn = (address: string) =>
      natted(address).replace("40000 RTP/AVP 0\r\n", `40000 RTP/AVP 0\r\nc=IN IP4 ${address}\r\n`);
    expect(shown(natted("192.168.1.2"))).toBe(withOwn("203.0.113.10"));
    expect(shown(natted("192.168.1.2"), { source: "10.0.0.7" })).toBe(withOwn("192.168.1.2"));
    expect(shown(natted("192.168.1.2"), { byRecorder: "1" })).toBe(withOwn("192.168.1.2"));
  });

  it("an address for each stream where a refused one has none, or an address that is of no use", () => {
    const answer = (refused: string[]) =>
      lines(
        "v=0",
        "o=- 1 1 IN IP4 10.0.0.3",
        "s=-",
        "t=0 0",
        ...stream(40000, "c=IN IP4 10.0.0.3"),
        ...stream(0, ...refused),
      );
    for (const refused of [[], ["c=IN IP6 ::"]])
      expect(shown(answer(refused), { byRecorder: "1" })).toBe(answer(["c=IN IP4 10.0.0.3"]));
  });

  it("lines that end as they did", () => {
    expect(shown(sdp.replaceAll("\r\n", "\n"))).toBe(sdp.replaceAll("\r\n", "\n"));
  });
});

describe("the streams on which packets are to come", () => {
  const stream = (direction: string, media = "m=audio 40000 RTP/AVP 0") => [
    media,
    ...(direction ? [`a=${direction}`] : []),
  ];
  const streams = (byRecorder: string, ...all: string[]) =>
    through(lines(...session, ...all), { type: "application/sdp", byRecorder }).streams;
  const each = ["sendrecv", "sendonly", "recvonly", "inactive", ""].flatMap((direction) => stream(direction));

  it("a platform's are those that it sends, a recorder's those that it receives", () => {
    expect(streams("0", ...each)).toBe("11001");
    expect(streams("1", ...each)).toBe("10101");
  });

  it("the session's direction is that of streams without one", () => {
    expect(streams("0", "a=inactive", ...stream("sendonly"), ...stream(""))).toBe("10");
  });

  it.each([
    { title: "refused", media: stream("", "m=audio 0 RTP/AVP 0") },
    { title: "on hold by its address", media: [...stream(""), "c=IN IP4 0.0.0.0"] },
    { title: "no RTP", media: stream("", "m=application 40000 udp x") },
  ])("one that is $title is none", ({ media }) => {
    expect(streams("0", ...media, ...stream("", "m=video 40002 UDP/TLS/RTP/SAVPF 96"))).toBe("01");
  });
});
