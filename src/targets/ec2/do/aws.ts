import type { Action, InputOf, OutputOf } from "../compute/calls.js";
import { UserError } from "../../../errors.js";
import { awsClients, type Clients } from "./clients.js";
import { madeBy } from "./made.js";
import { senders } from "./senders.js";
import { refuseUndone } from "./undone.js";

interface ToldCall {
  action: Action;
  input: unknown;
}

/** Called for each call that a dry run would make. Read-only calls are made as usual. */
export type DryRun = (call: ToldCall) => void;

/** AWS in one region, for one command. Records the resources that the command has created. */
export class Aws {
  private constructor(
    readonly clients: Clients,
    private readonly dryRun: DryRun | undefined,
    private readonly tell: (line: string) => void,
    /** Resources that this command has created so far; an error lists them. */
    readonly made: string[],
    /** Calls that a dry run has reported so far. */
    readonly told: ToldCall[],
  ) {}

  /** `tell` gets messages about long waits. */
  static async open(region: string | undefined, tell: (line: string) => void, dryRun?: DryRun): Promise<Aws> {
    return new Aws(await awsClients(region, tell), dryRun, tell, [], []);
  }

  get region(): string {
    return this.clients.region;
  }

  get isDryRun(): boolean {
    return this.dryRun !== undefined;
  }

  get ec2() {
    return this.clients.ec2;
  }

  get autoscaling() {
    return this.clients.autoscaling;
  }

  get cloudwatch() {
    return this.clients.cloudwatch;
  }

  get route53() {
    return this.clients.route53;
  }

  get ssm() {
    return this.clients.ssm;
  }

  /** The same command in another region. */
  async in(region: string): Promise<Aws> {
    if (region === this.region) return this;
    return new Aws(await awsClients(region, this.tell), this.dryRun, this.tell, this.made, this.told);
  }

  /** Makes a call that changes something. A dry run only reports it, and returns `standIn`. */
  async change<A extends Action>(action: A, input: InputOf<A>, standIn: OutputOf<A>): Promise<OutputOf<A>> {
    if (this.dryRun) {
      this.told.push({ action, input });
      this.dryRun({ action, input });
      return standIn;
    }
    const output = await senders[action](this.clients, input);
    refuseUndone(action, output);
    const made = madeBy(action, input, output);
    if (made !== undefined) this.made.push(`${made} (${this.region})`);
    return output;
  }
}

/** Runs a command. If it fails, the error lists resources that are left behind. */
export async function namingLeftovers<T>(aws: Aws, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError) || aws.made.length === 0) throw error;
    throw new UserError(
      [
        error.message,
        "created before the failure and still there (run the same command again to continue with it):",
        ...aws.made.map((line) => `  ${line}`),
      ].join("\n"),
      {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        exitCode: error.exitCode,
        cause: error,
      },
    );
  }
}
