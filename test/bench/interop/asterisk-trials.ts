import { callers, type CallLab } from "../../support/call-lab.js";
import { eventually } from "../../support/eventually.js";
import { recorderAddress } from "../../support/shapes/ends.js";
import { siprecScenario, type SippRun } from "../sipp.js";
import { packetsTold, withAsterisk } from "./asterisk.js";
import { fromSipp, recorded, whileIn } from "./calls.js";
import type { Outcome, Trial } from "./trial.js";

export const asteriskAsPlatform: Trial[] = [
  {
    what: "Asterisk as platform: plain calls, G.711, one after the other",
    run: async (lab) => {
      const tries = 3;
      const { address, port } = lab.target();
      const own = { address: callers.platform.address, proxy: `${address}:${port}` };
      const uri = `PJSIP/proxy/sip:recorder@${address}:${port}`;
      const { ended, packets, lost, note } = await recorded(lab, tries, (allEnded) =>
        withAsterisk(lab, "platform", own, async ({ cli, told }) => {
          for (let call = 1; call <= tries; call++) {
            await cli(`channel originate ${uri} extension s@tone`);
            await eventually(async () => {
              if (packetsTold(await told()).calls < call) throw new Error(await told());
            });
          }
          // Asterisk tells about a call before it sends the BYE
          await allEnded();
        }),
      );
      return { tries, good: packets > 0 && lost === 0 ? ended : 0, note };
    },
  },
];

export const asteriskAsRecorder: Trial[] = [
  {
    what: "Asterisk as recorder, SIPp's uac_pcap as platform: plain calls, echoed",
    run: (lab) => byAsterisk(lab, 2, { words: ["-sn", "uac_pcap", "-s", "recorder"] }),
  },
  {
    what: "Asterisk as recorder, SIPp's uac as platform: no Route header in its requests",
    run: (lab) => byAsterisk(lab, 20, { words: ["-sn", "uac", "-d", "300", "-s", "recorder"] }),
  },
  {
    what: "Asterisk as recorder, Require: siprec: 420 goes back to the platform, Asterisk stays in",
    run: (lab) => byAsterisk(lab, 4, { scenario: siprecScenario(300, 420) }),
  },
];

async function byAsterisk(lab: CallLab, tries: number, run: Partial<SippRun>): Promise<Outcome> {
  const own = { address: recorderAddress, proxy: `${lab.host().private_ip_address}:5070` };
  let said = "";
  const outcome = await withAsterisk(lab, "recorder0", own, async ({ told }) => {
    const result = await whileIn(lab, async () => {
      const { successful, fault } = await fromSipp(lab, run, tries);
      return { tries, good: successful, note: fault };
    });
    said = await told();
    return result;
  });
  if (outcome.good < tries) return { ...outcome, note: `${outcome.note}; Asterisk: ${said.slice(-300)}` };
  const { packets, lost } = packetsTold(said);
  return packets > 0
    ? {
        ...outcome,
        good: lost > 0 ? 0 : outcome.good,
        note: `${outcome.note} ${packets} packets came, ${lost} lost`,
      }
    : outcome;
}
