import { mkdtemp, open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answeredVariable, sbomFileName, sbomStep, stepMarker } from "../../compute/image/provisioners.js";
import { dialectOf, type PackerDialect } from "../../compute/image/packer-dialect.js";
import { UserError } from "../../errors.js";
import { attempt, run, type Command } from "../process.js";
import { removeFolder } from "../write-files.js";

export interface PackerBuild {
  /** The build folder. */
  folder: string;
  /** The source in the template to build, such as qemu.local. */
  only: string;
  /** Wraps the command to run in a network that reaches the builder. */
  inNetwork?: (argv: Command["argv"]) => Command["argv"];
  variables: Record<string, string>;
  env?: Record<string, string>;
  /** All output is appended to this file. */
  log: string;
  /** Called when output/packages.tsv has the list of packages. Packer waits for it, and fails if it fails. */
  onListed?: () => Promise<void>;
  /** Called at the start of each step, with its script. */
  onStep: (script: string) => void;
  /** When aborted, Packer ends its builder, removes what it has made, and fails. */
  signal: AbortSignal;
}

/** The template format of the installed Packer. Throws UserError if Packer is not installed. */
export async function packerDialect(): Promise<PackerDialect> {
  const { stdout } = await run({
    argv: ["packer", "version"],
    env: { CHECKPOINT_DISABLE: "1" },
    hint: "install Packer: apt-get install packer (Debian), or from releases.hashicorp.com",
  });
  return dialectOf(stdout);
}

/** The command line of a build. Its variables hold no secrets. */
export function packerArgv({ only, variables }: Pick<PackerBuild, "only" | "variables">): Command["argv"] {
  const given = Object.entries(variables).flatMap(([name, value]) => ["-var", `${name}=${value}`]);
  return [
    "packer",
    "build",
    "-color=false",
    "-timestamp-ui",
    `-only=${only}`,
    ...given,
    "sip-proxy.pkr.json",
  ];
}

/** Milliseconds for Packer to end a builder: it waits until EC2 reports that an instance is terminated. */
const timeToCleanUp = 300_000;

/** Runs one build. If it fails, Packer removes what it has made, and this throws UserError with the important lines of the log. */
export async function packerBuild(build: PackerBuild, dialect: PackerDialect): Promise<void> {
  // Packer leaves some temporary files behind. Its sockets are also here, and their paths must be short.
  const temporary = await mkdtemp(join(tmpdir(), "packer-"));
  try {
    await buildWith(temporary, build, dialect);
  } finally {
    await removeFolder(temporary);
  }
}

async function buildWith(temporary: string, build: PackerBuild, dialect: PackerDialect): Promise<void> {
  const { folder, log, signal, inNetwork = (argv) => argv } = build;
  const env = {
    CHECKPOINT_DISABLE: "1",
    PACKER_NO_COLOR: "1",
    TMPDIR: temporary,
    ...(build.onListed && { [answeredVariable]: "yes" }),
    ...build.env,
  };
  if (dialect === "current") await run({ argv: ["packer", "init", "plugins"], cwd: folder, env });
  await (await open(log, "a", 0o600)).close();
  const lines: string[] = [];
  let refused: Error | undefined;
  const answer = () =>
    build.onListed?.().catch(async (error: unknown) => {
      refused = error instanceof Error ? error : new Error(String(error));
      await writeFile(join(folder, "output", `${sbomFileName}.failed`), "");
    });
  const { exitCode } = await attempt({
    argv: endingWithUs(inNetwork(packerArgv(build)), log),
    cwd: folder,
    env,
    signal,
    grace: timeToCleanUp,
    onLine: (line) => {
      lines.push(line);
      const [, script] = line.split(stepMarker);
      if (script?.trim() === sbomStep) void answer();
      else if (script !== undefined) build.onStep(script.trim());
    },
  });
  if (refused !== undefined) throw refused;
  if (exitCode !== 0) throw failed(lines, log);
}

/**
 * A command line that runs Packer in a process which also ends Packer if this process dies, even by SIGKILL. Output also goes to the
 * log, through a process that outlives this one: if Packer could not write a line, it would die and leave its builder behind.
 */
function endingWithUs(argv: Command["argv"], log: string): Command["argv"] {
  const script =
    'exec > >(trap "" INT TERM HUP; exec tee -p -a -- "$0") 2>&1; exec setpriv --pdeathsig TERM -- "$@"';
  return ["bash", "-c", script, log, ...argv];
}

function failed(lines: readonly string[], log: string): UserError {
  const matter = linesThatMatter(lines);
  return new UserError(`Packer failed\n${matter.map((line) => `  | ${line}`).join("\n")}`, {
    hint: `see the log: ${log}`,
  });
}

/**
 * The lines of a failed build's log that give the reason: error messages of the scripts, with the last lines of the program that failed
 * before; without these, lines with errors and the last lines of the log.
 */
export function linesThatMatter(lines: readonly string[]): string[] {
  const plain = lines.map((line) => line.replace(/^\S*T\S*: /, "").replace(/^(==>)?\s*\S+: /, ""));
  const verdicts = plain.filter((line) => line.startsWith("BAKE FAILED"));
  if (verdicts.length > 0) {
    const step = plain.slice(0, plain.indexOf(verdicts[0] ?? ""));
    const said = step.slice(step.findLastIndex((line) => line.startsWith("== ")) + 1);
    return [...new Set([...said.filter((line) => line.trim() !== "").slice(-6), ...verdicts])];
  }
  const end = plain.findIndex((line) =>
    /Provisioning step had errors|Builds finished but no artifacts|^Build .* errored/.test(line),
  );
  const before = plain.slice(
    Math.max(0, (end === -1 ? plain.length : end) - 12),
    end === -1 ? undefined : end + 1,
  );
  const errors = plain.filter((line) => /^(E: |Error|error:)/.test(line));
  return [...new Set([...errors.slice(-5), ...before])].filter((line) => line.trim() !== "");
}
