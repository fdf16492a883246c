import { readDispatcherList, type DispatcherTarget } from "../launch/dispatcher-flags.js";
import type { Call } from "./call.js";

/** The state of a host: its loaded dispatcher list, its current calls, and whether it is ready. */
export interface HostLook {
  targets: DispatcherTarget[];
  /** Undefined for an image of an earlier release, which does not list calls. */
  calls: Call[] | undefined;
  /** The host's own count (sip-proxy-drain status); undefined if neither Kamailio nor the media relay answers. */
  count: number | undefined;
  /** It is draining: it accepts no new calls, or is about to. */
  draining: boolean;
  /** It has left DNS but still accepts calls, because DNS clients may have its address cached. Then it drains. */
  leavesDns: boolean;
  /** Its boot has ended and its self-test has passed. */
  ready: boolean;
  /** Most simultaneous calls; 0 if there is no limit, or if it is unknown. */
  limit: number;
  /** Requests refused since Kamailio's start, by reason (no_recorder, full, …: the labels of sip_proxy_refused_total). */
  refused: Record<string, number>;
  /** Time of the last change of packages, in seconds since 1970; usually the bake. */
  packagesAt: number | undefined;
}

const divider = "--- sip-proxy ---";
const lib = "/usr/lib/sip-proxy";

/** The script, for root, that prints the state. `before`: commands to run first. Hosts of earlier releases print all except `calls`. */
export function lookScript(before: readonly string[] = []): string {
  return [
    ...before,
    "kamcmd dispatcher.list 2>&1",
    `echo '${divider}'`,
    `if [ -x ${lib}/calls ]; then ${lib}/calls; fi 2>/dev/null`,
    `echo; echo '${divider}'`,
    "sip-proxy-drain status 2>/dev/null",
    `echo '${divider}'`,
    // in this order, because `leaving` becomes `draining`
    "if [ -s /var/lib/sip-proxy/leaving ]; then echo leaving; fi",
    "if [ -s /var/lib/sip-proxy/draining ]; then echo draining; fi",
    "if [ -e /run/sip-proxy/ready ]; then echo ready; fi",
    `echo '${divider}'`,
    `(. ${lib}/common.sh; load_host; . $lib/capacity.sh; call_limit) 2>/dev/null`,
    `echo '${divider}'`,
    "kamcmd stats.get_statistics script: 2>/dev/null",
    `echo '${divider}'`,
    "stat -c %Y /var/lib/dpkg/status",
    "true",
  ].join("\n");
}

/** Reads the output of the script. */
export function readLook(output: string): HostLook {
  const sections = output.split(divider);
  const [list = "", calls = "", count = "", marks = "", limit = "", counts = "", packages = ""] = sections;
  const number = /calls=(\d+)/.exec(count)?.[1];
  return {
    targets: readDispatcherList(list),
    calls: readCalls(calls.trim()),
    count: number === undefined ? undefined : Number(number),
    draining: /^(draining|leaving)$/m.test(marks),
    leavesDns: /^leaving$/m.test(marks) && !/^draining$/m.test(marks),
    ready: /^ready$/m.test(marks),
    limit: Number(/\d+/.exec(limit)?.[0] ?? 0),
    refused: Object.fromEntries(
      [...counts.matchAll(/:refused_(\w+) = (\d+)/g)].map(([, reason = "", times]) => [
        reason,
        Number(times),
      ]),
    ),
    packagesAt: packages.trim() === "" ? undefined : Number(packages),
  };
}

function readCalls(text: string): Call[] | undefined {
  if (!text.startsWith("[")) return undefined;
  return JSON.parse(text) as Call[];
}
