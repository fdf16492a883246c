import { Option, type Command } from "commander";
import { imageClean } from "../commands/image-clean.js";
import { imageDiff } from "../commands/image-diff.js";
import { imageList } from "../commands/image-list.js";
import { imageOutdated } from "../commands/image-outdated.js";
import { imagePromote } from "../commands/image-promote.js";
import { imagePrune } from "../commands/image-prune.js";
import { imageSbom } from "../commands/image-sbom.js";
import { debiansTracker, noTracker } from "../do/bake/security-tracker.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, targetOption, targetWith } from "./options.js";

/** A region that has been taken out of the fleet file. */
const region = () => new Option("--region <region...>", "AMIs: also look in these regions");

/** The commands for images. */
export function addImages(sipProxy: Command): void {
  const image = sipProxy.command("image").summary("list, compare, publish and delete baked images");
  image
    .command("list")
    .summary("list local images and AMIs, newest first")
    .argument(...fleetArgument)
    .addOption(targetOption())
    .addOption(region())
    .addOption(json())
    .action(imageList);
  image
    .command("diff")
    .summary("show packages, versions and sizes that differ between two images or lock files")
    .argument("FLEET", "the fleet file (YAML); or a lock file, with the other one as FROM")
    .argument("[FROM]", "AMI id, key, path, newest or promoted (default: promoted)")
    .argument("[TO]", "the same (default: newest)")
    .addOption(targetOption())
    .option("--exit-code", "exit 3 when something is different")
    .addOption(json())
    .action(imageDiff);
  addOutdated(image);
  image
    .command("sbom")
    .summary("print the bill of materials (CycloneDX 1.6, JSON) of the image that has this lock file")
    .argument("LOCK", "the image's lock file")
    .action(imageSbom);
  if (targetsWith("promote").length > 0) addPromote(image);
  if (targetsWith("clean").length > 0) addClean(image);
  image
    .command("prune")
    .summary("show unused images, and delete them with --delete")
    .argument(...fleetArgument)
    .addOption(targetOption().makeOptionMandatory())
    .addOption(region())
    .option("--keep <number>", "number of newest images to keep in any case", "3")
    .addOption(
      new Option("--delete", "delete unused images (AMIs with their snapshots)").conflicts([
        "disable",
        "enable",
      ]),
    )
    .addOption(
      new Option("--disable", "AMIs: prevent launches from them; --enable reverses this").conflicts("enable"),
    )
    .option("--enable", "AMIs: reverse --disable and restore their shares")
    .option("--shared", "with --disable: also AMIs that other accounts may launch")
    .addOption(dryRun())
    .addOption(json())
    .action(imagePrune);
}

/** Where launches take an image that was published for them. */
function addPromote(image: Command): void {
  image
    .command("promote")
    .summary("publish an AMI in the fleet's SSM parameter for launches and groups")
    .argument(...fleetArgument)
    .argument("[IMAGE]", "AMI id or key (default: newest)")
    .addOption(targetWith("promote"))
    .addOption(dryRun())
    .addOption(json())
    .action(imagePromote);
}

/** Where a bake runs on a machine that outlives it. */
function addClean(image: Command): void {
  image
    .command("clean")
    .summary(
      "remove what interrupted bakes have left: builders, key pairs, security groups, volumes, snapshots",
    )
    .argument(...fleetArgument)
    .option("--all", "also what a bake may still use")
    .addOption(targetWith("clean"))
    .addOption(region())
    .addOption(dryRun())
    .addOption(json())
    .action(imageClean);
}

function addOutdated(image: Command): void {
  image
    .command("outdated")
    .summary("show which packages and sources of an image have a newer version, security updates first")
    .argument(...fleetArgument)
    .argument("[LOCK]", "the image's lock file (default: that of the newest image)")
    .option("--exit-code", "exit 3 when something is outdated")
    .option(
      "--tracker <URL>",
      `where the flaws are looked up that security updates mend, if there are any; ${noTracker}: nowhere`,
      debiansTracker,
    )
    .addOption(json())
    .action(imageOutdated);
}
