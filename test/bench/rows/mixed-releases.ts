import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runnerImport } from "vite";
import { seedSql } from "../../../src/compute/dispatcher/seed.js";
import { hostTemplates, packageRoot } from "../../../src/do/assets.js";
import { run } from "../../../src/do/process.js";
import { startPostgres, type Postgres } from "../../../src/lab/postgres.js";
import { fleetOf } from "../../support/fleets.js";
import { boot, listOf, newRoot, script } from "../../support/host-root.js";
import { figure, none, type Figure } from "../figures.js";
import type { Row } from "../row.js";

/** The release that hosts are moved from. */
const former = "a5fc832";
const rounds = 15;

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

/** The recorders of the fleet file, as the operator changes it: another one, more, back to the first. */
const changes = [
  [2, 3],
  [3, 4],
  [2, 3, 4, 5],
  [2, 3],
];

/** Hosts of both releases boot and look at one table in any order, while the operator changes it with either. */
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

async function change(postgres: Postgres, old: Release, folder: string): Promise<Figure[]> {
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

interface Release {
  /** The folder of its host scripts. */
  lib: string;
  seedSql: Seed;
}

type Seed = (fleet: ReturnType<typeof fleetOf>, again?: "skip" | "apply") => string;

async function formerRelease(folder: string): Promise<Release> {
  const unpack = `mkdir "$1" && git archive ${former} | tar -x -C "$1" && ln -s "$PWD/node_modules" "$1/node_modules"`;
  await run({ argv: ["bash", "-euo", "pipefail", "-c", unpack, "bash", folder], cwd: packageRoot });
  const load = async <T>(path: string) =>
    (await runnerImport<T>(join(folder, path), { root: folder, configFile: false, logLevel: "error" }))
      .module;
  const { seedSql: sql } = await load<{
    seedSql: (fleet: object, templates: object, again?: string) => string;
  }>("src/compute/dispatcher/seed.ts");
  const { hostTemplates: templates } = await load<{ hostTemplates: () => object }>("src/do/assets.ts");
  return { lib: join(folder, "cloud-init/bin"), seedSql: (fleet, again) => sql(fleet, templates(), again) };
}
