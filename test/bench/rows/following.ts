import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { seedSql } from "../../../src/compute/dispatcher/seed.js";
import { hostTemplates, packageRoot } from "../../../src/do/assets.js";
import { start } from "../../../src/do/process.js";
import { startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { fleetOf } from "../../support/fleets.js";
import { boot, newRoot } from "../../support/host-root.js";
import { figure, none } from "../figures.js";
import type { Row } from "../row.js";

const hosts = 200;
const seconds = 30;
/** Of dispatcher_poll; the former way gets half the looks, as its clients alone need a core. */
const poll = { kept: 3, psql: 6 };
/** So many hosts look every three seconds, and connect anew every 300 (watched.py). */
const many = 1000;
const lifetime = 300;

interface Looks {
  looks: number;
  failures: number;
  kept: number;
  /** For each host the time (s) at which it saw a change. */
  changed: (number | null)[];
}

/** What following the dispatcher table costs the server; one psql a look is what the releases before did. */
export const following: Row = {
  name: "following",
  test: `${hosts} hosts follow the dispatcher table, one recorder is seeded`,
  toHold:
    "<= 0.1 x the server's CPU per look of one psql each, 1,000 hosts <= 0.2 core, seen within 1 s by NOTIFY",
  run: () =>
    withDatabase(async (postgres, root) => {
      const former = await perLook(postgres, root, "psql");
      const now = await perLook(postgres, root, "kept", async () => {
        const recorders = { recorder2: { private_ip_address: "10.0.0.5" } };
        await postgres.query(
          `SET ROLE kamailio; ${seedSql(fleetOf({ recorders }), hostTemplates())}`,
          "kamailio",
        );
        return Date.now() / 1000;
      });
      const late = now.changed.map((at) => (at === null ? Infinity : at - now.acted));
      return [
        figure("psql each", former.ms, "ms/look"),
        figure("kept", now.ms, "ms/look"),
        figure("ratio", now.ms / former.ms, "", { atMost: 0.1 }),
        figure("1,000 hosts", (many * (now.ms / poll.kept + former.ms / lifetime)) / 1000, "cores", {
          atMost: 0.2,
        }),
        figure("kept connections", now.kept, "", { is: hosts }),
        none("failed looks", now.failures),
        figure("last host that saw the seed", Math.max(...late), "s", { atMost: 1 }),
      ];
    }),
};

/** A server with room for all, and the root of a host that has booted with it. */
async function withDatabase<T>(act: (postgres: Postgres, root: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "following-"));
  const postgres = await startPostgres({ settings: ["max_connections=500"] });
  try {
    await postgres.query("CREATE ROLE kamailio LOGIN PASSWORD 'secret'");
    await postgres.query("CREATE DATABASE kamailio OWNER kamailio");
    const root = await newRoot(folder, {
      database: { dbhost: "127.0.0.1", dbport: postgres.port, dbpass_kam: "secret" },
    });
    await boot(root);
    return await act(postgres, root);
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The server's CPU time for a look, without that for the connections that are kept; `act` comes in the middle. */
async function perLook(
  postgres: Postgres,
  root: string,
  way: keyof typeof poll,
  act: () => Promise<number> = () => Promise.resolve(0),
): Promise<Looks & { ms: number; acted: number }> {
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const words = [lib, way, hosts, poll[way], seconds].map(String);
  const child = start(
    { argv: [join(packageRoot, "test/bench/followers.py"), ...words], env: { SIP_PROXY_ROOT: root } },
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  if (!child.stdout) throw new Error("no output");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const before = postgres.cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 2));
  const acted = await act();
  const { value } = (await lines.next()) as { value: string };
  const looks = JSON.parse(value) as Looks;
  return { ...looks, acted, ms: ((postgres.cpuSeconds() - before) * 1000) / looks.looks };
}
