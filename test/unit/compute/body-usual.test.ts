import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { expect, it } from "vitest";

const script = readFileSync(
  new URL("../../../templates/rootfs/etc/kamailio/sip-proxy/body.js", import.meta.url),
  "utf8",
);
/** Reads all messages as unusual ones. */
const slow = "usualSdp = firstPart = function () {};";
const source = "203.0.113.9";

/** The addresses and the types that the relay's module gets: the script replaces hidden addresses, or has the module replace all. */
function relayed({ $rb = "", "$var(hidden)": hidden, ...values }: Record<string, string>) {
  const [sdp = "", ...metadata] = $rb.split("\r\n--b\r\n");
  const instead = hidden === undefined ? sdp : sdp.replaceAll(/\r\nc=IN IP4 [\d.]+/g, `\r\nc=IN IP4 ${source}`);
  return {
    $rb: [instead, ...metadata].join("\r\n--b\r\n"),
    streams: values["$var(streams)"],
    sdp: values["$var(sdp)"],
    type: values["sent"] ?? values["$cT"],
  };
}

/** A worker of Kamailio; tells what the script sets and sends for a body. */
function worker(more = ""): (type: string, body: string, byRecorder: string) => Record<string, string> {
  let values: Record<string, string> = {};
  const KSR = {
    pv: {
      gete: (name: string) => values[name] ?? "",
      sets: (name: string, value: string) => (values[name] = value),
    },
    textops: { set_body: (text: string, as: string) => (values = { ...values, $rb: text, sent: as }) },
  };
  const context = createContext({ KSR });
  runInContext(script + more, context);
  return (type, body, byRecorder) => {
    values = { $cT: type, $rb: body };
    runInContext(`takeSdp("10[.]", "${source}", "${byRecorder}")`, context);
    if (values["$var(shown)"] === "part") runInContext("returnSdp()", context);
    return values;
  };
}

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
  const [usual, other] = [worker(), worker(slow)];
  const same = (changed: string) => {
    for (const by of ["0", "1"])
      expect(relayed(usual(type, changed, by))).toEqual(relayed(other(type, changed, by)));
  };
  const only = worker("plainSdp = sdpPart = undefined;");
  expect(only(type, body, "0")).toMatchObject({ "$var(sdp)": "taken", "$var(streams)": "10" });
  same(body);
  for (let at = 0; at <= body.length; at++) {
    for (const text of added) same(body.slice(0, at) + text + body.slice(at));
    for (const left of [1, 2, 3]) same(body.slice(0, at) + body.slice(at + left));
  }
});

const of = (type: string, body: string) => worker()(type, body, "0");
const disposition = "\r\nContent-Disposition: recording-session;handling=required";

it.each([
  ["multipart/mixed;boundary=b", hidden],
  ['multipart/mixed; boundary="b"', hidden],
  ["multipart/mixed;boundary=b", siprec.replaceAll("10.0.0.5", "203.0.113.10")],
  ["multipart/mixed;boundary=b", hidden.replace("metadata+xml", `metadata${disposition}`)],
  ["multipart/mixed;boundary=b", hidden.replace(/\r\n$/, "")],
])("the relay's module gets a usual body whole: %s", (type, body) => {
  const values = of(type, body);
  expect(values).toMatchObject({ $rb: body, "$var(sdp)": "taken" });
  expect(values).not.toHaveProperty("sent");
  expect(values["$var(hidden)"]).toBe(body.includes("10.0.0") ? "1" : undefined);
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
  const values = of(type, body);
  expect(values).toMatchObject({ "$var(sdp)": "taken", "$var(shown)": "part" });
  expect(values["$var(hidden)"]).toBeUndefined();
});
