import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { freePort } from "../do/local/ports.js";
import { run, start } from "../do/process.js";
import { asPostgres, postgresBin } from "./postgres-root.js";

/** A PostgreSQL server of its own, in a folder of its own, that ends with whoever started it. */
export interface Postgres {
  host: string;
  port: number;
  /** Of its socket, by which the administrator needs no password. */
  folder: string;
  /** Runs SQL as the administrator. */
  query: (sql: string, database?: string) => Promise<Record<string, unknown>[]>;
  /** A connection of the administrator's, for what takes more than one query; whoever asks for it ends it. */
  connect: (database: string) => Promise<pg.Client>;
  /** Seconds of CPU time that it has used so far, with all that it serves and has served. */
  cpuSeconds: () => number;
  /** Has the server and all that it serves hang, and go on. */
  pause: () => Promise<void>;
  resume: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Milliseconds for the server to answer, on a busy machine. */
const START_TIMEOUT = 60_000;

export const postgresPassword = "postgres:pa\\ss 'word\"$";

export interface PostgresOptions {
  host?: string;
  /** A free one of 127.0.0.1 unless given. */
  port?: number;
  /** The words that run a program in a network namespace. */
  enter?: readonly string[];
  /** Of the role postgres. */
  password?: string;
  /** Of postgresql.conf, beside what is set here. */
  settings?: readonly string[];
  /** Lines of pg_hba.conf that come first. */
  hba?: readonly string[];
  /** Makes it a standby of that server, which it follows until it is promoted. */
  standbyOf?: Postgres;
  /** Certificate and key (PEM), with which it takes connections over TLS and no others. */
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
  else await makeCluster(data, password);
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
  return {
    host,
    port,
    folder,
    query: (sql, database = "postgres") => queryOnce(connection(database), sql),
    connect: async (database) => {
      const client = new pg.Client(connection(database));
      client.on("error", () => undefined); // the server may end before it
      await client.connect();
      return client;
    },
    cpuSeconds: () => cpuSeconds(firstProcess(data)),
    pause: () => signalServer(data, "STOP"),
    resume: async () => {
      await signalServer(data, "CONT");
      child.kill("SIGCONT"); // runuser stops with what it runs
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

async function makeCluster(data: string, password: string): Promise<void> {
  const passwordFile = `${data}.password`;
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const initdb = [
    `${postgresBin()}/initdb`,
    "-D",
    data,
    "-A",
    "scram-sha-256",
    "--pwfile",
    passwordFile,
    "-N",
  ];
  await run({ argv: [...asPostgres, ...initdb] as unknown as [string] });
  rmSync(passwordFile);
}

/** With what a standby needs to follow it. */
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

/** Under the names that it looks for; it takes no key that others may read. */
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

/** Of the first process, its children that have ended (cutime and cstime of proc(5)), and those that live. */
function cpuSeconds(first: number): number {
  const read = (path: string) => {
    try {
      return readFileSync(`/proc/${path}`, "utf8").trim();
    } catch {
      return ""; // it has just ended
    }
  };
  // in nanoseconds: many processes that have used some milliseconds each are lost or doubled in ticks
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
