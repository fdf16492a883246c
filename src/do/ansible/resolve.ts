import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseAnsibleJson, isMapping, textOf, type Value } from "../../compute/import/values.js";
import { playbookText } from "./playbook.js";
import { runAnsible } from "./programs.js";

/** For each host: its variables, and why some have no value. */
export type Resolved = Map<string, Answers>;

interface Answers {
  values: Map<string, Value>;
  reasons: Map<string, string>;
}

interface Play extends Record<string, unknown> {
  tasks?: unknown;
  role?: unknown;
}

/** Stands for a variable that a host does not have. */
const none = "__sip_proxy_none__";

interface Questions {
  inventory: string;
  /** A folder for work files. */
  folder: string;
  /** Plays that set variables before they are resolved; without them, one play for all hosts is used. */
  plays?: readonly Play[];
  /** The file that relative paths in the plays are relative to. */
  playbook?: string;
}

/**
 * Lets Ansible resolve variables in the user's plays, reduced to what sets variables, without connecting to a host. All are resolved
 * at once, or one by one if one of them has no value.
 */
export async function resolveVariables(names: readonly string[], questions: Questions): Promise<Resolved> {
  const atOnce = await ask([names], "at-once", questions);
  const failed = [...atOnce.values()].some(({ reasons }) => reasons.size > 0);
  return failed
    ? ask(
        names.map((name) => [name]),
        "one-by-one",
        questions,
      )
    : atOnce;
}

/** Resolves groups of variables. If one variable of a group has no value, none of the group is answered. */
async function ask(
  groups: readonly (readonly string[])[],
  run: string,
  { inventory, folder, plays, playbook }: Questions,
): Promise<Resolved> {
  const work = join(folder, run);
  const answers = join(folder, `${run}-answers`);
  mkdirSync(work);
  if (playbook !== undefined) linkSiblings(dirname(playbook), work);
  const file = join(work, "sip-proxy-import.yml");
  const asking = (plays ?? [{ hosts: "all", gather_facts: false }]).map((play) =>
    withQuestions(play, groups),
  );
  writeFileSync(file, playbookText(asking), { mode: 0o600 });
  const env = {
    ANSIBLE_CALLBACKS_ENABLED: "ansible.builtin.tree",
    ANSIBLE_CALLBACK_TREE_DIR: answers,
    ANSIBLE_STDOUT_CALLBACK: "ansible.builtin.minimal",
    ANSIBLE_LOCALHOST_WARNING: "false",
  };
  await runAnsible(["ansible-playbook", "-i", inventory, file], env);
  return existsSync(answers) ? readAnswers(answers, groups) : new Map();
}

/** Writes an inventory program that prints the JSON. */
export function inventoryProgram(json: string, folder: string): string {
  writeFileSync(join(folder, "inventory.json"), json, { mode: 0o600 });
  const file = join(folder, "inventory");
  writeFileSync(file, '#!/bin/sh\nexec cat "$(dirname "$0")/inventory.json"\n');
  chmodSync(file, 0o700);
  return file;
}

/** Links files beside the user's playbook (group_vars, vars, roles) to the folder of the playbook that is run instead. */
function linkSiblings(from: string, to: string): void {
  for (const name of readdirSync(from)) symlinkSync(join(resolve(from), name), join(to, name));
}

/** The play with a last task that outputs its hosts' variables as JSON; the tree callback writes them to a file. */
function withQuestions({ role, ...play }: Play, groups: readonly (readonly string[])[]): Play {
  // a default in the lookup would hide a variable that exists but cannot be resolved
  const question = (name: string) =>
    `={{ (lookup('ansible.builtin.vars', '${name}') if lookup('ansible.builtin.varnames', '^${name}$') else '${none}') | to_json }}`;
  const debug = "ansible.builtin.debug";
  const asking = groups.map((names, index) => ({
    [debug]: { msg: Object.fromEntries(names.map((name) => [name, question(name)])) },
    register: `_sip_proxy_${index}`,
    ignore_errors: true,
  }));
  const all = asking.map(({ register }) => register).join(", ");
  const last = { [debug]: { msg: `={{ [${all}] | to_json }}` } };
  const block = { block: [...asking, last], ...(isMapping(role) && { vars: role }) };
  return { ...play, tasks: [...((play.tasks as unknown[] | undefined) ?? []), block] };
}

function readAnswers(folder: string, groups: readonly (readonly string[])[]): Resolved {
  return new Map(
    readdirSync(folder).flatMap((host) => {
      const result = parseAnsibleJson(readFileSync(join(folder, host), "utf8"));
      const text = isMapping(result) ? textOf(result["msg"]) : "";
      return text.startsWith("=[") ? [[host, answersIn(parseAnsibleJson(text.slice(1)), groups)]] : [];
    }),
  );
}

function answersIn(answers: Value, groups: readonly (readonly string[])[]): Answers {
  const values = new Map<string, Value>();
  const reasons = new Map<string, string>();
  for (const [index, answer] of (Array.isArray(answers) ? answers : []).entries()) {
    const message = isMapping(answer) ? answer["msg"] : undefined;
    for (const name of groups[index] ?? []) {
      if (!isMapping(message)) {
        reasons.set(name, reasonIn(textOf(message)));
        continue;
      }
      const value = parseAnsibleJson(textOf(message[name]).slice(1));
      if (value !== none) values.set(name, value);
    }
  }
  return { values, reasons };
}

/** Ansible's reason about a template, without repetitions. */
function reasonIn(message: string): string {
  const [line = ""] = message.split("\n");
  const [, said = line] = /The error was: (.*)$/.exec(line) ?? [];
  return (said.split(". ")[0] ?? said).slice(0, 200);
}
