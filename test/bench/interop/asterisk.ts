import { releaseTree } from "../../support/release-tree.js";
import type { CallLab } from "../../support/call-lab.js";
import { eventually } from "../../support/eventually.js";
import { Sandbox } from "../../support/proxy/sandbox.js";
import { attempt, run, start } from "../../../src/do/process.js";

/** Asterisk of Debian unstable, on a host of the lab. */
export interface Asterisk {
  /** Runs a command on Asterisk's console; returns the output. */
  cli: (command: string) => Promise<string>;
  /** Asterisk's log so far. */
  told: () => Promise<string>;
}

/** `calls` answers and echoes calls; `tone` sends a tone for 4 s. Both log their packet counts at the end. */
const dialplan = `[calls]
exten => _.,1,Answer()
 same => n,Echo()
exten => h,1,Goto(told,s,1)
[tone]
exten => s,1,Set(TIMEOUT(absolute)=4)
 same => n,Milliwatt()
exten => h,1,Goto(told,s,1)
[told]
exten => s,1,Log(NOTICE,packets in=\${CHANNEL(rtcp,rxcount)} lost=\${CHANNEL(rtcp,rxploss)} out=\${CHANNEL(rtcp,txcount)})
`;

const endpoint = (address: string, proxy: string, peers: string) => `[transport-udp]
type=transport
protocol=udp
bind=${address}:5060
[proxy]
type=endpoint
context=calls
disallow=all
allow=alaw,ulaw
aors=proxy
direct_media=no
[proxy]
type=aor
contact=sip:${proxy}
[proxy]
type=identify
endpoint=proxy
match=${peers}
`;

const files = (pjsip: string) =>
  Object.entries({
    "asterisk.conf": "[options]\nverbose=3\n",
    "extensions.conf": dialplan,
    "logger.conf": "[logfiles]\ntold => notice,warning,error,verbose(3)\n",
    "modules.conf": "[modules]\nautoload=yes\nnoload=chan_iax2.so\nnoload=chan_sip.so\nnoload=pbx_dundi.so\n",
    "pjsip.conf": pjsip,
    "rtp.conf": "[general]\nrtpstart=30000\nrtpend=30999\n",
  }).map(([name, content]) => ({ path: `etc/asterisk/${name}`, content }));

/** A resolver address that refuses at once: Asterisk looks up names for each call, and does not answer while it waits for DNS. */
const noNames = { path: "etc/resolv.conf", content: "nameserver 127.0.0.1\n" };

/** Runs Asterisk as a platform or a recorder while `act` runs. Its only peer is the proxy at `proxy` (HOST:PORT). */
export async function withAsterisk<T>(
  lab: CallLab,
  host: string,
  { address, proxy }: { address: string; proxy: string },
  act: (asterisk: Asterisk) => Promise<T>,
): Promise<T> {
  const root = await releaseTree("unstable", ["asterisk"]);
  const peers = proxy.replace(/:.*/, "");
  const own = [...files(endpoint(address, proxy, peers)), noNames];
  const sandbox = await Sandbox.create({ namespace: lab.network.namespace(host), files: own, root });
  const inside = (...argv: [string, ...string[]]) => sandbox.command({ argv, timeout: 60_000 });
  const asterisk: Asterisk = {
    cli: async (command) => (await attempt(inside("asterisk", "-rx", command))).stdout,
    told: async () => (await attempt(inside("cat", "/var/log/asterisk/told"))).stdout,
  };
  try {
    await run(inside("mkdir", "-p", "/run/asterisk"));
    start(inside("asterisk", "-f"), { stdio: "ignore" });
    await eventually(async () => {
      if (!(await asterisk.cli("core waitfullybooted")).includes("fully booted")) throw new Error("not up");
    }, 90_000);
    return await act(asterisk);
  } finally {
    await sandbox.remove();
  }
}

/** Packets of ended calls, from Asterisk's log. */
export function packetsTold(told: string): { calls: number; packets: number; lost: number } {
  const ends = [...told.matchAll(/packets in=(\d*) lost=(\d*) out=(\d*)/g)];
  const sum = (column: number) => ends.reduce((all, end) => all + Number(end[column]), 0);
  return { calls: ends.length, packets: sum(1), lost: sum(2) };
}
