import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../src/do/local/ports.js";
import { run, start } from "../../src/do/process.js";
import { asPostgres } from "../../src/lab/postgres-root.js";
import { eventually } from "./eventually.js";

export interface Pooler {
  port: number;
  stop: () => Promise<void>;
}

/** A pooler's connections to the server, for each user and database. */
export const poolSize = 3;

export type PoolMode = "session" | "transaction" | "statement";

/** Debian's pgbouncer for a server on 127.0.0.1, with few connections to it. */
export async function startPooler(
  mode: PoolMode,
  server: { port: number },
  passwords: Record<string, string>,
): Promise<Pooler> {
  const folder = mkdtempSync(join(tmpdir(), "pgbouncer-"));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  writeFileSync(
    join(folder, "users.txt"),
    Object.entries(passwords)
      .map((pair) => pair.map(quoted).join(" ") + "\n")
      .join(""),
  );
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "scram-sha-256",
    auth_file: join(folder, "users.txt"),
    pool_mode: mode,
    default_pool_size: poolSize,
    // 100 by default
    max_client_conn: 1000,
    // 15 by default: after a login to a missing database, all logins wait this long
    server_login_retry: 1,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    ["[databases]", `* = host=127.0.0.1 port=${server.port}`, "[pgbouncer]", ...lines, ""].join("\n"),
  );
  const { stdout } = await run({ argv: ["id", "-u", "postgres"] });
  for (const name of ["", "users.txt", "pgbouncer.ini"]) chownSync(join(folder, name), Number(stdout), 0);
  const child = start({
    argv: [...asPostgres, "/usr/sbin/pgbouncer", "-q", join(folder, "pgbouncer.ini")] as unknown as [string],
  });
  child.stderr?.resume();
  await eventually(async () => {
    const socket = createConnection({ host: "127.0.0.1", port });
    try {
      await once(socket, "connect");
    } finally {
      socket.destroy();
    }
  });
  return {
    port,
    stop: async () => {
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
