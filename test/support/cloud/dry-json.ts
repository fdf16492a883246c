import type { Command } from "commander";

/** Values for required arguments and options, by name. */
export type Given = Record<string, string>;

/**
 * The arguments of every command with `--dry-run` and `--json`, by its words (`group apply ec2`), once for each target that it supports.
 * New commands are included automatically. Throws if a required value is missing.
 */
export function dryCommands(
  command: Command,
  given: Given,
  path: readonly string[] = [],
): [string, string[]][] {
  const below = command.commands.flatMap((sub) => dryCommands(sub, given, [...path, sub.name()]));
  const has = (long: string) => command.options.some((option) => option.long === long);
  if (!has("--dry-run") || !has("--json")) return below;
  const known = (name: string) => given[name] ?? unknown(`${path.join(" ")}: ${name}`);
  const values = command.registeredArguments
    .filter(({ required }) => required)
    .map((argument) => known(argument.name()));
  const options = command.options
    .flatMap(({ mandatory, long }) => (mandatory && long != null && long !== "--target" ? [long] : []))
    .flatMap((long) => [long, known(long)]);
  const target = command.options.find(({ long }) => long === "--target");
  const targets = (target?.argChoices ?? []).map((name) => ["--target", name]);
  return [
    ...below,
    ...(target ? targets : [[]]).map((one): [string, string[]] => [
      [...path, ...one.slice(1)].join(" "),
      [...path, ...values, ...options, ...one, "--dry-run", "--json"],
    ]),
  ];
}

function unknown(what: string): never {
  throw new Error(`say what a dry run gets for ${what}`);
}
