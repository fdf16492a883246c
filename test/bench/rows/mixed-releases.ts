import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedSql } from "../../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../../src/do/assets.js";
import { run } from "../../../src/do/process.js";
import { startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { fleetOf } from "../../support/fleets.js";
import { boot, listOf, newRoot, script } from "../../support/host-root.js";
import { figure, none, type Figure } from "../figures.js";
import { former, formerRelease, type FormerRelease, type Seed } from "../former-hosts.js";
import type { Row } from "../row.js";
import { count, firstBootParts, generations } from "./first-boots.js";

const fleet = (...last: number[]) =>
  fleetOf({
    settings: { enable_tls: true },
    recorders: Object.fromEntries(
      last.map((n) => [
        `recorder${n}`,
        {
          private_ip_address: `10.0.0.${n}`,
          siprec_protocol: n % 2 ? "tls" : "udp",
          siprec_attrs: `weight=${n}`,
        },
      ]),
    ),
  });

/** The operator's changes of the recorders in the fleet file: another one, more, back to the first ones. */
const changes = [
  [2, 3],
  [3, 4],
  [2, 3, 4, 5],
  [2, 3],
];
const rounds = Math.ceil(count / changes.length);

/** Hosts of both releases boot and read one table in any order, while the operator changes it with either release. */
export const mixedReleases: Row = {
  name: "mixed-releases",
  test: `hosts of ${former} beside today's on one database: ${changes.length} changes, ${rounds} boots of either after each`,
  toHold: "both have the list that was applied last, each time",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "mixed-releases-"));
    const postgres = await startPostgres();
    try {
      await postgres.query("CREATE ROLE kamailio LOGIN PASSWORD 'secret'");
      await postgres.query("CREATE DATABASE kamailio OWNER kamailio");
      return await change(postgres, await formerRelease(join(folder, "former")), folder);
    } finally {
      await postgres.stop();
      rmSync(folder, { recursive: true });
    }
  },
};

/** A half-done roll, or a rollback, with an empty database server. */
export const mixedFirstBoots: Row = {
  name: "mixed-first-boots",
  test: `${count} hosts boot for the first time at once, every other one of ${former}, ${generations} generations of the fleet file mixed`,
  toHold: "0 failed, the table is the newest generation's, hosts of both releases read the same",
  run: async () => {
    const folder = mkdtempSync(join(tmpdir(), "mixed-first-boots-"));
    const postgres = await startPostgres();
    try {
      return await bootBoth(postgres, await formerRelease(join(folder, "former")), folder);
    } finally {
      await postgres.stop();
      rmSync(folder, { recursive: true });
    }
  },
};

async function bootBoth(postgres: Postgres, old: FormerRelease, folder: string): Promise<Figure[]> {
  const hosts = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const isFormer = n % 2 === 1;
      const root = await (isFormer ? old.newRoot : newRoot)(
        join(folder, `host${n}`),
        firstBootParts(postgres.port, n % generations),
      );
      const step = (name: string) =>
        script(root, isFormer ? join(old.lib, name) : name, {
          ...(isFormer ? { env: { SIP_PROXY_LIB: old.lib } } : {}),
          wait: 600,
          timeout: 900_000,
        });
      return { root, isFormer, step };
    }),
  );
  for (const { step } of hosts) await step("configure");
  const began = Date.now();
  const ends = await Promise.all(hosts.map(({ step }) => step("database")));
  const took = (Date.now() - began) / 1000;
  await Promise.all(hosts.slice(0, 2).map(({ step }) => step("dispatcher-list")));
  const [now = [], then = []] = hosts.map(({ root }) => listOf(root).map((line) => line.trim()));
  const failed = (wanted: boolean) =>
    ends.filter(({ exitCode }, n) => exitCode !== 0 && hosts[n]?.isFormer === wanted).length;
  return [
    figure("hosts", count),
    none("failed", failed(false)),
    none(`failed of ${former}`, failed(true)),
    figure("rows", (await postgres.query("SELECT FROM dispatcher", "kamailio")).length, "", {
      is: 1 + generations,
    }),
    none(
      "lines that differ",
      now.filter((line) => !then.includes(line)).length + Math.abs(now.length - then.length),
    ),
    figure("took", took, "s"),
  ];
}

async function change(postgres: Postgres, old: FormerRelease, folder: string): Promise<Figure[]> {
  const own: Seed = (fleet, again = "skip") => seedSql(fleet, hostTemplates(), { again });
  const apply = (sql: string) => postgres.query(`SET ROLE kamailio; ${sql}`, "kamailio");
  const database = { dbhost: "127.0.0.1", dbport: postgres.port, dbpass_kam: "secret" };
  const host = await newRoot(join(folder, "host"), { database });
  const formerHost = await newRoot(join(folder, "former-host"), { database });
  for (const root of [host, formerHost]) await boot(root);
  const lists = async () => {
    await script(host, "dispatcher-list");
    const env = { SIP_PROXY_ROOT: formerHost, SIP_PROXY_LIB: old.lib, SIP_PROXY_USER: "" };
    await run({ argv: [join(old.lib, "dispatcher-list")], env });
    return [host, formerHost].map((root) => listOf(root).map((line) => line.trim()));
  };
  let [swings, differences] = [0, 0];
  const seeds: string[] = [];
  for (const [turn, recorders] of changes.entries()) {
    const wanted = fleet(...recorders);
    seeds.push(own(wanted), old.seedSql(wanted));
    await apply((turn % 2 ? old.seedSql : own)(wanted, "apply"));
    const [applied = []] = await lists();
    for (let round = 0; round < rounds; round++) {
      await apply(seeds[Math.floor(Math.random() * seeds.length)] ?? "");
      const [now = [], then = []] = await lists();
      if (now.join() !== applied.join()) swings++;
      if (now.join() !== then.join() || now.length !== recorders.length) differences++;
    }
  }
  return [
    figure("boots", changes.length * rounds),
    none("lists that swung back", swings),
    none("lists that differ", differences),
  ];
}
