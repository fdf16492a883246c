import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { shellQuote } from "../../src/compute/quote/shell.js";
import { run } from "../../src/do/process.js";

const program = "qemu-system-x86_64";

/** A PATH on which QEMU is started with further arguments; `folder` is made for it. */
export async function pathOfQemuWith(folder: string, more: readonly string[]): Promise<string> {
  const { stdout: usual } = await run({ argv: ["sh", "-c", `command -v ${program}`] });
  mkdirSync(folder, { recursive: true });
  const text = `#!/bin/sh\nexec ${[usual.trim()].concat('"$@"', more.map(shellQuote)).join(" ")}\n`;
  writeFileSync(join(folder, program), text, { mode: 0o755 });
  return `${folder}:${process.env["PATH"] ?? ""}`;
}
