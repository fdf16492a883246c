import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Artefact } from "../../src/compute/artefact.js";
import type { CallLab } from "../support/call-lab.js";

/** The command that counts the instructions of a program, and writes them to a file when the program ends. */
export const callgrind = (file: string) => [
  ...["valgrind", "--quiet", "--tool=callgrind"],
  `--callgrind-out-file=${file}`,
];

/** The instructions in a file that callgrind has written. Throws if the program has not ended in its own way. */
export function countIn(text: string): number {
  const total = /^totals: (\d+)$/m.exec(text)?.[1];
  if (total === undefined) throw new Error("callgrind has not written its count");
  return Number(total);
}

/** Folder on the proxy in which Kamailio's processes write callgrind's counts. */
const counts = "/callgrind";

/**
 * Replaces Kamailio in PATH by a script that runs it under callgrind. Callgrind counts Kamailio's own instructions, not the kernel's: the
 * count does not depend on the machine's load. Of repeated arguments, the last one counts; `more` has further ones. Checks (`-c`) are not
 * counted.
 */
export const underCallgrind = (...more: string[]): Artefact => ({
  path: "usr/local/sbin/kamailio",
  mode: 0o755,
  content: `#!/bin/sh
case " $* " in *" -DD "*) ;; *) exec /usr/sbin/kamailio "$@" ;; esac
mkdir -p -m 777 ${counts}
# its first process opens its file as root, and writes it as kamailio
install -o kamailio /dev/null ${counts}/$$
exec ${callgrind(`${counts}/%p`).join(" ")} /usr/sbin/kamailio "$@" ${more.join(" ")}
`,
});

/**
 * Ends a Kamailio that runs under callgrind; returns the instructions of all its processes. With `keep`, callgrind's files stay in that
 * folder, one for each process, for callgrind_annotate.
 */
export async function instructions(lab: CallLab, keep?: string): Promise<number> {
  const proxy = lab.proxy();
  // Kamailio's first process ends last
  const end = "pid=$(cat /run/kamailio/kamailio.pid); kill $pid; tail --pid=$pid -f /dev/null";
  const { stdout } = await proxy.run("sh", "-c", `${end}; ls ${counts}`);
  if (keep !== undefined) await mkdir(keep, { recursive: true });
  let sum = 0;
  for (const name of stdout.split("\n")) {
    const { stdout: text } = await proxy.run("cat", join(counts, name));
    if (keep !== undefined) await writeFile(join(keep, name), text);
    sum += countIn(text);
  }
  return sum;
}
