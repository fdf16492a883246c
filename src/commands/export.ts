import { print, talk } from "../cli/talk.js";
import { secretReader } from "../do/secrets.js";
import { exporters } from "../targets/lookup.js";
import { FaultsError, findGroup, loadFleetAndWarn } from "./load-fleet.js";
import { renderHost } from "./render-host.js";

export interface ExportOptions {
  format: string;
}

/** `sip-proxy export FLEET --format FORMAT`: prints the group as a template for another tool, which then owns the resources. */
export async function exportGroup(file: string, { format }: ExportOptions): Promise<void> {
  const { fleet, source } = loadFleetAndWarn(file);
  const exporter = await exporters().get(format)?.();
  if (exporter === undefined) throw new Error(`no target writes ${format}`);
  const { group, host } = findGroup(fleet);
  const unfit = exporter.faults(fleet);
  if (unfit.length > 0) throw new FaultsError(unfit, source);
  const { bytes, faults } = renderHost(fleet, host, secretReader(file));
  if (faults.length > 0) throw new FaultsError(faults, source);
  const { text, notes } = exporter.document(fleet, group, host, bytes);
  print(text);
  for (const note of notes) talk.say(note);
}
