import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../src/do/assets.js";
import { start } from "../../src/do/process.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { boot, newRoot } from "../support/host-root.js";

export const hosts = 200;
/** Of dispatcher_poll; the former way gets half the looks, as its clients alone need a core. */
export const poll = { kept: 3, psql: 6 };

/** What followers.py prints. */
interface Looks {
  looks: number;
  failures: number;
  kept: number;
  /** For each host the time (s) at which it saw a change. */
  changed: (number | null)[];
}

interface Followed extends Looks {
  /** The server's CPU time (s), and that for a look (ms). */
  cpu: number;
  ms: number;
  /** When the change was made (s). */
  acted: number;
}

/** A server with room for all, and the root of a host that has booted with it. */
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

/** What the server's CPU has done for the looks, without that for the connections that are kept; `act` comes in the middle. */
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

/** Seconds after which the last host saw the change that was made. */
export function lateness({ changed, acted }: Followed): number {
  return Math.max(...changed.map((at) => (at === null ? Infinity : at - acted)));
}
