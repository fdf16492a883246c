import type { Platform } from "../../src/lab/agents.js";
import { pause, type CallLab } from "./call-lab.js";

/** What a proxy's media relay holds: sessions as it counts them, of all its processes. */
export async function sessions(lab: CallLab, name?: string): Promise<number> {
  const ask = ". /usr/lib/sip-proxy/common.sh; load_host; . $lib/relay.sh; relay_control sessions";
  const { stdout } = await lab.proxy(name).run("bash", "-c", ask);
  return [...stdout.matchAll(/ (\d+)$/gm)].reduce((sum, [, number]) => sum + Number(number), 0);
}

/** Ends every dialog, as Kamailio does by itself at the end of its time. */
export async function endDialogs(lab: CallLab): Promise<void> {
  const list = await lab.proxy().kamcmd("dlg.list");
  for (const [, entry, id] of list.matchAll(/h_entry: (\d+)\s+h_id: (\d+)/g))
    await lab.proxy().kamcmd("dlg.end_dlg", entry ?? "", id ?? "");
}

/** Recorders that know nothing of the calls that they had. */
export async function restartRecorders(lab: CallLab): Promise<void> {
  for (const name of lab.recorders.keys()) {
    await lab.recorder(name).stop();
    await lab.startRecorder(name);
  }
}

/** What is asked of recorders that answer so many milliseconds late. */
export async function late<Answer>(lab: CallLab, ms: number, ask: () => Promise<Answer>): Promise<Answer> {
  for (const recorder of lab.recorders.values()) recorder.freeze(true);
  const answers = ask();
  await pause(ms);
  for (const recorder of lab.recorders.values()) recorder.freeze(false);
  return answers;
}

/** Calls whose ends are gone without a word, as at a power cut, and then others of the same kind, which are held. */
export async function goneAndHeld(lab: CallLab, job: Parameters<CallLab["place"]>[0]) {
  const gone: Platform = await lab.place(job);
  await gone.allPlaced();
  gone.freeze(true);
  await restartRecorders(lab);
  const onHold: Platform = await lab.place(job);
  await onHold.allPlaced();
  return { gone, onHold };
}
