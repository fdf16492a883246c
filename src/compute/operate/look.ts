import { readDispatcherList, type DispatcherTarget } from "../launch/dispatcher-flags.js";
import type { Call } from "./call.js";

/** What a host has loaded, and which calls are up on it. */
export interface HostLook {
  targets: DispatcherTarget[];
  /** undefined: an image of a former release, which does not tell them. */
  calls: Call[] | undefined;
  /** As the host counts them itself (sip-proxy-drain status); undefined when neither Kamailio nor the media relay answers. */
  count: number | undefined;
  /** On its way out: it takes no new calls, or soon will not. */
  draining: boolean;
  /** It still takes calls: others may remember its address from DNS, which it leaves before it drains. */
  leavesDns: boolean;
  /** The end of its boot has been reached: its self-test has passed. */
  ready: boolean;
  /** Calls that it takes at once; 0 where there is no limit, or none is known. */
  limit: number;
  /** Requests that it has refused since Kamailio started, by reason (no_recorder, full, …: the labels of sip_proxy_refused_total). */
  refused: Record<string, number>;
  /** When its packages were last changed, in seconds since 1970: of a baked host, the bake. */
  packagesAt: number | undefined;
}

const divider = "--- sip-proxy ---";
const lib = "/usr/lib/sip-proxy";

/** The script, run as root, that prints it; `before` is run first. Hosts of former releases have all but `calls`. */
export function lookScript(before: readonly string[] = []): string {
  return [
    ...before,
    "kamcmd dispatcher.list 2>&1",
    `echo '${divider}'`,
    `if [ -x ${lib}/calls ]; then ${lib}/calls; fi 2>/dev/null`,
    `echo; echo '${divider}'`,
    "sip-proxy-drain status 2>/dev/null",
    `echo '${divider}'`,
    // in this order: the one becomes the other
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

/** Reads what the script prints. */
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
