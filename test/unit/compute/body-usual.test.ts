import { readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { expect, it } from "vitest";

const script = readFileSync(
  new URL("../../../templates/rootfs/etc/kamailio/sip-proxy/body.js", import.meta.url),
  "utf8",
);
/** Reads all messages as unusual ones. */
const slow = "usualSdp = firstPart = function () {};";

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
    runInContext(`takeSdp("10[.]", "203.0.113.9", "${byRecorder}")`, context);
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
const multipart = `--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n`;
const added = ["\n", "\r\n", " ", "0", "--b", "\r\nm=audio ", "\r\nc=IN IP4 0.0.0.0", "\r\na=rtcp:1 IN"];

it.each([
  ["application/sdp", sdp],
  ["multipart/mixed;boundary=b", multipart],
])("what is usual is read as what is not, however %s is changed", (type, body) => {
  const [usual, other] = [worker(), worker(slow)];
  const same = (changed: string) => {
    for (const by of ["0", "1"]) expect(usual(type, changed, by)).toEqual(other(type, changed, by));
  };
  const only = worker("plainSdp = sdpPart = undefined;");
  expect(only(type, body, "0")).toMatchObject({ "$var(sdp)": "taken", "$var(streams)": "10" });
  same(body);
  for (let at = 0; at <= body.length; at++) {
    for (const text of added) same(body.slice(0, at) + text + body.slice(at));
    for (const left of [1, 2, 3]) same(body.slice(0, at) + body.slice(at + left));
  }
});
