import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../src/do/assets.js";
import { start } from "../../src/do/process.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { boot, newRoot } from "../support/host-root.js";

export const hosts = 200;
/** Values of dispatcher_poll. Hosts with psql poll half as often, because their psql processes need a whole core. */
export const poll = { kept: 3, psql: 6 };

/** The output of followers.py. */
interface Looks {
  looks: number;
  failures: number;
  kept: number;
  /** For each host, the time (s) when it saw the change. */
  changed: (number | null)[];
}

interface Followed extends Looks {
  /** The server's CPU time in total (s) and per poll (ms). */
  cpu: number;
  ms: number;
  /** Time of the change (s). */
  acted: number;
}

/** Starts a server with enough connections, and boots a host's root with it. */
export async function withDatabase<T>(act: (postgres: Postgres, root: string) => Promise<T>): Promise<T> {
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

/** Measures the server's CPU time for polls, without the time for opening the kept connections; `act` runs halfway. */
export async function follow(
  postgres: Postgres,
  root: string,
  way: keyof typeof poll,
  act: () => Promise<number> = () => Promise.resolve(0),
  seconds = 30,
): Promise<Followed> {
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
  const cpu = postgres.cpuSeconds() - before;
  return { ...looks, acted, cpu, ms: (cpu * 1000) / looks.looks };
}

/** Seconds from the change until the last host saw it. */
export function lateness({ changed, acted }: Followed): number {
  return Math.max(...changed.map((at) => (at === null ? Infinity : at - acted)));
}
