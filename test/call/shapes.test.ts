import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CallLab, withEachRelay, type LabOptions } from "../support/call-lab.js";
import { eventually } from "../support/eventually.js";
import { releaseTree, type Suite } from "../support/release-tree.js";
import { sessions } from "../support/sessions.js";
import { Stage } from "../support/shapes/play.js";
import { filedShapes, type Shape } from "../support/shapes/shape.js";

// Forms of SIPREC calls that real platforms and recorders use. Right for each: the call reaches the recorder, SDP names the relay
// on both sides and nothing of the other side, every other byte of the body is what was sent, RTP and RTCP arrive, requests in the
// dialog reach the other end, and the relay holds nothing after BYE.

const recorders = {
  recorder0: { private_ip_address: "10.0.0.3", siprec_port: 5060, siprec_protocol: "udp" },
};

/** RTPProxy, told SDP's address again by a re-INVITE, takes RTCP from there alone, and learns no other any more. */
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
    const problems = await stage.play(shape);
    expect(problems.filter((problem) => !(relay === "rtpproxy" && lostByRtpproxy(shape, problem)))).toEqual(
      [],
    );
    await eventually(async () => expect(await sessions(lab)).toBe(0), 5000);
  });
}

withEachRelay((relay) => {
  describe("with trusted networks", () => {
    playAll(filedShapes, ["203.0.113.0/24"], () => Promise.resolve({ relay }));
  });
  describe("without trusted networks", () => {
    // who is not trusted sends from where its SDP says, or its media could be anybody's
    const shapes = filedShapes.filter(({ says }) => says["send-from"] === undefined);
    playAll(shapes, [], () => Promise.resolve({ relay }));
  });
});

describe.each<Suite>(["trixie", "unstable"])("with the Kamailio and rtpengine of Debian %s", (suite) => {
  playAll(filedShapes, ["203.0.113.0/24"], async () => ({ root: await releaseTree(suite) }));
});
