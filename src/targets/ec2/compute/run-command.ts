import { gunzipSync, gzipSync } from "node:zlib";
import type { Finished } from "../../../do/process.js";

/**
 * What SSM's Run Command carries: scripts in, answers out. Both go compressed and as base64. SSM would put parameters in the place of
 * `{{ssm:NAME}}` in a script, and shows only the beginning of an answer, so that longer ones come in parts.
 */

/** Characters of a part. https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html: the first 24,000 are shown. */
export const partSize = 20_000;

/** Characters that an answer may have: each part is a command of its own. */
export const mostCharacters = 50 * partSize;

/** Blocks of a file that a script may fill with output, so that /run, which is memory, holds it: 32 MiB of sh's 512 bytes. */
const blocks = 65_536;

const folderPattern = /^\/run\/sip-proxy-answer\.[A-Za-z0-9]{10}$/;

/** The shell commands that run a script with bash and print the first part of its answer. `seconds`: after which it is ended. */
export function carryScript(script: string, seconds: number): string {
  const packed = gzipSync(script, { level: 9 }).toString("base64");
  return `set -u
umask 077
find /run -maxdepth 1 -name 'sip-proxy-answer.*' -mmin +60 -exec rm -rf {} +
folder=$(mktemp -d /run/sip-proxy-answer.XXXXXXXXXX) || exit 1
printf %s '${packed}' | base64 -d | gzip -d >"$folder/script" || exit 1
(cd / && ulimit -f ${blocks} && exec timeout -k 10 ${seconds} bash -s) <"$folder/script" >"$folder/out" 2>"$folder/err"
code=$?
{ printf '%s %s\\n' "$code" "$(wc -c <"$folder/out")" && cat "$folder/out" "$folder/err"; } | gzip -9 | base64 -w 0 >"$folder/answer"
size=$(wc -c <"$folder/answer")
printf 'sip-proxy-answer %s %s\\n' "$size" "$folder"
head -c ${partSize} "$folder/answer"
if [ "$size" -le ${partSize} ]; then rm -rf "$folder"; fi
exit 0
`;
}

/** The beginning of an answer. */
export interface Part {
  text: string;
  /** Characters of the whole answer, and where on the host the rest of it is. */
  size: number;
  folder: string;
}

/** Reads what `carryScript` prints; undefined where it is something else. */
export function readPart(output: string): Part | undefined {
  const [, size = "", folder = "", text = ""] = /^sip-proxy-answer (\d+) (\S+)\n([^]*)$/.exec(output) ?? [];
  return folderPattern.test(folder) ? { text, size: Number(size), folder } : undefined;
}

/** The shell commands that print the part of an answer from there on, and remove the answer after its last part. */
export function partScript({ size, folder }: Part, from: number): string {
  const print = `tail -c +${from + 1} '${folder}/answer' | head -c ${partSize}`;
  return from + partSize < size ? print : `${print}\n${dropScript({ folder })}`;
}

export const dropScript = ({ folder }: Pick<Part, "folder">): string => `rm -rf '${folder}'`;

/** What came of the script, from all parts of its answer. Throws RangeError where they are none. */
export function readAnswer(parts: string, seconds: number): Finished {
  const bytes = unpack(parts);
  const line = bytes.indexOf("\n");
  const [, code, length] = /^(\d+) (\d+)$/.exec(bytes.toString("latin1", 0, Math.max(0, line))) ?? [];
  if (code === undefined) throw new RangeError("it is no answer");
  const end = line + 1 + Number(length);
  const exitCode = Number(code);
  // as of programs that run here
  const text = (from: number, to?: number) => bytes.toString("utf8", from, to).replace(/\n$/, "");
  const stderr = text(end);
  return {
    exitCode,
    stdout: text(line + 1, end),
    // what coreutils' timeout ends with
    stderr: exitCode === 124 ? `${stderr}\nnot done after ${seconds} s` : stderr,
  };
}

function unpack(parts: string): Buffer {
  try {
    return gunzipSync(Buffer.from(parts, "base64"));
  } catch (cause) {
    throw new RangeError("the answer is not whole", { cause });
  }
}
