import { runPlatform, type CrowdJob } from "../../src/lab/agents.js";
import { pause, type CallLab, type Caller } from "./call-lab.js";

/** Opens many connections without calls; returns the number open at the same time, and at the end, on this side. */
export async function crowd(lab: CallLab, job: Partial<CrowdJob>, from: Caller = "stranger") {
  const usual = { target: lab.target("tcp"), connections: 10_000, holdMs: 1000 };
  const [event] = await runPlatform(lab.network.namespace(from), { type: "crowd", ...usual, ...job });
  if (event?.event !== "crowd") throw new Error("no crowd");
  return event;
}

/** The number of Kamailio's TCP and TLS connections, on both sides. */
export async function openConnections(lab: CallLab): Promise<number> {
  return Number(/opened_connections: (\d+)/.exec(await lab.proxy().kamcmd("core.tcp_info"))?.[1]);
}

/** The largest number while `work` runs. */
export async function mostConnections(lab: CallLab, act: Promise<unknown>): Promise<number> {
  let over = false;
  let most = 0;
  void act.finally(() => (over = true)).catch(() => undefined);
  for (; !over; await pause(100)) most = Math.max(most, await openConnections(lab));
  await act;
  return most;
}

/** Removes the packet filter, as on a host that cannot load one: only Kamailio refuses unknown sources. */
export async function unguard(lab: CallLab): Promise<void> {
  await lab.proxy().run("nft", "delete", "table", "ip", "sip_proxy");
}
