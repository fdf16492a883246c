import { Option, type Command } from "commander";
import { imageClean } from "../commands/image-clean.js";
import { imageDiff } from "../commands/image-diff.js";
import { imageList } from "../commands/image-list.js";
import { imagePromote } from "../commands/image-promote.js";
import { imagePrune } from "../commands/image-prune.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, targetOption, targetWith } from "./options.js";

/** A region that has been taken out of the fleet file. */
const region = () => new Option("--region <region...>", "AMIs: look in these regions too");

/** The commands for images. */
export function addImages(sipProxy: Command): void {
  const image = sipProxy.command("image").summary("baked images: list, compare, publish, clean up");
  image
    .command("list")
    .summary("local images and AMIs, newest first")
    .argument(...fleetArgument)
    .addOption(targetOption())
    .addOption(region())
    .addOption(json())
    .action(imageList);
  image
    .command("diff")
    .summary("packages, versions and sizes that differ between two images")
    .argument(...fleetArgument)
    .argument("[FROM]", "AMI id, key, path, newest or promoted; the promoted one when not given")
    .argument("[TO]", "the same; the newest one when not given")
    .addOption(targetOption())
    .addOption(json())
    .action(imageDiff);
  if (targetsWith("promote").length > 0) addPromote(image);
  if (targetsWith("clean").length > 0) addClean(image);
  image
    .command("prune")
    .summary("show which images nothing needs any more, and with --delete remove them")
    .argument(...fleetArgument)
    .addOption(targetOption().makeOptionMandatory())
    .addOption(region())
    .option("--keep <number>", "how many of the newest stay in any case", "3")
    .addOption(
      new Option("--delete", "delete them; AMIs with their snapshots").conflicts(["disable", "enable"]),
    )
    .addOption(
      new Option(
        "--disable",
        "AMIs: have nobody launch them, as a first step that --enable undoes",
      ).conflicts("enable"),
    )
    .option("--enable", "AMIs: undo --disable, with the shares that they had")
    .option("--shared", "with --disable: AMIs too that others may launch")
    .addOption(dryRun())
    .addOption(json())
    .action(imagePrune);
}

/** Where launches take an image that was published for them. */
function addPromote(image: Command): void {
  image
    .command("promote")
    .summary("publish an AMI under the fleet's SSM parameter, for launches and groups")
    .argument(...fleetArgument)
    .argument("[IMAGE]", "AMI id or key; the newest one when not given")
    .addOption(targetWith("promote"))
    .addOption(dryRun())
    .addOption(json())
    .action(imagePromote);
}

/** Where a bake runs on a machine that outlives it. */
function addClean(image: Command): void {
  image
    .command("clean")
    .summary("end the builders that bakes have left which were killed")
    .argument(...fleetArgument)
    .option("--all", "those too that a bake may still use")
    .addOption(targetWith("clean"))
    .addOption(dryRun())
    .addOption(json())
    .action(imageClean);
}
