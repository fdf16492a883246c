import { readFileSync } from "node:fs";
import { runSteps, type Step } from "../cli/steps.js";
import { printJson, talk } from "../cli/talk.js";
import type { Artefact } from "../compute/artefact.js";
import { certificateScript, passwordScript } from "../compute/operate/rotate.js";
import { secretPath } from "../compute/host/secrets.js";
import { changePassword, logsIn } from "../do/database/password.js";
import { secretReader } from "../do/secrets.js";
import { UserError } from "../errors.js";
import type { Host } from "../understand/fleet.js";
import type { Reached } from "../targets/reach.js";
import { secretForms } from "../targets/lookup.js";
import { FaultsError, loadFleetAndWarn, type LoadedFleet } from "./load-fleet.js";
import { onEach, reachHosts, type ReachOptions } from "./reach.js";
import { renderHost } from "./render-host.js";

export interface RotateOptions extends ReachOptions {
  oldPasswordFile?: string;
  dryRun?: boolean;
  json?: boolean;
}

/** Milliseconds for a host to load a secret. */
const PATIENCE = 60_000;

/** `sip-proxy db rotate FLEET`: sets the fleet file's password in the database, and then on every host. */
export async function dbRotate(file: string, options: RotateOptions): Promise<void> {
  const loaded = loadFleetAndWarn(file);
  const { database } = loaded.fleet;
  if (database.dbpass_kam === undefined) throw new UserError("database.dbpass_kam is not given");
  const isText = !database.dbpass_kam.resolvedOnHost;
  const { oldPasswordFile } = options;
  const old = oldPasswordFile === undefined ? undefined : readPassword(oldPasswordFile);
  const step: Step = {
    title: `${database.dbuser_kam} has this password in the database`,
    run: () => inDatabase(file, loaded, old),
  };
  await rotate(file, loaded, options, {
    what: "the database's password",
    hint: "instances of a group get it by: group apply, group roll",
    before: isText ? [step] : [],
    names: ["dbpass_kam"],
    concerns: () => true,
    script: passwordScript,
  });
}

async function inDatabase(file: string, { fleet }: LoadedFleet, old: string | undefined): Promise<void> {
  const reveal = secretReader(file);
  if (await logsIn(fleet.database, reveal)) return;
  await changePassword(fleet.database, reveal, old);
}

function readPassword(file: string): string {
  try {
    return readFileSync(file, "utf8").replace(/[\r\n]+$/, "");
  } catch (cause) {
    throw new UserError(`--old-password-file: cannot read ${file}`, { cause });
  }
}

/** `sip-proxy tls rotate FLEET`: loads the fleet file's certificate and key on every host, without a restart. */
export async function tlsRotate(file: string, options: RotateOptions): Promise<void> {
  await rotate(file, loadFleetAndWarn(file), options, {
    what: "the certificate",
    hint: "set enable_tls: true; instances of a group get the certificate by: group apply, group roll",
    before: [],
    names: ["tls_certificate", "tls_private_key", "tls_ca"],
    concerns: ({ settings }) => settings.enable_tls,
    script: certificateScript,
  });
}

interface Rotation {
  what: string;
  /** The hint of the error if no host gets these secrets. */
  hint: string;
  before: Step[];
  names: readonly Parameters<typeof secretPath>[0][];
  /** Whether a host gets these secrets. */
  concerns: (host: Host) => boolean;
  script: (files: readonly Artefact[]) => string;
}

async function rotate(
  file: string,
  loaded: LoadedFleet,
  options: RotateOptions,
  { what, hint, before, names, concerns, script }: Rotation,
): Promise<void> {
  const { fleet, source } = loaded;
  const wanted = fleet.hosts.filter((host) => host.kind === "proxy" && concerns(host));
  if (wanted.length === 0 && before.length === 0)
    throw new UserError(`no single host of the fleet gets ${what} from the fleet file`, { hint });
  const rendered = new Map(wanted.map((host) => [host.name, renderHost(fleet, host, secretReader(file))]));
  const faults = [...rendered.values()].flatMap((host) => host.faults);
  if (faults.length > 0) throw new FaultsError(faults, source);
  const secretsOf = (name: string) =>
    (rendered.get(name)?.files ?? []).filter(({ path }) =>
      names.some((secret) => path.replace(/\.ref$/, "") === secretPath(secret)),
    );
  if (options.dryRun) {
    const would = wanted.map(({ name }) => ({ name, files: secretsOf(name).map(({ path }) => `/${path}`) }));
    if (options.json) return printJson(would);
    for (const { title } of before) talk.say(`would make sure that ${title}`);
    for (const { name, files } of would) talk.say(`${name}: would write ${files.join(", ")}, and load them`);
    return;
  }
  if (fleet.hosts.some(({ kind }) => kind === "group"))
    talk.note(
      "for instances of the group, run: sip-proxy group apply FLEET, then sip-proxy group roll FLEET",
    );
  const hosts = await reachHosts(fleet, wanted, options);
  refuseToLeaveSecrets(what, hosts, (name) => secretsOf(name));
  let said = new Map<string, string>();
  const push = async () => void (said = await give(hosts, (name) => script(secretsOf(name))));
  await runSteps([...before, { title: `${what}, on every host`, run: push }]);
  const missing = wanted.filter(({ name }) => !said.has(name)).map(({ name }) => name);
  if (options.json) printJson({ hosts: Object.fromEntries(said), missing });
  else for (const [name, line] of said) talk.good(`${name}: in use${line === "" ? "" : `: ${line}`}`);
  if (missing.length > 0)
    throw new UserError(`these hosts were not changed: ${missing.join(", ")}`, {
      hint: "calls continue; run the same command again: it changes only what is still missing",
    });
}

/** Some ways to reach hosts, such as SSM, keep a history of commands. Throws UserError if a secret's text would be kept there. */
function refuseToLeaveSecrets(
  what: string,
  hosts: readonly Reached[],
  filesOf: (name: string) => readonly Artefact[],
): void {
  const keeper = hosts.find(
    ({ name, keptBy }) =>
      keptBy !== undefined && filesOf(name).some(({ path, content }) => !isReference(path) && content !== ""),
  )?.keptBy;
  if (keeper === undefined) return;
  throw new UserError(`nothing was changed: ${keeper} would keep ${what} in its history`, {
    hint: `use --ssh, or a reference that hosts resolve, such as ${secretForms("shortForm").join(" or ")}`,
  });
}

const isReference = (path: string) => path.endsWith(".ref");

/** Runs the script on each host. Returns the last line that each successful host printed; warns about the others. */
async function give(
  hosts: readonly Reached[],
  script: (name: string) => string,
): Promise<Map<string, string>> {
  const results = await onEach(hosts, (host) => host.run(script(host.name), PATIENCE));
  const said = new Map<string, string>();
  for (const [name, { exitCode, stdout, stderr }] of results)
    if (exitCode === 0) said.set(name, stdout.trim().split("\n").at(-1) ?? "");
    else talk.warn(`${name}: ${stderr.trim() || stdout.trim() || `exit ${exitCode}`}`);
  return said;
}
