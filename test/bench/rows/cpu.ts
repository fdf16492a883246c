import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Artefact } from "../../../src/compute/artefact.js";
import type { CallLab, Relay } from "../../support/call-lab.js";
import { instructions, underCallgrind } from "../callgrind.js";
import { figure, none } from "../figures.js";
import { withLab } from "../lab.js";
import type { Row } from "../row.js";
import { sippCalls, type SippReport } from "../sipp.js";

const calls = 2000;
const rate = 50;
const holdMs = 500;
/** USER_HZ, the unit of CPU times in proc(5). */
const ticksPerSecond = 100;
/** A password that the role's database URL can contain. */
const password = "kamrw";

/**
 * The Ansible role's kamailio.cfg for the lab's host. ROLE_CONFIG names its rendered template with the lab's addresses (198.51.100.10,
 * 10.0.0.1, database 10.0.0.9 with `kamrw`), `rtpproxy_sock` udp:127.0.0.1:7722, usrloc's `db_mode` 0, and the lab's platforms excluded
 * from its antiflood, which would ban them. Needs `--relay rtpproxy`.
 */
function roleConfig(): Artefact {
  const file = process.env["ROLE_CONFIG"];
  if (!file) throw new Error("ROLE_CONFIG names no kamailio.cfg of the role");
  return { path: "etc/kamailio/kamailio.cfg", content: readFileSync(file), mode: 0o644 };
}

export const cpu: Row[] = [
  {
    name: "cpu",
    test: "CPU per call against the role's own configuration (ROLE_CONFIG)",
    toHold: "no more than 1.0 x, same binary",
    run: async (relay) => {
      const role = await perCall(relay, [roleConfig()]);
      const own = await perCall(relay, []);
      return [
        figure("role", role.ms, "ms/call"),
        none("role failed", role.failed),
        figure("own", own.ms, "ms/call"),
        none("own failed", own.failed),
        figure("ratio", own.ms / role.ms, "", { atMost: 1 }),
      ];
    },
  },
  {
    name: "cpu-instructions",
    test: "the same in instructions, by callgrind (CALLGRIND_OUT names a folder that keeps what it writes)",
    toHold: "no more than 1.0 x the role's with its unit's memory manager",
    run: async (relay) => {
      const role = await counted(relay, "role", [roleConfig(), underCallgrind("-x", "qm", "-X", "qm")]);
      const same = await counted(relay, "same", [roleConfig(), underCallgrind()]);
      const own = await counted(relay, "own", [underCallgrind()]);
      return [
        figure("role", role.thousands, "thousand/call"),
        figure("role with our memory manager", same.thousands, "thousand/call"),
        figure("own", own.thousands, "thousand/call"),
        ...[role, same, own].flatMap(({ reports }) => [
          none("failed", sum(reports, "failed")),
          none("retransmissions", sum(reports, "retransmissions")),
        ]),
        figure("ratio with our memory manager", own.thousands / same.thousands),
        figure("ratio", own.thousands / role.thousands, "", { atMost: 1 }),
      ];
    },
  },
];

/** Places calls from behind a NAT. The role does not relay calls from public addresses, so those would cost it less. */
const place = (lab: CallLab, calls: number, rate: number) =>
  sippCalls(lab, { calls, rate, holdMs }, "natted");

const parts = { database: { dbpass_kam: password } };

function perCall(relay: Relay, files: Artefact[]): Promise<{ ms: number; failed: number }> {
  const act = async (lab: CallLab) => {
    await place(lab, 100, rate);
    const before = await kamailioTicks(lab);
    const report = await place(lab, calls, rate);
    const ticks = (await kamailioTicks(lab)) - before;
    return { ms: (ticks * 1000) / ticksPerSecond / calls, failed: calls - report.successful };
  };
  return withLab(relay, parts, act, { files });
}

/** User and system time of all Kamailio processes, in ticks. */
async function kamailioTicks(lab: CallLab): Promise<number> {
  const { stdout } = await lab.proxy().run("sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null; true");
  const own = stdout.split("\n").filter((line) => line.includes("(kamailio)"));
  const times = own.map((line) => line.slice(line.lastIndexOf(")") + 2).split(" "));
  return times.reduce((sum, fields) => sum + Number(fields[11]) + Number(fields[12]), 0);
}

/** The cost of 100 more calls: the difference of two runs of equal length, so that timers cost the same in both. */
async function counted(
  relay: Relay,
  name: string,
  files: Artefact[],
): Promise<{ thousands: number; reports: SippReport[] }> {
  const reports: SippReport[] = [];
  const total = (few: number) =>
    withLab(
      relay,
      parts,
      async (lab) => {
        // warms up each worker: callgrind translates code before its first run, which is slow
        await place(lab, 20, 2);
        reports.push(await place(lab, few, few / 20));
        const folder = process.env["CALLGRIND_OUT"];
        return instructions(lab, folder === undefined ? undefined : join(folder, `${name}-${few}`));
      },
      { files },
    );
  const [few, many] = [await total(10), await total(110)];
  return { thousands: (many - few) / 100 / 1000, reports };
}

const sum = (reports: readonly SippReport[], name: "failed" | "retransmissions") =>
  reports.reduce((total, report) => total + report[name], 0);
