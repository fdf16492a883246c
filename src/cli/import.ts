import type { Command } from "commander";
import { importFleet } from "../commands/import.js";

/** The command for those who come from the Ansible role. */
export function addImport(sipProxy: Command): void {
  sipProxy
    .command("import")
    .summary("make a fleet file from an inventory of the Ansible role")
    .argument("INVENTORY", "what Ansible takes with -i; - for the output of ansible-inventory --list")
    .option(
      "--playbook <file>",
      "the playbook that gives hosts the role: its variables and set_fact count too",
    )
    .option("--out <file>", "fleet file to write; printed when not given")
    .option("--limit <group>", "only the hosts of this group")
    .option("--proxies <group>", "group of the proxies, when it is not sipproxy")
    .option("--recorders <group>", "group of the recorders, when it is not recorder")
    .action(importFleet);
}
