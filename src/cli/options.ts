import { Option, type Command } from "commander";
import { namedTargets, targetsWith } from "../targets/lookup.js";
import type { Feature } from "../targets/target.js";

export const dryRun = () => new Option("--dry-run", "print what would be done and change nothing");
export const json = () => new Option("--json", "print data as JSON");
export const fleetArgument = ["FLEET", "the fleet file (YAML)"] as const;

/** The option `--target`, for all targets or for the given ones. */
export function targetOption(among: typeof namedTargets = namedTargets, help = nouns(among)): Option {
  return new Option("--target <target>", help).choices(among.map(([name]) => name));
}

/** `--target` for a feature of some targets. It is optional if only one target has the feature. */
export function targetWith(feature: Feature): Option {
  const among = targetsWith(feature);
  const [only, ...others] = among;
  const option = targetOption(among);
  return only !== undefined && others.length === 0
    ? option.default(only[0]).hideHelp()
    : option.makeOptionMandatory();
}

/** Targets in words, such as "this machine or EC2". */
export function nouns(among: typeof namedTargets): string {
  return among.map(([, { noun }]) => noun).join(" or ");
}

/** Options of commands that run scripts on hosts: how hosts are reached. */
export function reachOptions(command: Command): Command {
  return command
    .addOption(targetOption(targetsWith("reach"), `where the hosts run: ${nouns(targetsWith("reach"))}`))
    .option("--ssh", "connect to the hosts' private addresses with ssh and your ssh configuration");
}
