import type { Host } from "../../understand/fleet.js";
import type { Artefact } from "../artefact.js";

/** Files below this folder are put to the same path below / at every boot, by a service of their own. */
const addedFolder = "etc/sip-proxy/added";

/** What the fleet file adds to a host: the files, and lists of them (MODE OWNER PATH) and of the units to start. */
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
