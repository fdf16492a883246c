import { readFileSync } from "node:fs";
import type { Artefact } from "../../../src/compute/artefact.js";
import type { CallLab, Relay } from "../../support/call-lab.js";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";
import { sippCalls } from "../sipp.js";

const calls = 2000;
const rate = 50;
/** USER_HZ, in which proc(5) counts CPU time. */
const ticksPerSecond = 100;
/** One that the role's database URL can hold. */
const password = "kamrw";

/**
 * The Ansible role's kamailio.cfg as it would be on the lab's host: its template with the lab's addresses (198.51.100.10,
 * 10.0.0.1, database 10.0.0.9 with `kamrw`), `rtpproxy_sock` udp:127.0.0.1:7722, usrloc's `db_mode` 0, and the lab's platforms left
 * out of its antiflood, which would ban them. It needs `--relay rtpproxy`.
 */
const roleConfig = () => process.env["ROLE_CONFIG"];

export const cpu: Row = {
  name: "cpu",
  test: "CPU per call against the role's own configuration (ROLE_CONFIG)",
  toHold: "no more than 1.0 x, same binary",
  run: async (relay) => {
    const file = roleConfig();
    if (!file) throw new Error("ROLE_CONFIG names no kamailio.cfg of the role");
    const theirs = { path: "etc/kamailio/kamailio.cfg", content: readFileSync(file), mode: 0o644 };
    const role = await perCall(relay, [theirs]);
    const own = await perCall(relay, []);
    return [
      figure("role", role.ms, "ms/call"),
      none("role failed", role.failed),
      figure("own", own.ms, "ms/call"),
      none("own failed", own.failed),
      figure("ratio", own.ms / role.ms, "", { atMost: 1 }),
    ];
  },
};

/** From behind a NAT: calls from public addresses the role does not relay, and so has less to do for. */
function perCall(relay: Relay, files: Artefact[]): Promise<{ ms: number; failed: number }> {
  const act = async (lab: CallLab) => {
    await sippCalls(lab, { calls: 100, rate, holdMs: 500 }, "natted");
    const before = await kamailioTicks(lab);
    const report = await sippCalls(lab, { calls, rate, holdMs: 500 }, "natted");
    const ticks = (await kamailioTicks(lab)) - before;
    return { ms: (ticks * 1000) / ticksPerSecond / calls, failed: calls - report.successful };
  };
  return withLab(relay, { database: { dbpass_kam: password } }, act, { files });
}

/** User and system time of all of Kamailio's processes, in ticks. */
async function kamailioTicks(lab: CallLab): Promise<number> {
  const { stdout } = await lab.proxy().run("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true");
  const own = stdout.split("\n").filter((line) => line.includes("(kamailio)"));
  const times = own.map((line) => line.slice(line.lastIndexOf(")") + 2).split(" "));
  return times.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
}
