import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readBodies, type Message, type Reading } from "../support/read-bodies.js";

const source = "203.0.113.9";
/** Reads all messages as unusual ones. */
const slow = { without: ["usual_sdp", "first_part"] };

/** What the relay makes of each SDP. */
const answer = "v=0\r\n";

const message = (type: string, body: string, byRecorder = false): Message => ({
  ...{ type, body, byRecorder, source },
  relayed: answer,
});

/**
 * What the relay's module reads, and what is sent after it, whether the module gets the SDP alone or the whole body: the script replaces
 * hidden addresses, or has the module replace all.
 */
function relayed({ shown, hidden, streams, sdp, forRelay, sent }: Reading, { type, body }: Message) {
  if (shown !== "" || sdp !== "taken")
    return { streams, sdp, relayed: sdp === "taken" ? forRelay.body : "", sent };
  const whole = type === "application/sdp" ? body : sdpIn(body);
  const instead = whole.replaceAll(/\r\nc=IN IP4 [\d.]+/g, `\r\nc=IN IP4 ${source}`);
  const put = { body: body.replace(whole, answer), type: sent.type };
  return { streams, sdp, relayed: hidden === "" ? whole : instead, sent: put };
}

/** The first part, if it is usual. */
const sdpIn = (body: string) => /\r\n\r\n([^]*?)\r\n--b\r\n/.exec(body)?.[1] ?? "";

const lines = (...all: string[]) => all.map((line) => `${line}\r\n`).join("");
const sdp = lines(
  ...["v=0", "o=- 1 1 IN IP4 10.0.0.5", "s=-", "c=IN IP4 10.0.0.5", "t=0 0"],
  ...["m=audio 40000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/8000", "a=sendonly", "a=label:1"],
  ...["m=audio 40002 RTP/AVP 0 8", "c=IN IP4 203.0.113.10", "a=recvonly", "a=label:2"],
);
const parts = (type: string) =>
  `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b\r\nContent-Type: ${type}\r\n\r\nx\r\n--b--\r\n`;
const multipart = parts("text/plain");
const siprec = parts("application/rs-metadata+xml");
const hidden = siprec.replace("203.0.113.10", "10.0.0.6");
const added = ["\n", "\r\n", " ", "0", "--b", "\r\nm=audio ", "\r\nc=IN IP4 0.0.0.0", "\r\na=rtcp:1 IN"];

it.each([
  ["application/sdp", sdp],
  ["multipart/mixed;boundary=b", multipart],
  ["multipart/mixed;boundary=b", siprec],
  ["multipart/mixed;boundary=b", hidden],
])("what is usual is read as what is not, however %s is changed", (type, body) => {
  const changed = [body];
  for (let at = 0; at <= body.length; at++) {
    for (const text of added) changed.push(body.slice(0, at) + text + body.slice(at));
    for (const left of [1, 2, 3]) changed.push(body.slice(0, at) + body.slice(at + left));
  }
  const messages = changed.flatMap((text) => [message(type, text), message(type, text, true)]);
  const results = (readings: readonly Reading[]) =>
    readings.map((reading, i) => ({ of: messages[i], ...relayed(reading, messages[i] ?? message("", "")) }));
  expect(results(readBodies(messages))).toEqual(results(readBodies(messages, slow)));
  const [usual] = readBodies([message(type, body)], { without: ["plain_sdp", "sdp_part"] });
  expect(usual).toMatchObject({ sdp: "taken", streams: "10" });
});

const disposition = "\r\nContent-Disposition: recording-session;handling=required";

it.each([
  ["multipart/mixed;boundary=b", hidden],
  ['multipart/mixed; boundary="b"', hidden],
  ["multipart/mixed;boundary=b", siprec.replaceAll("10.0.0.5", "203.0.113.10")],
  ["multipart/mixed;boundary=b", hidden.replace("metadata+xml", `metadata${disposition}`)],
  ["multipart/mixed;boundary=b", hidden.replace(/\r\n$/, "")],
])("the relay's module gets a usual body whole: %s", (type, body) => {
  for (const lua of ["lua5.1", "lua5.4"] as const) {
    const [reading] = readBodies([message(type, body)], { lua });
    const hides = body.includes("10.0.0") ? "1" : "";
    expect(reading).toMatchObject({ sdp: "taken", shown: "", hidden: hides, forRelay: { body, type } });
  }
});

const twice = hidden.replace("rs-metadata+xml", "sdp");
const nested = hidden.replace("application/rs-metadata+xml", "multipart/mixed;boundary=c");
it.each([
  ["another parameter of Content-Type", "multipart/mixed;charset=utf-8;boundary=b", hidden],
  ["another multipart type", "multipart/related;boundary=b", hidden],
  [
    "another header of the SDP",
    "multipart/mixed;boundary=b",
    hidden.replace("sdp", "sdp\r\nContent-Length: 5"),
  ],
  ["a folded header", "multipart/mixed;boundary=b", hidden.replace("xml", "xml\r\n ;charset=utf-8")],
  ["two parts with SDP", "multipart/mixed;boundary=b", twice],
  ["a nested body", "multipart/mixed;boundary=b", nested],
  ["three parts", "multipart/mixed;boundary=b", hidden.replace("--b--", "--b\r\n\r\ny\r\n--b--")],
  ["text before the first part", "multipart/mixed;boundary=b", `x\r\n${hidden}`],
  ["text after the last", "multipart/mixed;boundary=b", `${hidden}x`],
  [
    "the delimiter within the metadata",
    "multipart/mixed;boundary=b",
    hidden.replace("x\r\n--b--", "x--b\r\n--b--"),
  ],
  ["some addresses that are hidden", "multipart/mixed;boundary=b", siprec],
])("but only the SDP of others: %s", (_, type, body) => {
  const [reading] = readBodies([message(type, body)]);
  expect(reading).toMatchObject({ sdp: "taken", shown: "part", hidden: "" });
});

it("addresses that cannot be reached are those of UNREACHABLE_IP4", () => {
  const defaults = readFileSync(
    new URL("../../templates/rootfs/etc/kamailio/sip-proxy/defaults.cfg", import.meta.url),
    "utf8",
  );
  const unreachable = new RegExp(`^${/UNREACHABLE_IP4!(.*)!g"/.exec(defaults)?.[1] ?? ""}`);
  const each = (first: number) =>
    first === 100 || first === 169 || first === 172 || first === 192 ? [...Array(256).keys()] : [0, 255];
  const addresses = [...Array(256).keys()].flatMap((first) =>
    each(first).map((second) => `${first}.${second}.1.2`),
  );
  const readings = readBodies(
    addresses.map((address) =>
      message("application/sdp", sdp.replaceAll(/10\.0\.0\.5|203.0.113.10/g, address)),
    ),
  );
  expect(readings.map(({ hidden }) => hidden === "1")).toEqual(
    addresses.map((address) => unreachable.test(address)),
  );
});
