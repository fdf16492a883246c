import type { Command } from "commander";
import { groupCommand } from "../commands/group.js";
import { nouns, dryRun, fleetArgument, json, targetWith } from "./options.js";
import { targetsWith } from "../targets/lookup.js";

/** The commands for the autoscaling group, where some target has groups. */
export function addGroup(sipProxy: Command): void {
  const having = targetsWith("groups");
  if (having.length === 0) return;
  const group = sipProxy.command("group").summary(`the autoscaling group of proxies on ${nouns(having)}`);
  for (const [name, summary] of [
    ["plan", "show what apply would change, like a diff"],
    ["apply", "make or change the group as the fleet file says; instances stay until they are rolled"],
    ["status", "instances, versions, rolls, and what failed lately"],
  ] as const) {
    const command = group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetWith("groups"))
      .addOption(json());
    if (name !== "status")
      command.option("--adopt", "take over what has the group's names but no mark of a fleet");
    if (name === "apply") command.addOption(dryRun());
    if (name === "plan") command.option("--exit-code", "exit 3 when apply would change something");
    command.action(groupCommand(name));
  }
  for (const [name, summary] of [
    ["roll", "replace the instances by ones of the template's newest version, without losing a call"],
    ["rollback", "undo the roll that goes on, or go back to the version before the last one"],
  ] as const) {
    group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetWith("groups"))
      .option("--to <version>", "version of the launch template")
      .option("--replace-protected", "replace instances that are protected from scaling in, too")
      .option("--end-standby", "end instances in Standby, instead of leaving them as they are")
      .option("--no-wait", "do not wait for its end")
      .option("--timeout <seconds>", "how long to wait for its end", "86400")
      .addOption(dryRun())
      .addOption(json())
      .action(groupCommand(name));
  }
  group
    .command("delete")
    .summary("let the instances drain, then delete the group and its launch template")
    .argument(...fleetArgument)
    .addOption(targetWith("groups"))
    .option("--force", "end the instances at once, and the calls that are up on them")
    .option("--release", "delete the fleet's security group too")
    .option("--timeout <seconds>", "how long to wait for the instances to drain", "86400")
    .addOption(dryRun())
    .addOption(json())
    .action(groupCommand("delete"));
}
