import type { Host } from "../../understand/fleet.js";
import type { Artefact } from "../artefact.js";

/** At every boot, a service copies the files below this folder to the same paths below /. */
const addedFolder = "etc/sip-proxy/added";

/** The files that the fleet file adds to a host, a list of them (MODE OWNER PATH), and a list of units to start. */
export function addedFiles({ settings }: Host): Artefact[] {
  const units = Object.entries(settings.units);
  const all = [
    ...Object.entries(settings.files),
    ...units.map(([name, unit]) => [`/etc/systemd/system/${name}`, { ...unit, ...ofUnits }] as const),
  ];
  if (all.length === 0) return [];
  const lines = (list: readonly string[]) => list.map((line) => `${line}\n`).join("");
  return [
    ...all.map(([path, { content = "" }]) => ({ path: `${addedFolder}${path}`, content, mode: 0o600 })),
    {
      path: "etc/sip-proxy/added.list",
      content: lines(all.map(([path, { mode, owner }]) => `${mode} ${owner} ${path}`)),
    },
    {
      path: "etc/sip-proxy/added.units",
      content: lines(units.flatMap(([name, { enabled }]) => (enabled ? [name] : []))),
    },
  ];
}

const ofUnits = { mode: "0644", owner: "root:root" };
