import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab, withEachRelay, type LabOptions } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { again } from "../support/in-time.js";
import { releaseTree, type Suite } from "../support/release-tree.js";
import { sessions } from "../support/sessions.js";
import { slackFromNow } from "../support/slack.js";
import { Stage } from "../support/shapes/stage.js";
import { filedShapes, formOf, type Shape } from "../support/shapes/shape.js";

// Forms of SIPREC calls of real platforms and recorders. Required for each: the call reaches the recorder; SDP on both sides has the
// relay's address and none of the other side; every other byte of the body is unchanged; RTP and RTCP arrive; requests in the dialog reach
// the other end; the relay holds nothing after BYE.

/** Milliseconds in which runnable processes had no processor. */
const LATE = 300;

const recorders = {
  recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
};

/** After a re-INVITE that repeats the SDP's address, RTPProxy accepts RTCP only from that address and learns no other one. */
const lostByRtpproxy = ({ says }: Shape, problem: string) =>
  says["send-from"] !== undefined && problem.startsWith("RTCP of stream");

function playAll(shapes: Shape[], trusted: string[], options: () => Promise<LabOptions>): void {
  let lab: CallLab;
  let stage: Stage;
  let relay: LabOptions["relay"];
  beforeAll(async () => {
    const wanted = await options();
    relay = wanted.relay;
    lab = await CallLab.start({ recorders, settings: { trusted } }, wanted);
    stage = await Stage.open(lab);
  });
  afterAll(async () => {
    await stage?.close();
    await lab?.stop();
  });

  it.each(shapes)("$name", async (shape) => {
    const status = shape.says["refused"];
    const slack = slackFromNow();
    const play = async () => {
      const problems = await stage.play(shape);
      expect(problems.filter((problem) => !(relay === "rtpproxy" && lostByRtpproxy(shape, problem)))).toEqual(
        status === undefined ? [] : [`INVITE: SIP/2.0 ${status}`],
      );
    };
    // a relay that the machine delays for longer than Kamailio's timeout has not answered
    await again(play, () => slack() >= LATE);
    await eventually(async () => expect(await sessions(lab)).toBe(0), 5000);
  });

  it("OPTIONS that must not go on are answered", async () => {
    const text = [
      "OPTIONS sip:{address} SIP/2.0",
      "Via: SIP/2.0/UDP {address}:{port};branch={branch};rport",
      "From: <sip:platform@{address}>;tag={tag}",
      "To: <sip:recorder@198.51.100.10>",
      "Call-ID: {callId}",
      "CSeq: 1 OPTIONS",
      "Max-Forwards: 0",
      "Content-Length: 0",
    ].join("\r\n");
    const answers = await lab.send({ text: `${text}\r\n\r\n` }, "platform", { sipPort: 0, replies: 1 });
    expect(answers[0]).toMatch(/^SIP\/2\.0 200 /);
  });
}

/** Forms that differ from one in the case files by a few lines. */
const derived: Shape[] = [
  formOf("sdp-part-tight", "no-routes", { routes: "none", mid: "reinvite recorder-reinvite recorder-info" }),
  formOf("metadata-50k-tcp", "no-routes-tcp", {
    routes: "none",
    mid: "reinvite recorder-info",
    bye: "recorder",
  }),
  formOf("extra-bytes-crlf", "extra-bytes-sdp", { "extra-bytes": "sdp" }),
  formOf("part-with-pem", "multipart-related", {}, (text) => text.replace("/mixed;", "/related;")),
  formOf("text-part-with-ruler", "boundary-quoted", {}, (text) =>
    text.replace(
      "multipart/mixed;boundary=uniqueBoundary",
      'multipart/mixed; x=";"; boundary="uniqueBoundary"',
    ),
  ),
  formOf("part-with-pem", "one-stream-on-hold", {}, (text) =>
    text.replace(/(m=audio \{RTP0\}.*\n)/, "$1c=IN IP4 0.0.0.0\n"),
  ),
  formOf("udp-ports-apart", "udp-ports-apart-rport", { rport: "yes" }, (text) =>
    text.replace("branch={BRANCH}", "rport;branch={BRANCH}"),
  ),
];

/** Forms that no proxy can serve: the platform gets an error. */
const refused: Shape[] = [
  formOf("sdp-part-tight", "IPv6", { refused: "488 Not Acceptable Here" }, (text) =>
    text.replace("c=IN IP4 {MIP}", "c=IN IP6 2001:db8::1"),
  ),
  formOf("sdp-part-tight", "a name", { refused: "488 Not Acceptable Here" }, (text) =>
    text.replace("c=IN IP4 {MIP}", "c=IN IP4 media.example"),
  ),
  formOf("sdp-part-tight", "an encoded body", { refused: "415 Unsupported Media Type" }, (text) =>
    text.replace("Require: siprec", "Require: siprec\nContent-Encoding: gzip"),
  ),
];
/** Kamailio 6 closes the connection in this case. */
const tooLong = formOf("metadata-50k-tcp", "100 KB over TCP", { refused: "513 Message Too Large" }, (text) =>
  text.replace("{BIG330}", "{BIG330}\n{BIG330}"),
);
const shapes = [...filedShapes, ...derived, ...refused];

withEachRelay((relay) => {
  describe("with trusted networks", () => {
    playAll([...shapes, tooLong], ["203.0.113.0/24"], () => Promise.resolve({ relay }));
  });
  describe("without trusted networks", () => {
    // untrusted platforms must send from the address in their SDP; otherwise anybody could send media
    const own = shapes.filter(({ says }) => says["send-from"] === undefined);
    playAll(own, [], () => Promise.resolve({ relay }));
  });
});

describe.each<Suite>(["trixie", "unstable"])("with the Kamailio and rtpengine of Debian %s", (suite) => {
  playAll(shapes, ["203.0.113.0/24"], async () => ({ root: await releaseTree(suite) }));
});
