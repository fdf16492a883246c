import { callers, type CallLab } from "../../support/call-lab.js";
import { recorderAddress } from "../../support/shapes/ends.js";
import { counted } from "../lab.js";
import { siprecScenario, sipp, type SippRun } from "../sipp.js";
import { until } from "../until.js";
import { baresip } from "./baresip.js";
import { readByTshark } from "./capture.js";
import type { Outcome, Trial } from "./trial.js";

const calls = 20;

/** SIPp as platform, over UDP. */
async function fromSipp(lab: CallLab, run: Partial<SippRun>, tries = calls) {
  const { address, port } = lab.target();
  const from = ["-i", callers.platform.address, "-p", "5060"];
  const words = [`${address}:${port}`, ...from, "-r", "10", "-m", String(tries), ...(run.words ?? [])];
  return sipp(lab, "platform", { timeout: 90_000, ...run, words });
}

/** Towards the lab's recorder: how many calls were ended there by BYE, and what it recorded. */
async function recorded(lab: CallLab, tries: number, act: () => Promise<unknown>) {
  await lab.recorder("recorder0").forget();
  const before = await counted(lab, "byes");
  await act();
  const ended = async () => (await counted(lab, "byes")) - before;
  await until(async () => (await ended()) >= tries, 10);
  const [packets, lost] = [await counted(lab, "rtpPackets"), await counted(lab, "rtpLost")];
  const note = packets > 0 ? `${packets} packets recorded, ${lost} lost` : "";
  return { ended: await ended(), packets, lost, note };
}

/** With a scenario of SIPp's as platform. */
async function platformOfSipp(lab: CallLab, run: Partial<SippRun>, tries = calls): Promise<Outcome> {
  let report = { successful: 0, fault: "" };
  const { ended, lost, note } = await recorded(
    lab,
    tries,
    async () => (report = await fromSipp(lab, run, tries)),
  );
  const good = lost > 0 ? 0 : Math.min(report.successful, ended);
  return { tries, good, note: good === tries ? note : `${note} ${report.fault}` };
}

/** With something else in the place of the lab's recorder, until its calls are over. */
async function instead(
  lab: CallLab,
  start: (signal: AbortSignal) => Promise<unknown>,
  act: () => Promise<Outcome>,
): Promise<Outcome> {
  const over = new AbortController();
  // ended by us, it has no exit code
  const recorder = start(over.signal).catch(() => undefined);
  try {
    await until(async () => (await lab.ask("platform"))[0] === 200);
    const outcome = await act();
    const [stays] = await lab.ask("platform");
    return stays === 200 ? outcome : { ...outcome, good: 0, note: `taken out: OPTIONS get ${stays}` };
  } finally {
    over.abort();
    await recorder;
  }
}

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
  {
    what: "tshark: both sides of SIPREC calls with two streams",
    run: async (lab) => {
      const tries = 4;
      const { sip, malformed, streams } = await readByTshark(lab, async () => {
        const { summary } = await lab.calls({ calls: tries, holdMs: 3000 });
        if (summary.outcomes.ok !== tries) throw new Error(JSON.stringify(summary));
      });
      // less than none: a packet that overtook the first one
      const lost = streams.reduce((sum, stream) => sum + Math.max(0, stream.lost), 0);
      // in and out of each of two streams
      const seen = streams.length === tries * 4;
      const good = seen && malformed === 0 && lost === 0 && sip > 0 ? tries : 0;
      return {
        tries,
        good,
        note: `${sip} SIP, ${malformed} malformed, ${streams.length} RTP streams, ${lost} lost`,
      };
    },
  },
];

/** In place of the lab's recorder. */
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
];

async function uas(lab: CallLab, act: () => ReturnType<typeof fromSipp>): Promise<Outcome> {
  const words = ["-sn", "uas", "-i", recorderAddress, "-p", "5060", "-aa"];
  const start = (signal: AbortSignal) => sipp(lab, "recorder0", { words, timeout: 150_000, signal });
  return instead(lab, start, async () => ({ tries: calls, good: (await act()).successful, note: "" }));
}

/** What baresip says of calls that have ended otherwise than by a BYE of its own. */
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
