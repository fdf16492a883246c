import { Option, type Command } from "commander";
import { calls } from "../commands/calls.js";
import { doctor } from "../commands/doctor.js";
import { drainHosts, undrainHosts } from "../commands/drain-host.js";
import { logs } from "../commands/logs.js";
import { dryRun, fleetArgument, json, reachOptions } from "./options.js";

/** The commands for hosts that run, wherever they do. */
export function addOperate(sipProxy: Command): void {
  const command = (name: string, summary: string, names = "[NAME...]") =>
    reachOptions(
      sipProxy
        .command(name)
        .summary(summary)
        .argument(...fleetArgument)
        .argument(
          names,
          names.startsWith("[") ? "hosts of the fleet; all of them when none is named" : "hosts of the fleet",
        ),
    );

  command(
    "drain",
    "no new calls on hosts, until undrain; waits until their last ones have ended",
    "<NAME...>",
  )
    .option("--no-wait", "do not wait for their calls")
    .addOption(new Option("--timeout <seconds>", "how long to wait for their calls").default("86400"))
    .addOption(dryRun())
    .addOption(json())
    .action(drainHosts);

  command("undrain", "have hosts take calls again", "<NAME...>")
    .addOption(dryRun())
    .addOption(json())
    .action(undrainHosts);

  command("calls", "the calls that are up: who, recorder, age, packets and loss of each stream")
    .option("--follow", "go on, with a line for each call that begins or ends")
    .addOption(json())
    .action(calls);

  command("logs", "what Kamailio, the media relay and the boot have said, of all hosts in the order of time")
    .addOption(new Option("--since <time>", "from when on, as journalctl takes it").default("10 min ago"))
    .option("--grep <pattern>", "only lines that fit, such as a Call-ID or 'CALL event=failed'")
    .option("--follow", "go on")
    .action(logs);

  command("doctor", "look at hosts as a knowledgeable person would: each finding, and the way out")
    .addOption(json())
    .action(doctor);
}
