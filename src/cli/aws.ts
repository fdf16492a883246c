import { Option, type Command } from "commander";
import { groupApply, groupPlan } from "../commands/group.js";
import { groupDelete, groupStatus, rolling } from "../commands/group-life.js";
import { imageDiff } from "../commands/image-diff.js";
import { imageList } from "../commands/image-list.js";
import { imagePromote } from "../commands/image-promote.js";
import { imagePrune } from "../commands/image-prune.js";

const dryRun = () => new Option("--dry-run", "say what would be done, and do nothing");
const json = () => new Option("--json", "print data as JSON");
const target = () => new Option("--target <target>", "local VMs or EC2").choices(["local", "ec2"]);
const fleetArgument = ["FLEET", "the fleet file (YAML)"] as const;

/** The commands for images. */
export function addImages(sipProxy: Command): void {
  const image = sipProxy.command("image").summary("baked images: list, compare, publish, clean up");
  image
    .command("list")
    .summary("local images and AMIs, newest first")
    .argument(...fleetArgument)
    .addOption(target())
    .addOption(json())
    .action(imageList);
  image
    .command("diff")
    .summary("packages, versions and sizes that differ between two images")
    .argument(...fleetArgument)
    .argument("[FROM]", "AMI id, key, path, newest or promoted; the promoted one when not given")
    .argument("[TO]", "the same; the newest one when not given")
    .addOption(target())
    .addOption(json())
    .action(imageDiff);
  image
    .command("promote")
    .summary("publish an AMI under the fleet's SSM parameter, for launches and groups")
    .argument(...fleetArgument)
    .argument("[IMAGE]", "AMI id or key; the newest one when not given")
    .addOption(dryRun())
    .addOption(json())
    .action(imagePromote);
  image
    .command("prune")
    .summary("show which images nothing needs any more, and with --delete remove them")
    .argument(...fleetArgument)
    .addOption(target().makeOptionMandatory())
    .option("--keep <number>", "how many of the newest stay in any case", "3")
    .option("--delete", "delete them; AMIs with their snapshots")
    .addOption(dryRun())
    .addOption(json())
    .action(imagePrune);
}

/** The commands for the autoscaling group. */
export function addGroup(sipProxy: Command): void {
  const group = sipProxy.command("group").summary("the autoscaling group of proxies on EC2");
  for (const [name, summary, action] of [
    ["plan", "show what apply would change, like a diff", groupPlan],
    [
      "apply",
      "make or change the group as the fleet file says; instances stay until they are rolled",
      groupApply,
    ],
    ["status", "instances, versions, rolls, and what failed lately", groupStatus],
  ] as const) {
    const command = group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(json());
    if (name === "apply") command.addOption(dryRun());
    command.action(action);
  }
  for (const [name, summary] of [
    ["roll", "replace the instances by ones of the template's newest version, without losing a call"],
    ["rollback", "undo the roll that goes on, or go back to the version before the last one"],
  ] as const) {
    group
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .option("--to <version>", "version of the launch template")
      .option("--no-wait", "do not wait for its end")
      .option("--timeout <seconds>", "how long to wait for its end", "86400")
      .addOption(dryRun())
      .addOption(json())
      .action(rolling(name));
  }
  group
    .command("delete")
    .summary("let the instances drain, then delete the group and its launch template")
    .argument(...fleetArgument)
    .option("--force", "end the instances at once, and the calls that are up on them")
    .option("--release", "delete the fleet's security group too")
    .option("--timeout <seconds>", "how long to wait for the instances to drain", "86400")
    .addOption(dryRun())
    .addOption(json())
    .action(groupDelete);
}
