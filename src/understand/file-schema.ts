import { z } from "zod";
import { groupSettings } from "../targets/groups.js";
import { namedTargets } from "../targets/lookup.js";
import type { Target } from "../targets/target.js";
import { databaseSettings } from "./settings/database.js";
import { dnsZoneSettings } from "./settings/dns.js";
import { hostLabel } from "./settings/group.js";
import { imageSettings } from "./settings/image.js";
import { hostAddresses, proxySettings } from "./settings/proxy.js";
import { dispatcherColumns, recorderSettings } from "./settings/recorder.js";
import type { Given, Settings } from "./settings/setting.js";
import { integer, text } from "./settings/types.js";

export const hostSettings = { ...hostAddresses, ...proxySettings };
export const groupAndProxySettings = { ...groupSettings, ...proxySettings };

/**
 * The zod object of a section: every name and alias of the table, and the keys of `extra`. All settings of the table are
 * optional here: defaults and required settings are handled when fleet, group and host are merged.
 */
function section<S extends Settings, E extends z.ZodRawShape>(settings: S, extra: E = {} as E) {
  const names = Object.entries(settings).flatMap(([name, { kind, aliases = [] }]) =>
    [name, ...aliases].map((spelling) => [spelling, kind.schema.optional()] as const),
  );
  const object = z.strictObject({ ...Object.fromEntries(names), ...extra });
  return object as unknown as z.ZodType<Given<S> & z.infer<z.ZodObject<E>>>;
}

/** A section for each target, all optional. */
function sections(settingsOf: (target: Target) => Settings) {
  const each = namedTargets.map(([name, target]) => [name, section(settingsOf(target)).optional()] as const);
  return z.strictObject(Object.fromEntries(each)).optional();
}

/** A recorder's name becomes the description of its dispatcher row. */
const recorderName = text({
  rule: `a name of up to ${dispatcherColumns.description} characters, on one line`,
  max: dispatcherColumns.description,
});

/** The contents that a fleet file may have, before defaults are applied and layers merged. */
export const fleetFileSchema = z.strictObject({
  fleet: hostLabel.schema,
  generation: integer(0, 2_147_483_647).schema.optional(),
  image: section(imageSettings, { targets: sections(({ image }) => image.settings) }).optional(),
  database: section(databaseSettings),
  settings: section(proxySettings).optional(),
  proxies: z.record(hostLabel.schema, section(hostSettings)).optional(),
  group: section(groupAndProxySettings).optional(),
  dns: section(dnsZoneSettings).optional(),
  recorders: z.record(recorderName.schema, section(recorderSettings)),
  launch: sections(({ launch }) => launch.settings),
});

export type FleetFile = z.infer<typeof fleetFileSchema>;
