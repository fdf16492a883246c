import type { Command } from "commander";
import { dbDiff, dbInit, dbSeed } from "../commands/db.js";
import { dbRotate, tlsRotate } from "../commands/rotate.js";
import { targetsWith } from "../targets/lookup.js";
import { dryRun, fleetArgument, json, reachOptions, targetOption } from "./options.js";

export function addDatabase(sipProxy: Command): void {
  const db = sipProxy.command("db").summary("the shared PostgreSQL database");
  db.command("init")
    .summary("create Kamailio's role and database as dbuser_root, or repair existing ones")
    .argument(...fleetArgument)
    .option("--take-ownership", "change the owner of Kamailio's tables to the role")
    .addOption(dryRun())
    .addOption(json())
    .action(dbInit);
  db.command("seed")
    .summary("write the fleet file's recorders to the dispatcher table")
    .argument(...fleetArgument)
    .option(
      "--adopt",
      "also delete rows with a recorder's address and another port that have another description",
    )
    .addOption(dryRun())
    .addOption(json())
    .action(dbSeed);
  reachOptions(db.command("rotate"))
    .summary("set the password from the fleet file in the database and on every host, without losing calls")
    .argument(...fleetArgument)
    .option("--old-password-file <file>", "file with the current password, if dbuser_root is not set")
    .addOption(dryRun())
    .addOption(json())
    .action(dbRotate);
  db.command("diff")
    .summary("compare the fleet file, the dispatcher table and running hosts; exit with 1 if they differ")
    .argument(...fleetArgument)
    .addOption(targetOption(targetsWith("loaded"), "also query the running hosts"))
    .addOption(json())
    .action(dbDiff);
}

export function addTls(sipProxy: Command): void {
  const tls = sipProxy.command("tls").summary("the certificate of the TLS listeners");
  reachOptions(tls.command("rotate"))
    .summary("install the certificate and key from the fleet file on every host, without losing calls")
    .argument(...fleetArgument)
    .addOption(dryRun())
    .addOption(json())
    .action(tlsRotate);
}
