import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CORE_SCHEMA, defineScalarTag, dump, load, mergeTag, type ScalarTagDefinition } from "js-yaml";
import { roleReference } from "../../understand/settings/role-names.js";
import { UserError } from "../../errors.js";

type Mapping = Record<string, unknown>;

/** The parts of a user's playbook that are used. */
export interface Plays {
  /** The plays that apply the role to hosts, reduced to what sets variables. */
  plays: Mapping[];
  /** Their vars_files, if the names have no templates. */
  files: string[];
  prompted: string[];
}

/** A text with a tag of Ansible, such as !vault, kept unchanged. */
class Tagged {
  constructor(
    readonly tag: string,
    readonly text: string,
  ) {}
}

const ansibleTags: ScalarTagDefinition<Tagged>[] = ["!vault", "!unsafe", "!vault-encrypted"].map((tag) =>
  defineScalarTag<Tagged>(tag, {
    resolve: (text) => new Tagged(tag, text),
    identify: (value) => value instanceof Tagged && value.tag === tag,
    represent: (value) => (value as Tagged).text,
  }),
);

const schema = CORE_SCHEMA.withTags(mergeTag, ...ansibleTags);

export function playbookText(plays: readonly unknown[]): string {
  return dump(plays, { schema, noRefs: true, lineWidth: -1 });
}

/** Reads a playbook: its plays with the role, and those of their tasks that set variables and run nothing else. */
export function readPlaybook(file: string): Plays {
  const entries = readYamlList(file);
  const folder = dirname(resolve(file));
  const plays = entries.filter((play) => roleIn(play) !== undefined);
  if (plays.length === 0) {
    const imported = entries.flatMap(
      (play) => play["import_playbook"] ?? play["ansible.builtin.import_playbook"] ?? [],
    );
    throw new UserError(`${file}: no play applies the role`, {
      hint:
        imported.length > 0
          ? `it imports other playbooks: use the one that applies the role (${imported.map(String).join(", ")})`
          : "use the playbook with `role: ansible-role-sip-proxy` under roles",
    });
  }
  return {
    plays: plays.map((play) => settingOnly(play, folder)),
    files: plays.flatMap((play) =>
      varsFiles(play, folder)
        .flat()
        .filter((path) => !path.includes("{{")),
    ),
    prompted: plays.flatMap((play) => listOf(play["vars_prompt"]).map(({ name }) => String(name))),
  };
}

function settingOnly(play: Mapping, folder: string): Mapping {
  const role = roleIn(play) ?? {};
  const tasks = [...listOf(play["pre_tasks"]), ...listOf(play["tasks"])];
  return {
    hosts: play["hosts"],
    gather_facts: false,
    ...(play["vars"] === undefined ? {} : { vars: play["vars"] }),
    ...(play["vars_files"] === undefined ? {} : { vars_files: varsFiles(play, folder) }),
    tasks: keptTasks(tasks, folder),
    role: { ...parameters(role), ...(role["vars"] as Mapping | undefined) },
  };
}

/** The entry of the role in a play, under `roles` or in a task. */
function roleIn(play: Mapping): Mapping | undefined {
  const roles = Array.isArray(play["roles"]) ? (play["roles"] as unknown[]) : [];
  const entries = [
    ...roles.map((role): Mapping => (typeof role === "string" ? { role } : (role as Mapping))),
    ...["pre_tasks", "tasks"].flatMap((part) => listOf(play[part]).flatMap(roleOfTask)),
  ];
  return entries.find((entry) =>
    [entry["role"], entry["name"]].some((name) => typeof name === "string" && roleReference.test(name)),
  );
}

function roleOfTask(task: Mapping): Mapping[] {
  if (Array.isArray(task["block"])) return listOf(task["block"]).flatMap(roleOfTask);
  return ["include_role", "import_role"].flatMap((name) => {
    const role = moduleIn(task, name);
    return typeof role === "object" && role !== null ? [{ ...(role as Mapping), vars: task["vars"] }] : [];
  });
}

/** Keywords in a role's entry; all other keys are variables of the role. */
const words =
  /^(role|name|vars|when|tags|become.*|delegate_.*|environment|ignore_.*|no_log|run_once|tasks_from|apply|public|.*_from)$/;

function parameters(role: Mapping): Mapping {
  return Object.fromEntries(Object.entries(role).filter(([name]) => !words.test(name)));
}

function moduleIn(task: Mapping, name: string): unknown {
  return task[name] ?? task[`ansible.builtin.${name}`];
}

/** The tasks that set variables. They run on this machine only. */
function keptTasks(tasks: readonly Mapping[], folder: string, depth = 0): Mapping[] {
  return tasks.flatMap((task): Mapping[] => {
    const inner = Array.isArray(task["block"]) ? listOf(task["block"]) : includedTasks(task, folder, depth);
    if (inner !== undefined) {
      const { when, vars } = task;
      const block = keptTasks(inner, folder, depth + 1);
      return block.length === 0
        ? []
        : [{ block, ...(when !== undefined && { when }), ...(vars !== undefined && { vars }) }];
    }
    const sets = ["set_fact", "include_vars"].some((name) => moduleIn(task, name) !== undefined);
    return sets ? [{ ...task, become: false, ignore_errors: true }] : [];
  });
}

const deepest = 5;

function includedTasks(task: Mapping, folder: string, depth: number): Mapping[] | undefined {
  const given = moduleIn(task, "include_tasks") ?? moduleIn(task, "import_tasks");
  const file = typeof given === "object" && given !== null ? (given as Mapping)["file"] : given;
  if (typeof file !== "string" || file.includes("{{") || depth > deepest) return undefined;
  return readYamlList(resolve(folder, file));
}

function varsFiles(play: Mapping, folder: string): string[][] {
  const given = play["vars_files"];
  const entries = (Array.isArray(given) ? given : [given]) as unknown[];
  return entries
    .filter((entry) => entry !== undefined && entry !== null)
    .map((entry) => (Array.isArray(entry) ? entry : [entry]).map(String))
    .map((paths) => paths.map((path) => resolve(folder, path)));
}

function listOf(value: unknown): Mapping[] {
  const entries: unknown[] = Array.isArray(value) ? value : [];
  return entries.filter((entry): entry is Mapping => typeof entry === "object" && entry !== null);
}

function readYamlList(file: string): Mapping[] {
  try {
    return listOf(load(readFileSync(file, "utf8"), { schema, filename: file }));
  } catch (cause) {
    const { reason, message } = cause as { reason?: string; message: string };
    throw new UserError(`${file}: cannot be read as a playbook: ${reason ?? message.split("\n")[0] ?? ""}`, {
      hint: "use the YAML file that you run with ansible-playbook",
      cause,
    });
  }
}
