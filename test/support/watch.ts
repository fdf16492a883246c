import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { packageRoot } from "../../src/do/assets.js";
import { start } from "../../src/do/process.js";

/** A host's watch of the dispatcher table (watched.py), without further actions. */
export interface Watcher {
  /** Checks the table: number of rows, and whether the connection is kept; or the error. */
  look: () => Promise<{ rows?: number; kept?: boolean; error?: string; seconds: number }>;
  /** Waits for a notification; returns the duration. */
  wait: (seconds: number) => Promise<{ seconds: number }>;
  stop: () => Promise<void>;
}

const program = `
import json, sys, time
sys.path.insert(0, sys.argv[1])
from watched import Watched
watched = Watched()
for line in sys.stdin:
    began, said = time.monotonic(), {}
    try:
        if line.startswith("wait"):
            watched.wait(float(line.split()[1]))
        else:
            said = {"rows": len(watched.rows()), "kept": watched.connection is not None}
    except OSError as error:
        said = {"error": str(error)}
    print(json.dumps({**said, "seconds": time.monotonic() - began}), flush=True)
`;

/** For a host with a configured root. */
export function startWatcher(root: string): Watcher {
  const lib = join(packageRoot, "cloud-init/rootfs/usr/lib/sip-proxy");
  const child = start(
    { argv: ["/usr/bin/python3", "-IBc", program, lib], env: { SIP_PROXY_ROOT: root } },
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  const { stdin, stdout } = child;
  if (!stdin || !stdout) throw new Error("no pipes");
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  const ask = async (line: string) => {
    stdin.write(`${line}\n`);
    const { value } = (await lines.next()) as { value: string | undefined };
    if (value === undefined) throw new Error("the watcher has ended");
    return JSON.parse(value) as { seconds: number };
  };
  return {
    look: () => ask("look"),
    wait: (seconds) => ask(`wait ${seconds}`),
    stop: async () => {
      const gone = once(child, "exit");
      stdin.end();
      await gone;
    },
  };
}
