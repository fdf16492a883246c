import { Option, type Command } from "commander";
import { fleetRoll, fleetRollback, fleetStatus } from "../commands/fleet.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, targetOption } from "./options.js";

/** The commands that replace single hosts, where they are rolled. */
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
  for (const [name, summary, action] of [
    [
      "roll",
      "replace hosts one after the other, by the newest image and the fleet file, without losing a call",
      fleetRoll,
    ],
    ["rollback", "go back to the image that hosts had before the last roll", fleetRollback],
  ] as const)
    command(name, summary)
      .argument("[NAME...]", "hosts of the fleet; all of them when none is named")
      .option(
        "--image <image>",
        "path of an image, or its AMI (default: the newest; on EC2 the promoted one)",
      )
      .addOption(
        new Option(
          "--timeout <seconds>",
          "seconds to wait for room on the other hosts, for each host's drain, and for the new host",
        ).default("86400"),
      )
      .option("--force", "proceed even if the other hosts are not ready, or cannot take the current calls")
      .addOption(dryRun())
      .action(action);
}
