import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attempt, start } from "../../../src/do/process.js";
import { packageRoot } from "../../../src/do/assets.js";
import { postgresPassword, startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { boot, listOf, newRoot, script } from "../../support/host-root.js";
import { startPooler } from "../../support/pgbouncer.js";
import { figure, none } from "../figures.js";
import type { Row } from "../row.js";

/** The number of boots; SIP_PROXY_DRILL changes it. */
export const count = Number(process.env["SIP_PROXY_DRILL"] ?? 200);
export const generations = 3;

/** Parts of a fleet whose first boot creates everything in the database. Each generation of the fleet file has one more recorder. */
export const firstBootParts = (port: number, generation: number) => ({
  generation,
  database: {
    dbhost: "127.0.0.1",
    dbport: port,
    dbpass_kam: "kamailio's secret",
    db_root: "postgres",
    dbuser_root: "postgres",
    dbpass_root: postgresPassword,
    bootstrap: "first-boot",
  },
  recorders: Object.fromEntries(
    Array.from({ length: 2 + generation }, (_, n) => [
      `recorder${n}`,
      { private_ip_address: `10.0.0.${3 + n}` },
    ]),
  ),
});

async function withPooler<T>(
  act: (postgres: Postgres, port: number, folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "first-boots-"));
  const postgres = await startPostgres();
  const pooler = await startPooler("transaction", postgres, {
    postgres: postgresPassword,
    kamailio: "kamailio's secret",
  });
  try {
    return await act(postgres, pooler.port, folder);
  } finally {
    await pooler.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const table = (postgres: Postgres) => postgres.query("SELECT destination FROM dispatcher", "kamailio");

/** First boots of many hosts at the same time, with an empty server. */
export const firstBoots: Row = {
  name: "first-boots",
  test: `${count} hosts boot for the first time at once, ${generations} generations of the fleet file mixed, through a pooler of transactions`,
  toHold: "0 failed, the table is the newest generation's",
  run: () =>
    withPooler(async (postgres, port, folder) => {
      const roots = await Promise.all(
        Array.from({ length: count }, (_, n) =>
          newRoot(join(folder, `host${n}`), firstBootParts(port, n % generations)),
        ),
      );
      for (const root of roots) await script(root, "configure", { wait: 60 });
      const began = Date.now();
      const ends = await Promise.all(
        roots.map((root) => script(root, "database", { wait: 600, timeout: 900_000 })),
      );
      return [
        figure("hosts", count),
        none("failed", ends.filter(({ exitCode }) => exitCode !== 0).length),
        figure("rows", (await table(postgres)).length, "", { is: 1 + generations }),
        figure("took", (Date.now() - began) / 1000, "s"),
      ];
    }),
};

/** First boots that are cut off at a random time. */
export const killedBoots: Row = {
  name: "killed-boots",
  test: `a first boot through a pooler is ended with SIGKILL at a random moment and begun anew, ${count} times`,
  toHold: "it always recovers, nothing is left behind",
  run: () =>
    withPooler(async (postgres, port, folder) => {
      let [failed, cut, left] = [0, 0, 0];
      let duration = 3000;
      for (let n = 0; n < count; n++) {
        const root = await newRoot(join(folder, `host${n}`), firstBootParts(port, 0));
        if (n % 10 === 0) {
          await postgres.query("DROP DATABASE IF EXISTS kamailio WITH (FORCE)");
          await postgres.query("DROP ROLE IF EXISTS kamailio");
        }
        if (await killed(root, Math.random() * duration)) cut++;
        const began = Date.now();
        await boot(root).catch(() => failed++);
        duration = Date.now() - began;
        if ((await table(postgres)).length !== 2 || listOf(root).length !== 2) failed++;
        left += leftovers(root).length;
        rmSync(root, { recursive: true });
      }
      return [
        figure("boots", count),
        figure("cut off", cut, "", { atLeast: count / 2 }),
        none("failed", failed),
        none("files left", left),
      ];
    }),
};

/** Runs the two boot steps, and ends them with all their children after this many milliseconds. Returns whether the boot was cut off. */
async function killed(root: string, after: number): Promise<boolean> {
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const env = { SIP_PROXY_ROOT: root, SIP_PROXY_LIB: lib, SIP_PROXY_USER: "", SIP_PROXY_WAIT: "60" };
  const both = '"$SIP_PROXY_LIB/configure" && exec "$SIP_PROXY_LIB/database"';
  const child = start({ argv: ["setsid", "bash", "-c", both], env }, { stdio: "ignore" });
  const over = new Promise<boolean>((resolve) => child.once("exit", (_, signal) => resolve(signal !== null)));
  const timer = setTimeout(() => void endSession(child.pid), after);
  const wasCut = await over;
  clearTimeout(timer);
  return wasCut;
}

/** Kills a whole session at once. A process group is not enough: timeout(1) creates another one. */
async function endSession(leader = 0): Promise<void> {
  const { stdout } = await attempt({ argv: ["ps", "-o", "pid=", "-s", String(leader)] });
  for (const pid of stdout
    .split("\n")
    .map(Number)
    .filter((number) => number > 0)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // the process has already ended
    }
  }
}

/** Unfinished files, and files that contain a password, except the files for secrets. */
function leftovers(root: string): string[] {
  const allowed = ["etc/sip-proxy/secrets/", "run/sip-proxy/secrets/", "run/sip-proxy/pgpass"];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter(
      (path) =>
        /^(etc|run|var)\//.test(path) && existsSync(join(root, path)) && statSync(join(root, path)).isFile(),
    )
    .filter((path) => /\.new(\.|$)/.test(path) || path.endsWith("pgpass.root") || holdsPassword(path));

  function holdsPassword(path: string): boolean {
    const text = readFileSync(join(root, path), "utf8");
    const isOwn = allowed.some((start) => path.startsWith(start));
    return text.includes("pa\\ss 'word") || (!isOwn && text.includes("kamailio's secret"));
  }
}
