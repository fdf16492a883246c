import { startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { pause, type CallLab } from "../../support/call-lab.js";
import { eventually } from "../../support/eventually.js";
import { figure, none } from "../figures.js";
import { failed, withLab } from "../lab.js";
import type { Row } from "../row.js";

/** Seconds between the end of the primary and the promotion of its standby. */
const gap = 12;
/** Calls per second on the host that stays up. */
const rate = 10;
const host = "10.0.0.9";
/** Ports of the primary and of its standby. */
const ports = [5432, 5433] as const;
const proxy = (n: number) => ({ public_ip_address: `198.51.100.1${n}`, private_ip_address: `10.0.0.1${n}` });

const fleet = {
  database: { dbhost: [host, host], dbport: ports },
  proxies: { sipproxy0: proxy(0), sipproxy1: proxy(1), sipproxy2: proxy(2) },
};

/** The database's primary ends, and its standby is promoted. Meanwhile hosts take calls, boot, follow the table and restart. */
export const databaseFailover: Row = {
  name: "database-failover",
  test: `the database's primary ends under ${rate} calls/s, its standby is promoted ${gap} s later; one host restarts, one boots for the first time`,
  toHold: "0 calls lost, both hosts are up, a change is applied within 10 s of the promotion",
  run: (relay) =>
    withLab(relay, fleet, async (lab) => {
      const { postgres } = lab;
      if (!postgres) throw new Error("no database");
      const enter = lab.network.inNamespace("database", []).slice();
      const standby = await startPostgres({ standbyOf: postgres, host, port: ports[1], enter });
      try {
        return await failOver(lab, postgres, standby);
      } finally {
        await standby.stop();
      }
    }),
};

async function failOver(lab: CallLab, primary: Postgres, standby: Postgres) {
  lab.proxy().startWatch("dispatcher-sync");
  const platform = await lab.place({ calls: 1_000_000, rate, holdMs: 500, rtp: { rate: 0 }, quiet: true });
  await pause(2000);
  await primary.stop();
  const ended = Date.now();
  const restart = restarted(lab, "sipproxy1");
  const boot = firstBoot(lab, "sipproxy2");
  await restart;
  const restartedAfter = Date.now() - ended;
  await pause(Math.max(0, gap * 1000 - restartedAfter));
  await standby.query("SELECT pg_promote()");
  const promoted = Date.now();
  await standby.query(
    "INSERT INTO dispatcher (setid, destination, flags) VALUES (1, 'sip:10.0.0.77:5060', 4)",
    "kamailio",
  );
  await eventually(async () => {
    if (!(await lab.proxy().kamcmd("dispatcher.list")).includes("10.0.0.77")) throw new Error("not applied");
  });
  const applied = (Date.now() - promoted) / 1000;
  await boot;
  const booted = (Date.now() - promoted) / 1000;
  await platform.stopPlacing();
  const report = await platform.finished;
  const { outcomes } = report.summary;
  return [
    figure("calls", report.summary.placed),
    none("lost", failed(report) + outcomes.broken),
    figure("a restart with a list", restartedAfter / 1000, "s"),
    figure("a change is applied after", applied, "s", { atMost: 10 }),
    figure("the first boot is done after", booted, "s"),
  ];
}

/** Restarts a host that has a list. */
async function restarted(lab: CallLab, name: string): Promise<void> {
  const proxy = lab.proxy(name);
  await proxy.kill("kamailio");
  await proxy.step("configure");
  await proxy.step("database");
  await proxy.startKamailio();
}

async function firstBoot(lab: CallLab, name: string): Promise<void> {
  await lab.proxy(name).remove();
  await lab.startProxy(name);
}
