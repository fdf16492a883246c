import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { start } from "../../../src/do/process.js";
import type { AwsRequest } from "./aws-request.js";
import type { Answer, FaultProxy } from "./fault-proxy.js";

/** A command that was sent to an instance. */
export interface SentCommand {
  id: string;
  instance: string;
  commands: string;
  status: string;
  details: string;
  stdout: string;
  stderr: string;
  looks: number;
  child?: ChildProcess;
}

/** SSM's data about an instance; undefined: SSM does not manage it. */
type Ping = "Online" | "ConnectionLost" | undefined;

/** Characters that SSM returns: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html */
const shown = { stdout: 24_000, stderr: 8_000 };

/**
 * Simulates SSM's Run Command. moto 5.1.1 accepts commands, but does not run them, and immediately answers "Success" without output; it has no
 * managed instances. Here, commands are run by sh, as the agent does it, inside the simulated host of the instance (`enter`).
 */
export class PlayedRunCommand {
  readonly sent: SentCommand[] = [];
  pings = (_instance: string): Ping => "Online";
  /** The status of a command that is never run. */
  fails: { status: string; details: string } | undefined;

  constructor(
    proxy: FaultProxy,
    private readonly enter: (instance: string, argv: string[]) => [string, ...string[]],
  ) {
    proxy.standIns.set("DescribeInstanceInformation", (call) => this.#information(call));
    proxy.standIns.set("SendCommand", (call) => this.#send(call));
    proxy.standIns.set("GetCommandInvocation", (call) => this.#invocation(call));
    proxy.standIns.set("CancelCommand", (call) => this.#cancel(call));
  }

  #information({ params }: AwsRequest): Answer {
    const [{ Values = [] } = {}] = params["Filters"] as { Values?: string[] }[];
    const InstanceInformationList = Values.flatMap((InstanceId) => {
      const PingStatus = this.pings(InstanceId);
      return PingStatus === undefined ? [] : [{ InstanceId, PingStatus, LastPingDateTime: 1_790_000_000 }];
    });
    return json({ InstanceInformationList });
  }

  #send({ params }: AwsRequest): Answer {
    const [instance = ""] = params["InstanceIds"] as string[];
    if (this.pings(instance) === undefined)
      return refusal("InvalidInstanceId", `Instances [[${instance}]] not in a valid state for account`);
    const { commands = [] } = params["Parameters"] as { commands?: string[] };
    const command: SentCommand = {
      ...{ id: randomUUID(), instance, commands: commands.join("\n"), looks: 0 },
      ...{ status: "InProgress", details: "InProgress", stdout: "", stderr: "" },
    };
    this.sent.push(command);
    if (this.fails) Object.assign(command, this.fails);
    else this.#run(command);
    return json({ Command: { CommandId: command.id, Status: "Pending", InstanceIds: [instance] } });
  }

  #run(command: SentCommand): void {
    const argv = this.enter(command.instance, ["sh", "-c", command.commands]);
    const child = start({ argv }, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    command.child = child;
    child.stdout?.on("data", (piece: Buffer) => (command.stdout += piece.toString()));
    child.stderr?.on("data", (piece: Buffer) => (command.stderr += piece.toString()));
    child.once("close", (code) => {
      if (command.status !== "InProgress") return;
      command.status = command.details = code === 0 ? "Success" : "Failed";
    });
  }

  #invocation({ params }: AwsRequest): Answer {
    const command = this.sent.find(({ id }) => id === params["CommandId"]);
    // SSM shows a new command after a moment
    if (!command || ++command.looks === 1) return refusal("InvocationDoesNotExist", "");
    const { id: CommandId, instance: InstanceId, status: Status, details: StatusDetails } = command;
    return json({
      ...{ CommandId, InstanceId, Status, StatusDetails, PluginName: "aws:runShellScript" },
      StandardOutputContent: Status === "InProgress" ? "" : command.stdout.slice(0, shown.stdout),
      StandardErrorContent: Status === "InProgress" ? "" : command.stderr.slice(0, shown.stderr),
    });
  }

  #cancel({ params }: AwsRequest): Answer {
    const command = this.sent.find(({ id }) => id === params["CommandId"]);
    if (command) {
      command.status = command.details = "Cancelled";
      end(command);
    }
    return json({});
  }

  /** Kills programs that still run. */
  stop(): void {
    for (const command of this.sent) end(command);
  }
}

function end({ child }: SentCommand): void {
  if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  process.kill(-child.pid, "SIGKILL");
}

const type = "application/x-amz-json-1.1";
const json = (body: object): Answer => ({ type, body: JSON.stringify(body) });
const refusal = (code: string, message: string): Answer => ({
  ...{ status: 400, type },
  body: JSON.stringify({ __type: code, message }),
});
