import { Argument, Option, type Command } from "commander";
import { dispatcherList, dispatcherReload, dispatcherSetState, states } from "../commands/dispatcher.js";
import { drainRecorder, undrainRecorder } from "../commands/drain-recorder.js";
import { dryRun, fleetArgument, json, reachOptions } from "./options.js";

/** The commands for recorders in Kamailio's dispatcher. */
export function addDispatcher(sipProxy: Command): void {
  const dispatcher = sipProxy.command("dispatcher").summary("show recorders, and take them out of service");
  const command = (name: string, summary: string) =>
    dispatcher
      .command(name)
      .summary(summary)
      .argument(...fleetArgument)
      .addOption(json());
  const recorder = ["RECORDER", "name or destination of a recorder"] as const;

  reachOptions(command("list", "show the table and what each host has loaded, with states and calls")).action(
    dispatcherList,
  );

  command("reload", "make hosts read the table now; recorder states are kept")
    .addOption(dryRun())
    .action(dispatcherReload);

  reachOptions(
    command("set-state", "set a recorder's state on every host, until OPTIONS or a restart change it"),
  )
    .addArgument(new Argument("<STATE>", "state of Kamailio's dispatcher").choices(Object.keys(states)))
    .argument(...recorder)
    .addOption(dryRun())
    .action(dispatcherSetState);

  reachOptions(
    command(
      "drain",
      "stop new calls to a recorder until undrain, and wait until its last call on all hosts has ended",
    ),
  )
    .argument(...recorder)
    .option("--no-wait", "do not wait until its calls have ended")
    .option("--force", "drain the recorder even if it is the last one of its set: calls then get 503")
    .addOption(
      new Option("--timeout <seconds>", "seconds to wait until its calls have ended").default("86400"),
    )
    .addOption(dryRun())
    .action(drainRecorder);

  reachOptions(command("undrain", "send new calls to a recorder again"))
    .argument(...recorder)
    .addOption(dryRun())
    .action(undrainRecorder);
}
