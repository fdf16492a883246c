import { Option, type Command } from "commander";
import { calls } from "../commands/calls.js";
import { dashboard } from "../commands/dashboard.js";
import { doctor } from "../commands/doctor.js";
import { drainHosts, undrainHosts } from "../commands/drain-host.js";
import { logs } from "../commands/logs.js";
import { trace } from "../commands/trace.js";
import { dryRun, fleetArgument, json, reachOptions } from "./options.js";

/** The commands for running hosts, on all targets. */
export function addOperate(sipProxy: Command): void {
  const command = (name: string, summary: string, names = "[NAME...]") =>
    reachOptions(
      sipProxy
        .command(name)
        .summary(summary)
        .argument(...fleetArgument)
        .argument(names, names.startsWith("[") ? "hosts of the fleet (default: all)" : "hosts of the fleet"),
    );

  command(
    "drain",
    "refuse new calls on hosts until undrain, and wait until the current calls have ended",
    "<NAME...>",
  )
    .option("--no-wait", "do not wait until their calls have ended")
    .addOption(
      new Option("--timeout <seconds>", "seconds to wait until their calls have ended").default("86400"),
    )
    .addOption(dryRun())
    .addOption(json())
    .action(drainHosts);

  command("undrain", "make hosts accept calls again", "<NAME...>")
    .addOption(dryRun())
    .addOption(json())
    .action(undrainHosts);

  command("calls", "show current calls: platform, recorder, duration, packets and loss of each stream")
    .option("--follow", "keep running and print a line for each call that begins or ends")
    .addOption(json())
    .action(calls);

  reachOptions(
    sipProxy
      .command("dashboard")
      .summary("show the fleet live in a browser: platforms, proxies, recorders and their calls")
      .argument(...fleetArgument),
  )
    .addOption(new Option("--port <port>", "port on 127.0.0.1, 0 for any").default("8080"))
    .action(dashboard);

  command("logs", "show log lines of Kamailio, the media relay and the boot from all hosts, in order of time")
    .addOption(new Option("--since <time>", "start time, as for journalctl").default("10 min ago"))
    .option("--grep <pattern>", "only matching lines, such as a Call-ID or 'CALL event=failed'")
    .option("--follow", "keep running")
    .action(logs);

  command("trace", "capture calls to a file: SIP and RTP headers of both sides")
    .option("--call-id <id...>", "current or future calls with these Call-IDs")
    .option("--platform <address...>", "calls of these platforms")
    .option("--recorder <recorder...>", "calls to these recorders: names or destinations")
    .addOption(new Option("--calls <number>", "maximum number of calls per host").default("10"))
    .addOption(new Option("--seconds <seconds>", "maximum duration").default("60"))
    .addOption(new Option("--megabytes <number>", "maximum size per host").default("20"))
    .option("--payload", "include the RTP payload (the callers' audio)")
    .option("--out <file>", "the file to write, pcapng (default: trace-TIME.pcapng)")
    .addOption(dryRun())
    .addOption(json())
    .action(trace);

  command("doctor", "check hosts for common faults; each finding shows the fix")
    .addOption(json())
    .action(doctor);
}
