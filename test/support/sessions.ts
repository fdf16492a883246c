import type { Platform } from "../../src/lab/agents.js";
import { pause, type CallLab } from "./call-lab.js";

/** The number of sessions of a proxy's media relay, over all its processes. */
export async function sessions(lab: CallLab, name?: string): Promise<number> {
  const ask = ". /usr/lib/sip-proxy/common.sh; load_host; . $lib/relay.sh; relay_control sessions";
  const { stdout } = await lab.proxy(name).run("bash", "-c", ask);
  return [...stdout.matchAll(/ (\d+)$/gm)].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** Ends every dialog, as Kamailio does after their lifetime. */
export async function endDialogs(lab: CallLab): Promise<void> {
  const list = await lab.proxy().kamcmd("dlg.list");
  for (const [, entry, id] of list.matchAll(/h_entry: (\d+)\s+h_id: (\d+)/g))
    await lab.proxy().kamcmd("dlg.end_dlg", entry ?? "", id ?? "");
}

/** Makes recorders forget their calls. */
export async function restartRecorders(lab: CallLab): Promise<void> {
  for (const name of lab.recorders.keys()) {
    await lab.recorder(name).stop();
    await lab.startRecorder(name);
  }
}

/** The behaviour of recorders that answer with this delay in milliseconds. */
export async function late<Answer>(lab: CallLab, ms: number, ask: () => Promise<Answer>): Promise<Answer> {
  for (const recorder of lab.recorders.values()) recorder.freeze(true);
  const answers = ask();
  await pause(ms);
  for (const recorder of lab.recorders.values()) recorder.freeze(false);
  return answers;
}

/** Places calls whose sides disappear, as in a power cut, and then other calls of the same kind, which are put on hold. */
export async function goneAndHeld(lab: CallLab, job: Parameters<CallLab["place"]>[0]) {
  const gone: Platform = await lab.place(job);
  await gone.allPlaced();
  gone.freeze(true);
  await restartRecorders(lab);
  const onHold: Platform = await lab.place(job);
  await onHold.allPlaced();
  return { gone, onHold };
}
