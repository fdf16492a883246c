import { Argument, Option, type Command } from "commander";
import { dispatcherList, dispatcherReload, dispatcherSetState, states } from "../commands/dispatcher.js";
import { drainRecorder, undrainRecorder } from "../commands/drain-recorder.js";
import { dryRun, fleetArgument, json, reachOptions } from "./options.js";

/** The commands for the recorders, as Kamailio's dispatcher has them. */
export function addDispatcher(sipProxy: Command): void {
  const dispatcher = sipProxy
    .command("dispatcher")
    .summary("the recorders: states, and taking one out of service");
  const command = (name: string, summary: string) =>
    dispatcher
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(json());
  const recorder = ["RECORDER", "name of a recorder, or its destination"] as const;

  reachOptions(command("list", "the table, and what each host has loaded, with states and calls")).action(
    dispatcherList,
  );

  command("reload", "have hosts look at the table now; states stay")
    .addOption(dryRun())
    .action(dispatcherReload);

  reachOptions(
    command("set-state", "give a recorder a state on every host, until pings or a restart change it"),
  )
    .addArgument(new Argument("<STATE>", "of Kamailio's dispatcher").choices(Object.keys(states)))
    .argument(...recorder)
    .addOption(dryRun())
    .action(dispatcherSetState);

  reachOptions(
    command(
      "drain",
      "no new calls for a recorder, until undrain; waits until its last call has ended on all hosts",
    ),
  )
    .argument(...recorder)
    .option("--no-wait", "do not wait for its calls")
    .addOption(new Option("--timeout <seconds>", "how long to wait for its calls").default("86400"))
    .addOption(dryRun())
    .action(drainRecorder);

  reachOptions(command("undrain", "let a recorder have calls again"))
    .argument(...recorder)
    .addOption(dryRun())
    .action(undrainRecorder);
}
