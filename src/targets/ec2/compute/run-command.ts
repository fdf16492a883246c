import { gunzipSync, gzipSync } from "node:zlib";
import type { Finished } from "../../../do/process.js";

/**
 * The transport of scripts and answers by SSM's Run Command. Both are compressed and encoded as base64: SSM would replace `{{ssm:NAME}}`
 * in a script by a parameter. SSM returns only the beginning of an answer, so longer answers are fetched in parts.
 */

/** Characters of a part. SSM returns 24,000: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
export const partSize = 20_000;

/** Most characters of an answer: each part needs a separate command. */
export const mostCharacters = 50 * partSize;

/** Limit of a script's output file, in sh's blocks of 512 bytes (32 MiB), because it is in /run, which is memory. */
const blocks = 65_536;

const folderPattern = /^\/run\/sip-proxy-answer\.[A-Za-z0-9]{10}$/;

/** The shell commands that run a script with bash and print the first part of its answer. `seconds`: timeout of the script. */
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

/** The first part of an answer. */
export interface Part {
  text: string;
  /** Characters of the whole answer, and the folder on the host with the rest. */
  size: number;
  folder: string;
}

/** Reads the output of `carryScript`; undefined for anything else. */
export function readPart(output: string): Part | undefined {
  const [, size = "", folder = "", text = ""] = /^sip-proxy-answer (\d+) (\S+)\n([^]*)$/.exec(output) ?? [];
  return folderPattern.test(folder) ? { text, size: Number(size), folder } : undefined;
}

/** The shell commands that print the part of an answer from `from` on, and remove the answer after its last part. */
export function partScript({ size, folder }: Part, from: number): string {
  const print = `tail -c +${from + 1} '${folder}/answer' | head -c ${partSize}`;
  return from + partSize < size ? print : `${print}\n${dropScript({ folder })}`;
}

export const dropScript = ({ folder }: Pick<Part, "folder">): string => `rm -rf '${folder}'`;

/** The script's result from all parts of its answer. Throws RangeError if they are not valid. */
export function readAnswer(parts: string, seconds: number): Finished {
  const bytes = unpack(parts);
  const line = bytes.indexOf("\n");
  const [, code, length] = /^(\d+) (\d+)$/.exec(bytes.toString("latin1", 0, Math.max(0, line))) ?? [];
  if (code === undefined) throw new RangeError("it is no answer");
  const end = line + 1 + Number(length);
  const exitCode = Number(code);
  // as for programs on this machine
  const text = (from: number, to?: number) => bytes.toString("utf8", from, to).replace(/\n$/, "");
  const stderr = text(end);
  return {
    exitCode,
    stdout: text(line + 1, end),
    // the exit code of coreutils' timeout
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
