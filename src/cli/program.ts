import { Command, Option } from "commander";
import { version } from "../do/assets.js";
import { echoCommandsTo } from "../do/process.js";
import { bake } from "../commands/bake.js";
import { dns } from "../commands/dns.js";
import { demo } from "../commands/demo.js";
import { ending } from "../commands/ending.js";
import { exportGroup } from "../commands/export.js";
import { iamPolicy } from "../commands/iam-policy.js";
import { launch, list } from "../commands/launch.js";
import { render } from "../commands/render.js";
import { schema } from "../commands/schema.js";
import { status } from "../commands/status.js";
import { userData } from "../commands/user-data.js";
import { validate } from "../commands/validate.js";
import { exporters, namedTargets, targetsWith } from "../targets/lookup.js";
import { addCache } from "./cache.js";
import { addCompletion } from "./completion.js";
import { addDatabase, addTls } from "./database.js";
import { addDispatcher } from "./dispatcher.js";
import { addFleet } from "./fleet.js";
import { addGroup } from "./group.js";
import { addImages } from "./images.js";
import { addImport } from "./import.js";
import { addOperate } from "./operate.js";
import { dryRun, fleetArgument, json, nouns, targetOption, targetWith } from "./options.js";
import { talk } from "./talk.js";

const target = () => targetOption().makeOptionMandatory();

/** The command line: all commands, with the functions that run them. */
export function program(): Command {
  const sipProxy = withCommonOptions(new Command("sip-proxy")).description(
    "Bakes Kamailio and RTPProxy into machine images and runs them, from one fleet file, in front of SIPREC recorders.",
  );

  addArtefacts(sipProxy);
  addImport(sipProxy);
  addDns(sipProxy);

  sipProxy.addCommand(
    bakeCommand("bake").summary("bake a machine image with Packer (the same as bake-image)"),
  );

  sipProxy
    .command("demo")
    .summary("bake, boot two proxies and place calls, all on this machine (npm start)")
    .addOption(
      new Option("--engine <engine>", "how the proxies run (launch.local.engine)")
        .choices(["auto", "vm", "container"])
        .default("auto"),
    )
    .action(demo);

  addDatabase(sipProxy);
  addTls(sipProxy);
  addDispatcher(sipProxy);
  addImages(sipProxy);
  addRunning(sipProxy);
  addOperate(sipProxy);
  addFleet(sipProxy);
  addGroup(sipProxy);
  addCache(sipProxy);
  addCompletion(sipProxy);
  finish(sipProxy);
  return sipProxy;
}

/** The command line of bake-image, which does the same as `sip-proxy bake`. */
export function bakeImage(): Command {
  const command = withCommonOptions(bakeCommand("bake-image"));
  finish(command);
  return command;
}

function bakeCommand(name: string): Command {
  return new Command(name)
    .description(
      "Generates a Packer template and bakes Kamailio and the media relay into a machine image: an AMI, or a local qcow2.",
    )
    .argument(...fleetArgument)
    .addOption(target())
    .option("--force", "bake again even if nothing has changed")
    .addOption(
      new Option(
        "--builder <builder>",
        "builder for local images; auto: a VM if KVM works, otherwise a container",
      )
        .choices(["auto", "vm", "container"])
        .default("auto"),
    )
    .option("--locked [file]", "install exactly the packages of this lock file (default: FLEET.lock)")
    .addOption(dryRun())
    .addOption(json())
    .action(bake);
}

function withCommonOptions(command: Command): Command {
  return command
    .version(version())
    .option("--verbose", "print the command line of every program that is run")
    .addHelpText("after", exitCodes)
    .hook("preAction", (_, action) => {
      if (action.optsWithGlobals<{ verbose?: boolean }>().verbose)
        echoCommandsTo((line) => talk.note(`$ ${line}`));
    });
}

const exitCodes = `
Exit codes: 0 success; 1 failure, see stderr; 2 wrong arguments; 3 changes or
updates found (--exit-code); 70 bug in sip-proxy; 130 and 143 interrupted.`;

/** The commands that read the fleet file and print or write results. */
function addArtefacts(sipProxy: Command): void {
  sipProxy
    .command("validate")
    .summary("check a fleet file; each error shows line, rule and fix")
    .argument(...fleetArgument)
    .option("--database", "also check the connection to the database and the dispatcher table")
    .addOption(
      targetOption(
        targetsWith("check"),
        `also check the resources in the fleet file with ${nouns(targetsWith("check"))}`,
      ),
    )
    .addOption(json())
    .action(validate);

  sipProxy
    .command("render")
    .summary("write Packer's build folder and every host's user-data and files")
    .argument(...fleetArgument)
    .requiredOption("--out <dir>", "folder to write to")
    .option("--host <name>", "only this host or group")
    .addOption(
      new Option("--packer-dialect <dialect>", "dialect of the template")
        .choices(["1.6", "current"])
        .default("1.6"),
    )
    .addOption(dryRun())
    .action(render);

  sipProxy
    .command("user-data")
    .summary("print one host's or group's user-data")
    .argument(...fleetArgument)
    .argument("NAME", "a host or group of the fleet")
    .addOption(
      new Option("--format <format>", "how to print it").choices(["yaml", "gzip", "base64"]).default("yaml"),
    )
    .option("--size", "print how many of the 16,384 bytes each file takes")
    .addOption(json())
    .action(userData);

  if (targetsWith("roles").length > 0) addPolicy(sipProxy);

  addExport(sipProxy);

  sipProxy
    .command("schema")
    .summary("print the fleet file's JSON Schema, for editors")
    .option("--markdown", "print the settings reference instead")
    .addOption(new Option("--setting <name>", "explain this setting instead").conflicts("markdown"))
    .action(schema);
}

/** `export`, for targets that can write the group for another tool. */
function addExport(sipProxy: Command): void {
  const formats = [...exporters().keys()];
  if (formats.length === 0) return;
  sipProxy
    .command("export")
    .summary("print the group and the resources that it needs as an infrastructure-as-code template")
    .argument(...fleetArgument)
    .addOption(
      new Option("--format <format>", "format of the template").choices(formats).makeOptionMandatory(),
    )
    .action(exportGroup);
}

/** `iam-policy`, for targets on which hosts have roles. */
function addPolicy(sipProxy: Command): void {
  sipProxy
    .command("iam-policy")
    .summary("print the minimal IAM policy (JSON) for the role of the fleet's instances")
    .argument(...fleetArgument)
    .addOption(targetWith("roles"))
    .option("--operator", "print the policy of the user or CI that runs the commands")
    .option("--account <id>", "account id (default: any)")
    .option("--region <region>", "region (default: launch.ec2.region or AWS_REGION)")
    .option("--kms-key <arn...>", "KMS keys that encrypt the secrets")
    .addOption(json())
    .action(iamPolicy);
}

function addDns(sipProxy: Command): void {
  sipProxy
    .command("dns")
    .summary("print the SRV and A records of the proxies")
    .argument(...fleetArgument)
    .option("--domain <domain>", "domain of the records (default: dns.domain)")
    .addOption(
      targetOption(
        targetsWith("addresses"),
        `look up addresses that are auto (${nouns(targetsWith("addresses"))})`,
      ),
    )
    .addOption(new Option("--format <format>", "zone file or JSON").choices(["zone", "json"]).default("zone"))
    .addOption(json())
    .action(dns);
}

/** The commands that start, stop and watch hosts. */
function addRunning(sipProxy: Command): void {
  sipProxy
    .command("launch")
    .summary("start hosts from the baked image, with their user-data")
    .argument(...fleetArgument)
    .argument("NAME...", "hosts of the fleet")
    .addOption(target())
    .option("--image <image>", "qcow2 or AMI id (default: that of the last bake, the promoted AMI)")
    .option("--no-wait", "do not wait until the hosts are ready")
    .option("--timeout <seconds>", "seconds to wait for each host", "900")
    .addOption(dryRun())
    .addOption(json())
    .action(launch);

  sipProxy
    .command("list")
    .summary("list the hosts that were launched")
    .argument(...fleetArgument)
    .addOption(target())
    .addOption(json())
    .action(list);

  sipProxy
    .command("status")
    .summary("show first-boot steps, services and recorders of hosts")
    .argument(...fleetArgument)
    .argument("[NAME...]", "hosts of the fleet (default: all)")
    .addOption(target())
    .addOption(json())
    .action(status);

  for (const [end, summary] of [
    ["stop", "drain hosts, and power them down; launch starts them again"],
    ["terminate", "drain and terminate hosts, and remove their resources"],
  ] as const) {
    const command = sipProxy
      .command(end)
      .summary(summary)
      .argument(...fleetArgument)
      .argument("NAME...", "hosts of the fleet")
      .addOption(target())
      .option("--now", "do not drain the host first: its calls end")
      .addOption(dryRun())
      .addOption(json())
      .action(ending(end));
    if (end === "terminate") command.option("--release", releaseHelp());
  }
}

/** Help for `--release`: what is released, by target. */
function releaseHelp(): string {
  const texts = namedTargets.flatMap(([, { noun, releases }]) =>
    releases === undefined ? [] : [`on ${noun}, ${releases}`],
  );
  return texts.join("; ");
}

/** For every subcommand: usage errors are thrown to main(), and its help has the same description as the list of commands. */
function finish(command: Command): void {
  command.exitOverride();
  if (command.description() === "") command.description(sentence(command.summary()));
  for (const option of command.options)
    if (option.mandatory) option.description = `${option.description} (required)`;
  for (const subcommand of command.commands) finish(subcommand);
}

function sentence(summary: string): string {
  return summary === "" ? "" : `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;
}
