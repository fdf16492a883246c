import { Option, type Command } from "commander";
import { fleetRoll, fleetRollback, fleetStatus } from "../commands/fleet.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, targetOption } from "./options.js";

/** The commands that roll single hosts. */
export function addFleet(sipProxy: Command): void {
  const fleet = sipProxy.command("fleet").summary("show and replace the fleet's single hosts");
  const command = (name: string, summary: string) =>
    fleet
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetOption(targetsWith("roll")).makeOptionMandatory())
      .addOption(json());
  command("status", "show each host's image, whether it is up to date, and its calls").action(fleetStatus);
  for (const [name, summary, image, action] of [
    [
      "roll",
      "replace hosts one after the other with the newest image and the current fleet file, without losing calls",
      "that of the last bake; on EC2 the promoted one",
      fleetRoll,
    ],
    [
      "rollback",
      "replace hosts with the image from before the last roll",
      "the one from before the last roll",
      fleetRollback,
    ],
  ] as const)
    command(name, summary)
      .argument("[NAME...]", "hosts of the fleet (default: all)")
      .option("--image <image>", `path or AMI id of an image (default: ${image})`)
      .addOption(
        new Option(
          "--timeout <seconds>",
          "seconds to wait for each step: room on the other hosts, the drain of a host, the new host",
        ).default("86400"),
      )
      .option("--force", "continue even if the other hosts are not ready or cannot take the current calls")
      .addOption(dryRun())
      .action(action);
}
