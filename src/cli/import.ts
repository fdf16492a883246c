import type { Command } from "commander";
import { importFleet } from "../commands/import.js";

/** The command that converts an inventory of the Ansible role. */
export function addImport(sipProxy: Command): void {
  sipProxy
    .command("import")
    .summary("convert an inventory of the Ansible role to a fleet file")
    .argument(
      "INVENTORY",
      "inventory as for Ansible's -i, or - to read the output of ansible-inventory --list",
    )
    .option("--playbook <file>", "playbook that applies the role, if it sets variables")
    .option("--out <file>", "fleet file to write (default: print it)")
    .option("--limit <group>", "only the hosts of this group")
    .option("--proxies <group>", "group of the proxies (default: sipproxy)")
    .option("--recorders <group>", "group of the recorders (default: recorder)")
    .action(importFleet);
}
