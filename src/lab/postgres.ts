import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "../do/local/ports.js";
import { run, start } from "../do/process.js";
import { makeCluster } from "./postgres-cluster.js";
import { asPostgres, postgresBin } from "./postgres-root.js";

/** A separate PostgreSQL server in a new folder. It ends with the process that has started it. */
export interface Postgres {
  host: string;
  port: number;
  /** The folder of its socket, through which the administrator needs no password. */
  folder: string;
  /** Runs SQL as the administrator. */
  query: (sql: string, database?: string) => Promise<Record<string, unknown>[]>;
  /** A connection as administrator, for several queries. The caller must end it. */
  connect: (database: string) => Promise<pg.Client>;
  /** CPU time so far in seconds, including processes of current and ended connections. */
  cpuSeconds: () => number;
  /** Makes the server with all its processes hang, and resumes it. */
  pause: () => Promise<void>;
  resume: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Milliseconds for the server to answer, on a busy machine. */
const START_TIMEOUT = 60_000;

export const postgresPassword = "postgres:pa\\ss 'word\"$";

export interface PostgresOptions {
  host?: string;
  /** Default: a free port of 127.0.0.1. */
  port?: number;
  /** The beginning of a command line that runs a program in a network namespace. */
  enter?: readonly string[];
  /** Password of the role postgres. */
  password?: string;
  /** More settings for postgresql.conf. */
  settings?: readonly string[];
  /** Lines at the beginning of pg_hba.conf. */
  hba?: readonly string[];
  /** Makes it a standby of this server until it is promoted. */
  standbyOf?: Postgres;
  /** Certificate and key (PEM). With these, it accepts only TLS connections. */
  tls?: { cert: string; key: string };
}

/** Starts PostgreSQL (Debian's newest installed version, or that of POSTGRES_ROOT) on an address, in a network namespace if given. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const { host = "127.0.0.1", port = await freePort(), enter = [], password = postgresPassword } = options;
  const folder = mkdtempSync(join(tmpdir(), "postgres-"));
  const bin = postgresBin();
  await run({ argv: ["chown", "postgres", folder] });
  const data = join(folder, "data");
  if (options.standbyOf) await copyServer(options.standbyOf, data);
  else await makeCluster(data);
  const lines = [
    ...(options.hba ?? []),
    `${options.tls ? "hostssl" : "host"} all all all scram-sha-256`,
    "local all,replication postgres trust",
  ];
  writeFileSync(join(data, "pg_hba.conf"), `${lines.join("\n")}\n`);
  if (options.tls) await giveTls(data, options.tls);
  const settings = [
    `listen_addresses=${host}`,
    `port=${port}`,
    `unix_socket_directories=${folder}`,
    "fsync=off",
    "max_connections=200",
    ...(options.tls ? ["ssl=on"] : []),
    ...(options.settings ?? []),
  ];
  const server = [`${bin}/postgres`, "-D", data, ...settings.flatMap((s) => ["-c", s])];
  const child = start({ argv: [...enter, ...asPostgres, ...server] as unknown as [string] });
  child.stderr?.resume();
  const connection = (database: string) => ({ host: folder, port, user: "postgres", database });
  await untilReady(connection("postgres"), child);
  if (!options.standbyOf)
    await queryOnce(connection("postgres"), `ALTER ROLE postgres PASSWORD ${pg.escapeLiteral(password)}`);
  return {
    host,
    port,
    folder,
    query: (sql, database = "postgres") => queryOnce(connection(database), sql),
    connect: async (database) => {
      const client = new pg.Client(connection(database));
      client.on("error", () => undefined); // the server may end before this process
      await client.connect();
      return client;
    },
    cpuSeconds: () => cpuSeconds(firstProcess(data)),
    pause: () => signalServer(data, "STOP"),
    resume: async () => {
      await signalServer(data, "CONT");
      child.kill("SIGCONT"); // runuser stops together with its program
    },
    stop: async () => {
      if (!existsSync(folder)) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      await run({
        argv: [...asPostgres, `${bin}/pg_ctl`, "stop", "-D", data, "-m", "immediate"] as unknown as [string],
      });
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Settings that a standby needs. */
async function copyServer({ folder, port }: Postgres, data: string): Promise<void> {
  const from = ["--host", folder, "--port", String(port), "--username", "postgres"];
  const copy = [
    `${postgresBin()}/pg_basebackup`,
    ...from,
    "-D",
    data,
    "--write-recovery-conf",
    "--checkpoint=fast",
    "-N",
  ];
  await run({ argv: [...asPostgres, ...copy] as unknown as [string] });
}

/** Writes certificate and key under PostgreSQL's names. PostgreSQL refuses a key that other users can read. */
async function giveTls(data: string, { cert, key }: { cert: string; key: string }): Promise<void> {
  const files = [join(data, "server.crt"), join(data, "server.key")] as const;
  writeFileSync(files[0], cert);
  writeFileSync(files[1], key, { mode: 0o600 });
  await run({ argv: ["chown", "postgres", ...files] });
}

function firstProcess(data: string): number {
  return Number.parseInt(readFileSync(join(data, "postmaster.pid"), "utf8"), 10);
}

/** The first process and its children. */
async function signalServer(data: string, signal: "STOP" | "CONT"): Promise<void> {
  const pid = firstProcess(data);
  await run({ argv: ["pkill", `-${signal}`, "-P", String(pid)] });
  process.kill(pid, `SIG${signal}`);
}

/** USER_HZ, in which proc(5) counts the CPU time of children that have ended. */
const TICKS = 100;

/** CPU time of the first process, its ended children (cutime and cstime in proc(5)), and its current children. */
function cpuSeconds(first: number): number {
  const read = (path: string) => {
    try {
      return readFileSync(`/proc/${path}`, "utf8").trim();
    } catch {
      return ""; // the process has just ended
    }
  };
  // in nanoseconds, because ticks are too coarse for many processes with a few milliseconds each
  const running = (pid: string | number) => Number(read(`${pid}/schedstat`).split(" ")[0]) / 1e9;
  const stat = read(`${first}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ended = (Number(fields[13]) + Number(fields[14])) / TICKS;
  const children = read(`${first}/task/${first}/children`).split(" ");
  return [first, ...children].reduce<number>((sum, pid) => sum + running(pid), ended);
}

async function untilReady(connection: pg.ClientConfig, server: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + START_TIMEOUT; ;) {
    try {
      await queryOnce(connection, "SELECT 1");
      return;
    } catch (cause) {
      if (server.exitCode !== null || Date.now() > deadline)
        throw new Error("PostgreSQL does not start", { cause });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function queryOnce(connection: pg.ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(connection);
  await client.connect();
  try {
    const result = (await client.query(sql)) as unknown as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows) as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}
