import {
  CancelCommandCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  type GetCommandInvocationCommandOutput,
} from "@aws-sdk/client-ssm";
import type { Finished } from "../../../do/process.js";
import { UserError } from "../../../errors.js";
import {
  carryScript,
  dropScript,
  mostCharacters,
  partScript,
  partSize,
  readAnswer,
  readPart,
} from "../compute/run-command.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

/** A hint: what an instance needs for SSM, and what works without it. */
export const howToManage =
  "it needs the SSM agent in its image, a role with the policy that iam-policy prints with launch.ec2.ssm_agent: true, and access to the endpoints ssm and ssmmessages (docs/ec2.md); --ssh needs none of this";

/** Seconds. DELIVERY: until the agent gets a command (SSM's minimum); then, for the agent's own work, and until SSM shows a new command. */
const DELIVERY = 60;
const AROUND = 30;
const KNOWN = 30;

/** Runs commands on one instance through SSM. */
export class RunCommand {
  readonly #pending = new Set<string>();

  constructor(
    private readonly aws: Aws,
    private readonly instance: string,
  ) {}

  /** Runs a script with bash, as root. `timeout` in ms. Throws UserError if it is not run, or if there is no answer. */
  async run(script: string, timeout: number): Promise<Finished> {
    const seconds = Math.ceil(timeout / 1000);
    const first = readPart(await this.#shell(carryScript(script, seconds), seconds));
    if (!first)
      throw new UserError(`${this.instance}: the output of Run Command is not an answer of sip-proxy`);
    if (first.size > mostCharacters) {
      await this.#shell(dropScript(first), seconds);
      throw new UserError(
        `the answer is too long for Run Command: ${first.size} characters of at most ${mostCharacters}, compressed (use --since or --grep to reduce it, or --ssh)`,
      );
    }
    let text = first.text;
    while (text.length < first.size) {
      const part = await this.#shell(partScript(first, text.length), seconds);
      if (part.length !== Math.min(partSize, first.size - text.length))
        throw new UserError("a part of the answer is missing; run the same command again");
      text += part;
    }
    try {
      return readAnswer(text, seconds);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new UserError(`Run Command: ${error.message}`, { cause: error });
    }
  }

  /** Cancels running commands, as far as SSM can do it in 5 s. */
  async cancel(): Promise<void> {
    const cancelling = [...this.#pending].map((CommandId) =>
      this.aws.ssm.send(new CancelCommandCommand({ CommandId, InstanceIds: [this.instance] }), {
        abortSignal: AbortSignal.timeout(5000),
      }),
    );
    this.#pending.clear();
    await Promise.allSettled(cancelling);
  }

  /** The output of shell commands. */
  async #shell(commands: string, seconds: number): Promise<string> {
    const id = await this.#send(commands, seconds);
    this.#pending.add(id);
    try {
      const done = await this.#end(id, seconds);
      if (done?.Status === "Success") return done.StandardOutputContent ?? "";
      if (done === undefined) await this.cancel();
      throw new UserError(this.#why(done, seconds));
    } finally {
      this.#pending.delete(id);
    }
  }

  async #send(commands: string, seconds: number): Promise<string> {
    try {
      const { Command } = await this.aws.ssm.send(
        new SendCommandCommand({
          DocumentName: "AWS-RunShellScript",
          InstanceIds: [this.instance],
          Comment: "sip-proxy",
          TimeoutSeconds: DELIVERY,
          Parameters: { commands: [commands], executionTimeout: [String(seconds + AROUND)] },
        }),
      );
      return Command?.CommandId ?? "";
    } catch (error) {
      if (!isAwsError(error, "InvalidInstanceId")) throw error;
      throw new UserError(`SSM does not manage ${this.instance}: ${howToManage}`, { cause: error });
    }
  }

  /** The result of a command; undefined if it did not end in time. */
  #end(CommandId: string, seconds: number): Promise<GetCommandInvocationCommandOutput | undefined> {
    const input = { CommandId, InstanceId: this.instance };
    const known = Date.now() + KNOWN * 1000;
    const look = async () => {
      try {
        const seen = await this.aws.ssm.send(new GetCommandInvocationCommand(input));
        return /^(Pending|InProgress|Delayed|Cancelling)$/.test(seen.Status ?? "") ? undefined : seen;
      } catch (error) {
        // SSM needs a moment until it shows a new command
        if (isAwsError(error, "InvocationDoesNotExist") && Date.now() < known) return undefined;
        throw error;
      }
    };
    return poll(look, { pause: pause(1), timeout: (DELIVERY + seconds + 2 * AROUND) * 1000 });
  }

  #why(done: GetCommandInvocationCommandOutput | undefined, seconds: number): string {
    if (done === undefined) return `Run Command did not end in time and was cancelled`;
    const { Status, StatusDetails = Status, StandardErrorContent = "" } = done;
    const details = StatusDetails?.replaceAll(" ", "") ?? "";
    if (/^(DeliveryTimedOut|Undeliverable)$/.test(details))
      return `Run Command: ${details}: the SSM agent of ${this.instance} did not accept the command in ${DELIVERY} s; check that it runs and reaches SSM`;
    if (details === "ExecutionTimedOut") return `Run Command: the script did not end in ${seconds} s`;
    if (Status === "Cancelled") return "Run Command: the command was cancelled";
    const last = StandardErrorContent.trim().split("\n").at(-1) ?? "";
    return `Run Command: ${details}${last === "" ? "" : `: ${last}`}`;
  }
}
