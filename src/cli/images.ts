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

/** An option for regions that were removed from the fleet file. */
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
    .argument("FLEET", "the fleet file (YAML), or a lock file with the other lock file as FROM")
    .argument("[FROM]", "AMI id, key, path, newest or promoted (default: promoted)")
    .argument("[TO]", "the same (default: newest)")
    .addOption(targetOption())
    .option("--exit-code", "exit with 3 if something differs")
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
    .option("--keep <number>", "number of newest images that are always kept", "3")
    .addOption(
      new Option("--delete", "delete unused images (AMIs with their snapshots)").conflicts([
        "disable",
        "enable",
      ]),
    )
    .addOption(
      new Option(
        "--disable",
        "AMIs: disable unused ones, so that they cannot be launched; --enable reverses this",
      ).conflicts("enable"),
    )
    .option("--enable", "AMIs: enable those that --disable disabled, and restore their shares")
    .option("--shared", "with --disable: include AMIs that other accounts may launch")
    .addOption(dryRun())
    .addOption(json())
    .action(imagePrune);
}

/** `image promote`, for targets on which launches use a published image. */
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

/** `image clean`, for targets on which a killed bake can leave a machine behind. */
function addClean(image: Command): void {
  image
    .command("clean")
    .summary(
      "delete what interrupted bakes left behind: builders, key pairs, security groups, volumes, snapshots",
    )
    .argument(...fleetArgument)
    .option("--all", "also delete what a running bake may still use")
    .addOption(targetWith("clean"))
    .addOption(region())
    .addOption(dryRun())
    .addOption(json())
    .action(imageClean);
}

function addOutdated(image: Command): void {
  image
    .command("outdated")
    .summary("show which packages and sources of an image have newer versions, security updates first")
    .argument(...fleetArgument)
    .argument("[LOCK]", "the image's lock file (default: that of the newest image)")
    .option("--exit-code", "exit with 3 if something is outdated")
    .option(
      "--tracker <URL>",
      `URL of the security tracker that lists the CVEs fixed by security updates; ${noTracker}: do not look them up`,
      debiansTracker,
    )
    .addOption(json())
    .action(imageOutdated);
}
