import { Option, type Command } from "commander";
import { fleetRoll, fleetRollback, fleetStatus } from "../commands/fleet.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, targetOption } from "./options.js";

/** The commands that replace single hosts, where they are rolled. */
export function addFleet(sipProxy: Command): void {
  const fleet = sipProxy
    .command("fleet")
    .summary("the fleet's single hosts: what they are, and replacing them");
  const command = (name: string, summary: string) =>
    fleet
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(targetOption(targetsWith("roll")).makeOptionMandatory())
      .addOption(json());
  command("status", "of each host: image, whether it is what launch would make of it, calls").action(
    fleetStatus,
  );
  for (const [name, summary, action] of [
    [
      "roll",
      "replace hosts by ones of the newest image and the fleet file, one after the other, without losing a call",
      fleetRoll,
    ],
    ["rollback", "go back to the image that hosts had before the last roll", fleetRollback],
  ] as const)
    command(name, summary)
      .argument("[NAME...]", "hosts of the fleet; all of them when none is named")
      .option("--image <image>", "another image")
      .addOption(
        new Option(
          "--timeout <seconds>",
          "how long to wait for room on the others, for a host's last call, and for a new one",
        ).default("86400"),
      )
      .option("--force", "also where the others are not ready, or cannot hold the calls that are up")
      .addOption(dryRun())
      .action(action);
}
