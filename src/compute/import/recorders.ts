import { readAttributes, weightOf } from "../../understand/attributes.js";
import { DISABLED, recorderSettings } from "../../understand/settings/recorder.js";
import { groupsWith, type Inventory } from "./inventory.js";
import type { Findings } from "./findings.js";
import { isLoopback, readRequired, type Proxy } from "./proxies.js";
import { findGiven, readSetting, type Source } from "./setting-value.js";
import { isList, isMapping, textOf, type Value, type Variables } from "./values.js";

/** A recorder for the fleet file. */
export interface ImportedRecorder {
  name: string;
  settings: Map<string, unknown>;
}

/** A recorder of the inventory, with the proxies that list it. */
interface Listed {
  name: string;
  variables: Variables;
  proxies: readonly Proxy[];
}

/** Fields of the role's `dispatcher_destinations`, with their settings. */
const fields: Readonly<Record<string, string>> = {
  ip: "private_ip_address",
  port: "siprec_port",
  protocol: "siprec_protocol",
  flags: "siprec_flags",
  priority: "siprec_priority",
  attrs: "siprec_attrs",
};

/** The recorders of a fleet: those in dispatcher_destinations if proxies have it, or else the given hosts. */
export function readRecorders(
  hosts: readonly string[],
  proxies: readonly Proxy[],
  sourceOf: (host: string) => Source,
): ImportedRecorder[] {
  const lists = proxies.map((proxy) => ({ proxy, rows: readRows(sourceOf(proxy.host)) }));
  const listed = lists.some(({ rows }) => rows.length > 0)
    ? listedFor(lists)
    : hosts.map((host) => ({ name: host, variables: sourceOf(host).variables, proxies }));
  separateLists(lists, listed, sourceOf);
  const sources = listed.map((recorder) => ({ ...sourceOf(recorder.name), variables: recorder.variables }));
  const recorders = listed.map((recorder, index) =>
    readRecorder(recorder, sources[index] as Source, hosts.length > 0),
  );
  const [first] = sources;
  if (first) balance(recorders, first.findings);
  return recorders;
}

type Row = { [name: string]: Value };

function readRows(source: Source): Row[] {
  const value = findGiven("dispatcher_destinations", undefined, source)?.value;
  return isList(value) ? value.filter(isMapping) : [];
}

/** The rows of all proxies, without duplicates. */
function listedFor(lists: readonly { proxy: Proxy; rows: readonly Row[] }[]): Listed[] {
  const byRow = new Map<string, Listed & { proxies: Proxy[] }>();
  const names = new Set<string>();
  for (const { proxy, rows } of lists)
    for (const row of rows) {
      const key = JSON.stringify(
        Object.entries(row)
          .map(([field, value]) => [field, textOf(value)])
          .sort(),
      );
      const known = byRow.get(key);
      if (known) known.proxies.push(proxy);
      else
        byRow.set(key, {
          name: unused(textOf(row["name"]) || textOf(row["ip"]), names),
          variables: variablesOf(row),
          proxies: [proxy],
        });
    }
  return [...byRow.values()];
}

function unused(name: string, taken: Set<string>): string {
  let free = name.replace(/\p{Cc}+/gu, " ");
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  taken.add(free);
  return free;
}

function variablesOf(row: Row): Variables {
  return Object.fromEntries(
    Object.entries(row).flatMap(([field, value]) => (fields[field] ? [[fields[field], value]] : [])),
  );
}

/** If proxies have different lists but the same set, each list becomes a separate set: with the role, each play used only its list. */
function separateLists(
  lists: readonly { proxy: Proxy; rows: readonly Row[] }[],
  listed: readonly Listed[],
  sourceOf: (host: string) => Source,
): void {
  const kinds = [...new Set(listed.map(({ proxies }) => proxies))].map((proxies) =>
    proxies.map(({ host }) => host).join(","),
  );
  const distinct = [...new Set(kinds)];
  const sets = new Set(lists.map(({ proxy }) => JSON.stringify(proxy.settings.get("disp_set") ?? [1])));
  if (distinct.length < 2 || sets.size > 1) return;
  for (const { proxy } of lists) {
    const own = distinct
      .filter((hosts) => hosts.split(",").includes(proxy.host))
      .map((hosts) => distinct.indexOf(hosts) + 1);
    proxy.settings.set("disp_set", own);
    sourceOf(proxy.host).findings.note(proxy.host, {
      variable: "dispatcher_destinations",
      message: `is a separate list, which overwrote the rows of the other proxies with the role: in the fleet file its recorders belong to set ${own.join(", ")}`,
    });
  }
}

function readRecorder(listed: Listed, source: Source, isHost: boolean): ImportedRecorder {
  const settings = new Map<string, unknown>();
  const { siprec_set, private_ip_address, ...others } = recorderSettings;
  const address = readRequired("private_ip_address", private_ip_address, source);
  if (isLoopback(address))
    source.findings.problem(listed.name, {
      variable: "private_ip_address",
      message: `is ${String(address)}, which is the proxy itself`,
      hint: "a proxy from an image is a separate host: use the recorder's address in its network",
    });
  if (address !== undefined) settings.set("private_ip_address", address);
  for (const [name, setting] of Object.entries(others)) {
    const value = readSetting(name, setting, source);
    if (value !== undefined && value !== setting.default) settings.set(name, value);
  }
  const set = setOf(listed, source, isHost);
  if (set !== siprec_set.default) settings.set("siprec_set", set);
  return { name: listed.name, settings };
}

/**
 * The set of a recorder. The role wrote the play's disp_set into every row. In an inventory of several sites, the set is a variable of the
 * recorder, or follows from the groups that it shares with proxies.
 */
function setOf({ name, proxies }: Listed, source: Source, isHost: boolean): number {
  const { inventory, findings } = source;
  const own: Source = { ...source, variables: inventory.hosts.get(name) ?? {} };
  const said = readSetting("siprec_set", recorderSettings.siprec_set, own);
  if (typeof said === "number") {
    findings.note(name, {
      variable: "siprec_set",
      message: `is not a variable of the role. The role wrote disp_set of the play into every row, and Kamailio always used set 1. In the fleet file the recorder belongs to set ${said}`,
    });
    return said;
  }
  const beside = firstNumber(own.variables["disp_set"]);
  if (beside !== undefined) return beside;
  const sets = setsOf(proxies);
  if (sets.length < 2) return sets[0] ?? 1;
  const near = isHost ? setsOfSite(name, proxies, inventory) : [];
  if (near.length === 1 && near[0] !== undefined) {
    findings.note(name, {
      message: `shares a group with proxies whose disp_set is ${near[0]}: it belongs to set ${near[0]}`,
    });
    return near[0];
  }
  findings.problem(name, {
    message: `could belong to set ${sets.join(" or ")}: the proxies have different disp_set`,
    hint: "set siprec_set=N for the recorder in the inventory",
  });
  return sets[0] ?? 1;
}

function firstNumber(value: Value | undefined): number | undefined {
  const [digits] = /\d+/.exec(isList(value) ? textOf(value[0]) : textOf(value)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** The first sets of the proxies. */
function setsOf(proxies: readonly Proxy[]): number[] {
  const first = proxies
    .map(({ settings }) => settings.get("disp_set"))
    .map((sets) => (Array.isArray(sets) ? (sets as number[])[0] : 1));
  return [...new Set(first.map((set) => set ?? 1))];
}

/** The sets of proxies in the smallest group that the recorder shares with a proxy. */
function setsOfSite(recorder: string, proxies: readonly Proxy[], inventory: Inventory): number[] {
  const sites = groupsWith(recorder, inventory)
    .map((group) => inventory.groups.get(group) ?? [])
    .map((hosts) => ({ size: hosts.length, there: proxies.filter(({ host }) => hosts.includes(host)) }))
    .filter(({ there }) => there.length > 0)
    .sort((a, b) => a.size - b.size);
  return sites[0] ? setsOf(sites[0].there) : [];
}

/** Notes weights: they had no effect with the role (round robin), but have one in the fleet file. A weight of 0 means no calls. */
function balance(recorders: readonly ImportedRecorder[], findings: Findings): void {
  const sets = new Set(recorders.map(({ settings }) => settings.get("siprec_set") ?? 1));
  for (const set of sets) {
    const rows = recorders.filter(({ settings }) => (settings.get("siprec_set") ?? 1) === set);
    const weighted = rows.filter((row) => weight(row) !== undefined);
    const idle = weighted.filter((row) => weight(row) === 0);
    const used = weighted.filter((row) => !idle.includes(row));
    for (const row of idle)
      takeOut(row, { all: idle.length === rows.length, weighted: used.length > 0 }, findings);
    if (used.length > 1)
      findings.note(
        used.map(({ name }) => name),
        {
          variable: "siprec_attrs",
          message: `contain weights, which had no effect with the role (all recorders got the same number of calls); with the fleet file the calls are split ${used.map((row) => weight(row)).join(":")}`,
        },
      );
  }
}

/** Converts a weight of 0. `all`: every recorder of the set has it; `weighted`: others have a weight, so that this one needs one too. */
function takeOut(
  row: ImportedRecorder,
  { all, weighted }: { all: boolean; weighted: boolean },
  findings: Findings,
): void {
  const attributes = [...(readAttributes(attrsOf(row)) ?? [])].filter(([name]) => !/^r?weight$/.test(name));
  const kept = [...(weighted ? [["weight", "1"]] : []), ...attributes]
    .map(([name, value]) => `${name}=${value}`)
    .join(";");
  if (kept === "") row.settings.delete("siprec_attrs");
  else row.settings.set("siprec_attrs", kept);
  if (!all) row.settings.set("siprec_flags", Number(row.settings.get("siprec_flags") ?? 0) | DISABLED);
  findings.note(row.name, {
    variable: "siprec_attrs",
    message: all
      ? "contains weight 0, as for all recorders of its set: they get the same number of calls, as with the role"
      : "contains weight 0, which had no effect with the role; with the fleet file the recorder gets no calls (siprec_flags 4, disabled)",
  });
}

function attrsOf({ settings }: ImportedRecorder): string {
  const attributes = settings.get("siprec_attrs");
  return typeof attributes === "string" ? attributes : "";
}

const weight = (row: ImportedRecorder) => weightOf(attrsOf(row));
