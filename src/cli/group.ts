import type { Command } from "commander";
import { groupCommand } from "../commands/group.js";
import { nouns, dryRun, fleetArgument, json, targetWith } from "./options.js";
import { targetsWith } from "../targets/lookup.js";

/** The commands for the autoscaling group, for targets that have groups. */
export function addGroup(sipProxy: Command): void {
  const having = targetsWith("groups");
  if (having.length === 0) return;
  const group = sipProxy.command("group").summary(`the autoscaling group of proxies on ${nouns(having)}`);
  for (const [name, summary] of [
    ["plan", "show what apply would change"],
    ["apply", "create or update the group; instances stay until a roll replaces them"],
    ["status", "show instances, versions, rolls and recent failures"],
  ] as const) {
    const command = group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetWith("groups"))
      .addOption(json());
    if (name !== "status")
      command.option("--adopt", "take over resources that have the group's names and no tag of a fleet");
    if (name === "apply") command.addOption(dryRun());
    if (name === "plan") command.option("--exit-code", "exit with 3 if there are changes");
    command.action(groupCommand(name));
  }
  for (const [name, summary] of [
    ["roll", "replace the instances with the newest version of the template, without losing calls"],
    ["rollback", "cancel the running roll, or return to the previous version"],
  ] as const) {
    group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetWith("groups"))
      .option("--to <version>", "version of the launch template")
      .option("--replace-protected", "also replace instances that are protected from scale-in")
      .option("--end-standby", "terminate instances in Standby")
      .option("--no-wait", "do not wait until it has finished")
      .option("--timeout <seconds>", "seconds to wait until it has finished", "86400")
      .addOption(dryRun())
      .addOption(json())
      .action(groupCommand(name));
  }
  group
    .command("delete")
    .summary("drain the instances, then delete the group and its launch template")
    .argument(...fleetArgument)
    .addOption(targetWith("groups"))
    .option("--force", "end the instances and their calls immediately")
    .option("--release", "also delete the fleet's security group")
    .option("--timeout <seconds>", "seconds to wait for the instances to drain", "86400")
    .addOption(dryRun())
    .addOption(json())
    .action(groupCommand("delete"));
}
