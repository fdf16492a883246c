import { namedTargets } from "../../targets/lookup.js";
import { databaseSettings } from "./database.js";
import { dnsSettings, dnsZoneSettings } from "./dns.js";
import { commonGroupSettings } from "./group.js";
import { hostAdditions } from "./host-additions.js";
import { imageSettings } from "./image.js";
import {
  antiflood,
  connectivity,
  debug,
  hostAddresses,
  loadBalancing,
  media,
  operation,
  tls,
} from "./proxy.js";
import { recorderSettings } from "./recorder.js";
import type { Settings } from "./setting.js";

/** One part of the settings table: its rows, and the places in a fleet file where they are allowed. */
export interface Section {
  title: string;
  /** Paths in a fleet file; NAME is the name of any host or recorder. */
  places: readonly string[];
  settings: Settings;
}

const anyProxy = ["settings", "group", "proxies.NAME"] as const;

/** All settings. Types, JSON Schema, reference and error paths are made from this table. */
export const settingsTable: readonly Section[] = [
  { title: "Host addresses", places: ["proxies.NAME"], settings: hostAddresses },
  { title: "Connectivity", places: anyProxy, settings: connectivity },
  { title: "Load balancing", places: anyProxy, settings: loadBalancing },
  { title: "Recorders", places: ["recorders.NAME"], settings: recorderSettings },
  { title: "Database", places: ["database"], settings: databaseSettings },
  { title: "Media", places: anyProxy, settings: media },
  { title: "Antiflood", places: anyProxy, settings: antiflood },
  { title: "TLS", places: anyProxy, settings: tls },
  { title: "Debug and monitoring", places: anyProxy, settings: debug },
  { title: "Operation", places: anyProxy, settings: operation },
  { title: "Files and units", places: anyProxy, settings: hostAdditions },
  { title: "DNS", places: anyProxy, settings: dnsSettings },
  { title: "DNS records", places: ["dns"], settings: dnsZoneSettings },
  { title: "Image", places: ["image"], settings: imageSettings },
  ...namedTargets.map(([name, { image }]) => ({ ...image, places: [`image.targets.${name}`] })),
  ...namedTargets.map(([name, { launch }]) => ({ ...launch, places: [`launch.${name}`] })),
  { title: "Group", places: ["group"], settings: commonGroupSettings },
  ...namedTargets.flatMap(([, { group }]) => (group === undefined ? [] : [{ ...group, places: ["group"] }])),
];

/** All names and aliases of settings, with their places and whether they are secret. */
export const settingNames: ReadonlyMap<string, { places: readonly string[]; secret: boolean }> = new Map(
  settingsTable.flatMap(({ places, settings }) =>
    Object.entries(settings).flatMap(([name, { aliases = [], secret }]) =>
      [name, ...aliases].map((n) => [n, { places, secret: secret === true }] as const),
    ),
  ),
);
