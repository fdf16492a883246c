import { isDeepStrictEqual } from "node:util";
import { hostAddresses, loadBalancing, proxySettings } from "../../understand/settings/proxy.js";
import { roleDefaults } from "../../understand/settings/role-names.js";
import type { Setting, Settings } from "../../understand/settings/setting.js";
import { dnsLabel } from "../../understand/settings/types.js";
import { readSetting, readSettings, spellingsOf, type Source } from "./setting-value.js";
import { textOf } from "./values.js";

/** One proxy: its names in the inventory and in the fleet file, and its settings. */
export interface Proxy {
  host: string;
  name: string;
  addresses: Map<string, unknown>;
  settings: Map<string, unknown>;
}

/** The settings of a section that the role has. */
export function ofRole<S extends Settings>(settings: S): Settings {
  return Object.fromEntries(Object.entries<Setting<unknown>>(settings).filter(([, { role }]) => role));
}

export function readProxies(sources: readonly Source[]): Proxy[] {
  const taken = new Set<string>();
  // hosts with valid names are first, so that they keep their names
  const isLabel = ({ host }: Source) => dnsLabel.test(host);
  const inTurn = [...sources.filter(isLabel), ...sources.filter((source) => !isLabel(source))];
  const names = new Map(inTurn.map((source) => [source, hostName(source, taken)]));
  return sources.map((source) => {
    const settings = readSettings(ofRole(proxySettings), source);
    tellBalancing(settings, source);
    const name = names.get(source) ?? source.host;
    return { host: source.host, name, addresses: readAddresses(source), settings };
  });
}

function readAddresses(source: Source): Map<string, unknown> {
  return new Map(
    Object.entries<Setting<unknown>>(hostAddresses).flatMap(([name, setting]) => {
      const value = readRequired(name, setting, source);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Reads a setting that a fleet file requires. */
export function readRequired(name: string, setting: Setting<unknown>, source: Source): unknown {
  const value = readSetting(name, setting, source);
  const { host, variables, findings } = source;
  if (
    value !== undefined ||
    spellingsOf(name, setting).some((spelling) => textOf(variables[spelling]) !== "")
  )
    return value;
  const ansibleHost = variables["ansible_host"];
  findings.problem(host, {
    variable: name,
    message: "is not set",
    hint:
      typeof ansibleHost === "string"
        ? `add it; Ansible reaches the host at ansible_host=${ansibleHost}`
        : "add it to the inventory",
  });
  return undefined;
}

export function isLoopback(value: unknown): boolean {
  return typeof value === "string" && /^(127\.|localhost$|::1$)/.test(value);
}

/** The host's name in the fleet file. A name that is not a DNS label is mapped to a free one, with a note. */
function hostName({ host, findings }: Source, taken: Set<string>): string {
  const isLabel = dnsLabel.test(host);
  const label = isLabel ? host : host.replace(/[^A-Za-z0-9-]+/g, "-").slice(0, 60);
  const base = label.replace(/^-+|-+$/g, "") || "proxy";
  let name = base;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${base}-${number}`;
  taken.add(name.toLowerCase());
  if (name === host) return name;
  const why = isLabel
    ? "differs from another host name in upper and lower case only"
    : "is not a DNS label, but the name of a proxy must be one";
  findings.note(host, { message: `${why}: it becomes ${name} in the fleet file` });
  return name;
}

/** Notes settings that had no effect: the role always used ds_select_dst(1, 4). */
function tellBalancing(settings: Map<string, unknown>, { host, findings }: Source): void {
  if (String(settings.get("disp_alg")) === roleDefaults["disp_alg"]?.[0]) settings.delete("disp_alg");
  for (const name of ["disp_set", "disp_alg"] as const) {
    const value = settings.get(name);
    if (value === undefined || isDeepStrictEqual(value, loadBalancing[name].default)) continue;
    findings.note(host, {
      variable: name,
      message: `is ${JSON.stringify(value)}: with the role it had no effect (Kamailio used set 1 and algorithm 4, round robin); with the fleet file it takes effect`,
    });
  }
}

/** Settings that are common to the proxies, and those of single proxies. Defaults are left out. */
export function share(proxies: readonly Proxy[]): {
  shared: Map<string, unknown>;
  own: Map<string, unknown>[];
} {
  const shared = new Map<string, unknown>();
  const own = proxies.map(() => new Map<string, unknown>());
  for (const [name, { default: usual }] of Object.entries<Setting<unknown>>(proxySettings)) {
    const values = proxies.map(({ settings }) => settings.get(name) ?? usual);
    const common = mostCommon(values) ?? usual;
    if (!isDeepStrictEqual(common, usual)) shared.set(name, common);
    values.forEach((value, index) => {
      if (!isDeepStrictEqual(value, common)) own[index]?.set(name, value);
    });
  }
  return { shared, own };
}

/** The value that more than half of the proxies have; undefined if there is none. */
function mostCommon(values: readonly unknown[]): unknown {
  return values.find(
    (value) => 2 * values.filter((other) => isDeepStrictEqual(value, other)).length > values.length,
  );
}
