import { callers, type CallLab } from "../../support/call-lab.js";
import { recorderAddress } from "../../support/shapes/ends.js";
import { siprecScenario, sipp, type SippRun } from "../sipp.js";
import { asteriskAsPlatform, asteriskAsRecorder } from "./asterisk-trials.js";
import { baresip } from "./baresip.js";
import { calls, fromSipp, instead, platformOfSipp, recorded } from "./calls.js";
import { captured, readBySngrep, readByTshark } from "./capture.js";
import type { Outcome, Trial } from "./trial.js";

export const platforms: Trial[] = [
  {
    what: "SIPp's uac as platform: no Route header in its requests",
    run: (lab) => platformOfSipp(lab, { words: ["-sn", "uac", "-d", "300"] }),
  },
  {
    what: "SIPp's uac_pcap as platform: G.711 A-law and telephone events",
    run: (lab) => platformOfSipp(lab, { words: ["-sn", "uac_pcap"] }, 2),
  },
  {
    what: "SIPp as platform: SIPREC in multipart/mixed",
    run: (lab) => platformOfSipp(lab, { scenario: siprecScenario(300) }),
  },
  {
    what: "baresip as platform: a plain call, G.711",
    run: async (lab) => {
      const { address, port } = lab.target();
      const own = { address: callers.platform.address, port: 5060, seconds: 6 };
      let said = "";
      const { ended, packets, lost, note } = await recorded(lab, 1, async () => {
        said = await baresip(lab, "platform", { ...own, dial: `sip:recorder@${address}:${port}` });
      });
      const good = ended === 1 && packets > 0 && lost === 0 ? 1 : 0;
      return { tries: 1, good, note: `${note}; it cannot send SIPREC ${whyClosed(said)}` };
    },
  },
  ...asteriskAsPlatform,
  {
    what: "tshark and sngrep: both sides of SIPREC calls with two streams",
    run: async (lab) => {
      const tries = 4;
      const place = async () => {
        const { summary } = await lab.calls({ calls: tries, holdMs: 3000 });
        if (summary.outcomes.ok !== tries) throw new Error(JSON.stringify(summary));
      };
      const { sip, malformed, streams, dialogs } = await captured(lab, place, async (file) => ({
        ...(await readByTshark(file)),
        dialogs: await readBySngrep(file),
      }));
      // tshark reports a negative loss if a packet has overtaken the first one
      const lost = streams.reduce((sum, stream) => sum + Math.max(0, stream.lost), 0);
      // two streams, each into the proxy and out of it
      const seen = streams.length === tries * 4 && dialogs === tries;
      const good = seen && malformed === 0 && lost === 0 && sip > 0 ? tries : 0;
      return {
        tries,
        good,
        note: `${sip} SIP, ${malformed} malformed, ${streams.length} RTP streams, ${lost} lost; sngrep: ${dialogs} calls`,
      };
    },
  },
];

/** Other programs as recorder. */
export const recorders: Trial[] = [
  {
    what: "SIPp's uas as recorder, SIPp's SIPREC calls: no Record-Route in its answers",
    run: (lab) => uas(lab, () => fromSipp(lab, { scenario: siprecScenario(300) })),
  },
  {
    what: "SIPp's uas as recorder, SIPp's uac as platform",
    run: (lab) => uas(lab, () => fromSipp(lab, { words: ["-sn", "uac", "-d", "300"] })),
  },
  {
    what: "baresip as recorder, Require: siprec: 420 goes back to the platform, baresip stays in",
    run: (lab) => byBaresip(lab, { scenario: siprecScenario(300, 420) }),
  },
  {
    what: "baresip as recorder, SIPp's uac as platform: a plain call",
    run: (lab) => byBaresip(lab, { words: ["-sn", "uac", "-d", "300", "-s", "recorder"] }),
  },
  ...asteriskAsRecorder,
];

async function uas(lab: CallLab, act: () => ReturnType<typeof fromSipp>): Promise<Outcome> {
  const words = ["-sn", "uas", "-i", recorderAddress, "-p", "5060", "-aa"];
  const start = (signal: AbortSignal) => sipp(lab, "recorder0", { words, timeout: 150_000, signal });
  return instead(lab, start, async () => ({ tries: calls, good: (await act()).successful, note: "" }));
}

/** baresip's messages about calls that it did not end itself with BYE. */
const whyClosed = (said: string) => [...new Set(said.match(/session closed: .*/g))].join(", ");

async function byBaresip(lab: CallLab, run: Partial<SippRun>): Promise<Outcome> {
  const tries = 4;
  const own = { address: recorderAddress, port: 5060, seconds: 120 };
  const start = (signal: AbortSignal) => baresip(lab, "recorder0", { ...own, signal });
  return instead(lab, start, async () => {
    const { successful } = await fromSipp(lab, run, tries);
    return { tries, good: successful, note: "" };
  });
}
