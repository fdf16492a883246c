import { flagsMeaning } from "../launch/dispatcher-flags.js";
import { destination } from "../../understand/destination.js";
import type { Fleet } from "../../understand/fleet.js";
import type { HostLook } from "./look.js";

/** The state of a fleet for the dashboard: `/state` returns it as JSON, and the page shows it. */
export interface View {
  fleet: string;
  /** Time of the query, in milliseconds since 1970. */
  at: number;
  /** The sources of calls: addresses, without ports. */
  platforms: { id: string; name: string; calls: number }[];
  proxies: ProxyView[];
  recorders: RecorderView[];
  /** Numbers of calls between two ids. */
  lines: Line[];
  /** The progress of a roll, if hosts differ in image or packages; otherwise null. */
  mixed: { newest: string; hosts: string[]; others: string[] } | null;
}

export interface ProxyView {
  id: string;
  name: string;
  state: "ready" | "not ready" | "draining" | "unreachable";
  /** Why the host is not reachable; null if it is. */
  why: string | null;
  /** Number of calls; null if unknown. */
  calls: number | null;
  /** Most simultaneous calls; null without a limit. */
  limit: number | null;
  image: string | null;
  /** Time of the last change of packages, in milliseconds since 1970. */
  packagesAt: number | null;
  refused: Refused[];
}

/** Refused calls: `total` since Kamailio's start, `lately` since the earlier query. */
export interface Refused {
  reason: string;
  total: number;
  lately: number;
}

export interface RecorderView {
  id: string;
  name: string;
  /** URI. */
  destination: string;
  state: "up" | "down" | "down for some" | "out of service" | "unknown";
  calls: number;
  /** The state on each proxy: Kamailio's two letters, and their meaning. */
  seen: { proxy: string; flags: string; meaning: string }[];
}

export interface Line {
  from: string;
  to: string;
  calls: number;
}

/** A host, or an instance of a group, with its answer, or `why` there is none. */
export interface Seen {
  name: string;
  image?: string | undefined;
  look?: HostLook | undefined;
  why?: string | undefined;
}

/** `before`: counters of refused calls by host, at the beginning of the recent period. */
export function viewOf(
  fleet: Pick<Fleet, "name" | "recorders">,
  seen: readonly Seen[],
  at: number,
  before: ReadonlyMap<string, HostLook["refused"]> = new Map(),
): View {
  const named = seen.map((one) => ({ ...one, image: one.image && imageName(one.image) }));
  const calls = seen.flatMap(({ name, look }) =>
    (look?.calls ?? []).map((call) => ({ host: name, ...call })),
  );
  const platforms = count(calls, ({ source }) => source && addressOf(source));
  const lines = [
    ...count(calls, ({ host, source }) => source && pair(`platform ${addressOf(source)}`, `proxy ${host}`)),
    ...count(calls, ({ host, recorder }) => recorder && pair(`proxy ${host}`, `recorder ${recorder}`)),
  ].map(([ends, number]) => {
    const [from, to] = JSON.parse(ends) as [string, string];
    return { from, to, calls: number };
  });
  return {
    fleet: fleet.name,
    at,
    platforms: platforms.map(([name, number]) => ({ id: `platform ${name}`, name, calls: number })),
    proxies: named.map((host) => proxyView(host, before.get(host.name))),
    recorders: recorderViews(fleet, seen, new Map(count(calls, ({ recorder }) => recorder))),
    lines,
    mixed: mixedOf(named),
  };
}

function proxyView({ name, image, look, why }: Seen, before: HostLook["refused"] = {}): ProxyView {
  const packagesAt = look?.packagesAt;
  return {
    id: `proxy ${name}`,
    name,
    state: stateOf(look),
    why: why ?? null,
    calls: look?.count ?? null,
    limit: look?.limit || null,
    image: image ?? null,
    packagesAt: packagesAt === undefined ? null : packagesAt * 1000,
    refused: Object.entries(look?.refused ?? {})
      .filter(([, total]) => total > 0)
      // the counters begin at 0 after a restart of Kamailio
      .map(([reason, total]) => ({ reason, total, lately: since(before[reason] ?? 0, total) })),
  };
}

function since(before: number, now: number): number {
  return now < before ? now : now - before;
}

function stateOf(look: HostLook | undefined): ProxyView["state"] {
  if (look === undefined) return "unreachable";
  if (!look.ready) return "not ready";
  return look.draining ? "draining" : "ready";
}

/** The recorders of the fleet file, then those that only hosts have. */
function recorderViews(
  { recorders }: Pick<Fleet, "recorders">,
  seen: readonly Seen[],
  calls: ReadonlyMap<string, number>,
): RecorderView[] {
  const names = new Map(recorders.map((recorder) => [destination(recorder), recorder.name]));
  const known = seen.flatMap(({ name, look }) =>
    (look?.targets ?? []).map((its) => ({ proxy: name, ...its })),
  );
  const uris = [...new Set([...names.keys(), ...known.map(({ uri }) => uri), ...calls.keys()])];
  return uris.map((uri) => {
    const those = known.filter((one) => one.uri === uri);
    return {
      id: `recorder ${uri}`,
      name: names.get(uri) ?? uri,
      destination: uri,
      state: recorderState(those.map(({ flags }) => flags.charAt(0))),
      calls: calls.get(uri) ?? 0,
      seen: those.map(({ proxy, flags }) => ({ proxy, flags, meaning: flagsMeaning(flags) })),
    };
  });
}

function recorderState(letters: readonly string[]): RecorderView["state"] {
  if (letters.length === 0) return "unknown";
  if (letters.every((letter) => letter === "D")) return "out of service";
  const up = letters.filter((letter) => letter === "A" || letter === "T").length;
  if (up === letters.length) return "up";
  return up === 0 ? "down" : "down for some";
}

/** The newest image is the one with the latest change of packages. */
function mixedOf(seen: readonly Seen[]): View["mixed"] {
  const hosts = seen.flatMap(({ name, image, look }) => {
    const packages = look?.packagesAt;
    if (packages === undefined) return [];
    return [{ name, packages, image: image ?? new Date(packages * 1000).toISOString().slice(0, 16) }];
  });
  if (new Set(hosts.map(({ image }) => image)).size < 2) return null;
  const [first] = [...hosts].sort((a, b) => b.packages - a.packages);
  const newest = first?.image ?? "";
  const named = (isNewest: boolean) =>
    hosts.filter(({ image }) => (image === newest) === isNewest).map(({ name }) => name);
  return { newest, hosts: named(true), others: named(false) };
}

/** For an image file on this machine, the name of its folder, because all files have the same name. */
function imageName(image: string): string {
  return image.includes("/") ? (image.split("/").at(-2) ?? image) : image;
}

/** The address in PROTOCOL:ADDRESS:PORT. */
function addressOf(source: string): string {
  return source.replace(/^[a-z]+:/, "").replace(/:\d+$/, "");
}

const pair = (from: string, to: string) => JSON.stringify([from, to]);

/** Number of items for each key, the most frequent first. Items without a key are left out. */
function count<T>(list: readonly T[], key: (item: T) => string | null | undefined): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of list) {
    const name = key(item);
    if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}
