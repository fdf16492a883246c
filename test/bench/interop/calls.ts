import { callers, type CallLab } from "../../support/call-lab.js";
import { counted } from "../lab.js";
import { sipp, type SippRun } from "../sipp.js";
import { until } from "../until.js";
import type { Outcome } from "./trial.js";

/** Number of calls in most trials. */
export const calls = 20;

/** Places calls with SIPp as platform, over UDP. */
export async function fromSipp(lab: CallLab, run: Partial<SippRun>, tries = calls) {
  const { address, port } = lab.target();
  const from = ["-i", callers.platform.address, "-p", "5060"];
  const words = [`${address}:${port}`, ...from, "-r", "10", "-m", String(tries), ...(run.words ?? [])];
  return sipp(lab, "platform", { timeout: 90_000, ...run, words });
}

/**
 * Counts the BYEs and RTP packets that the lab's recorder receives while `act` runs. A platform that would end without its last BYE can
 * wait for all of them by `act`'s argument.
 */
export async function recorded(
  lab: CallLab,
  tries: number,
  act: (allEnded: () => Promise<unknown>) => Promise<unknown>,
) {
  await lab.recorder("recorder0").forget();
  const before = await counted(lab, "byes");
  const ended = async () => (await counted(lab, "byes")) - before;
  const allEnded = () => until(async () => (await ended()) >= tries, 10);
  await act(allEnded);
  await allEnded();
  const [packets, lost] = [await counted(lab, "rtpPackets"), await counted(lab, "rtpLost")];
  const note = packets > 0 ? `${packets} packets recorded, ${lost} lost` : "";
  return { ended: await ended(), packets, lost, note };
}

/** SIPp as platform, with the lab's recorder. */
export async function platformOfSipp(lab: CallLab, run: Partial<SippRun>, tries = calls): Promise<Outcome> {
  let report = { successful: 0, fault: "" };
  const { ended, lost, note } = await recorded(
    lab,
    tries,
    async () => (report = await fromSipp(lab, run, tries)),
  );
  const good = lost > 0 ? 0 : Math.min(report.successful, ended);
  return { tries, good, note: good === tries ? note : `${note} ${report.fault}` };
}

/** Places calls to a recorder that answers OPTIONS; if the proxy has taken it out afterwards, none of the calls is good. */
export async function whileIn(lab: CallLab, act: () => Promise<Outcome>): Promise<Outcome> {
  await until(async () => (await lab.ask("platform"))[0] === 200);
  const outcome = await act();
  const [stays] = await lab.ask("platform");
  return stays === 200 ? outcome : { ...outcome, good: 0, note: `taken out: OPTIONS get ${stays}` };
}

/** Runs another program as recorder until its calls are over. */
export async function instead(
  lab: CallLab,
  start: (signal: AbortSignal) => Promise<unknown>,
  act: () => Promise<Outcome>,
): Promise<Outcome> {
  const over = new AbortController();
  // the abort signal ends the program, so it has no exit code
  const recorder = start(over.signal).catch(() => undefined);
  try {
    return await whileIn(lab, act);
  } finally {
    over.abort();
    await recorder;
  }
}
