import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { readAwsRequest, type AwsRequest } from "./aws-request.js";
import { asQuery, jsonAnswer } from "./cloudwatch-json.js";

/** The fault of a call. */
export type Trouble =
  /** Answered with 503 RequestLimitExceeded, like throttling of EC2. */
  | "throttled"
  /** Answered 500 InternalError. */
  | "internal error"
  /** Never answered. */
  | "silence"
  /** The connection is reset before the call is done. */
  | "reset"
  /** The call is executed, but its answer is lost with the connection. */
  | "answer lost"
  /** Refused with this code, every time. */
  | { code: string; message?: string };

interface Fault {
  action: string;
  trouble: Trouble;
  /** How many more calls it hits. */
  times: number;
  /** How many calls it lets pass first. */
  after: number;
}

/** Answers a call in moto's place, or with what moto answers when `forward` is called. */
export type StandIn = (request: AwsRequest, forward: () => Promise<Answer>) => Promise<Answer> | Answer;

export interface Answer {
  status?: number;
  body: string;
  type?: string;
}

/** A proxy for an AWS endpoint: records every call, causes configured faults, and answers calls that moto does not support. */
export class FaultProxy {
  readonly requests: AwsRequest[] = [];
  readonly standIns = new Map<string, StandIn>();
  /** Every call that there ever was, as an IAM action. */
  readonly seen = new Set<string>();
  #faults: Fault[] = [];
  readonly #server: Server;

  private constructor(private readonly upstream: string) {
    // an idle connection that is closed just when the next call is sent would be an unwanted fault
    this.#server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        process.stderr.write(`fault proxy: ${String(error)}\n`);
        response.destroy();
      });
    });
  }

  static async start(upstream: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(upstream);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next `times` calls of this action have a fault, after `after` calls without one. */
  trouble(action: string, trouble: Trouble, { times = 1, after = 0 } = {}): void {
    this.#faults.push({ action, trouble, times, after });
  }

  /** Whether a call is never answered. */
  get isSilent(): boolean {
    return this.#faults.some(({ trouble }) => trouble === "silence");
  }

  /** Deletes faults and recorded calls; stand-ins stay. */
  clear(): void {
    this.#faults = [];
    this.requests.length = 0;
  }

  /** The recorded calls of an action. */
  calls(action: string): AwsRequest[] {
    return this.requests.filter((request) => request.action === action);
  }

  /** The recorded calls that change something, as `service:Action`. */
  changes(): string[] {
    return this.requests
      .filter(({ action, params }) => !/^(Describe|Get|List)/.test(action) && params["DryRun"] !== "true")
      .map(iamAction);
  }

  /** All recorded calls, as `service:Action`. */
  actions(): string[] {
    return this.requests.map(iamAction);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const call = readAwsRequest(request.headers, body.toString(), request.method, request.url);
    if (call) {
      this.requests.push(call);
      this.seen.add(iamAction(call));
    }
    const trouble = call && this.#nextTrouble(call.action);
    if (trouble && trouble !== "answer lost") return makeTrouble(trouble, call, response);
    const forward = () => this.#forward(request, body);
    const standIn = call && this.standIns.get(call.action);
    const answer = standIn ? await standIn(call, forward) : await forward();
    if (trouble) return void response.socket?.resetAndDestroy();
    response.writeHead(answer.status ?? 200, { "content-type": answer.type ?? "text/xml" }).end(answer.body);
  }

  #nextTrouble(action: string): Trouble | undefined {
    const fault = this.#faults.find((one) => one.action === action && one.times > 0);
    if (!fault) return undefined;
    if (fault.after > 0) {
      fault.after--;
      return undefined;
    }
    fault.times--;
    return fault.trouble;
  }

  async #forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => !/^(connection|content-length|transfer-encoding|expect)$/.test(name),
      ),
    ) as Record<string, string>;
    const query = asQuery(headers, body.toString());
    const sent = query ?? { headers, ...(body.length > 0 ? { body } : {}) };
    const answer = await fetch(`${this.upstream}${request.url ?? "/"}`, {
      method: request.method ?? "POST",
      ...sent,
    });
    const text = mended(await answer.text());
    if (query) return jsonAnswer(answer.status, text);
    return { status: answer.status, body: text, type: answer.headers.get("content-type") ?? "text/xml" };
  }
}

/** The IAM action of a call. (CloudWatch's signing name is monitoring.) */
const iamAction = ({ service, action }: AwsRequest) =>
  `${service === "monitoring" ? "cloudwatch" : service}:${action}`;

/** Repairs moto's answers: some times have no zone, and a group's template version has a brace; the SDK cannot read these. */
function mended(body: string): string {
  return body
    .replaceAll(/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+)</g, "$1Z<")
    .replaceAll(/(<\/LaunchTemplateId>\s*)\}/g, "$1");
}

function makeTrouble(
  trouble: Exclude<Trouble, "answer lost">,
  call: AwsRequest,
  response: ServerResponse,
): void {
  if (trouble === "silence") return;
  if (trouble === "reset") return void response.socket?.resetAndDestroy();
  const { status, code, message } = refusal(trouble, call.service);
  response.writeHead(status, {
    "content-type": speaksJson(call.service) ? "application/x-amz-json-1.1" : "text/xml",
  });
  response.end(errorBody(call.service, code, message));
}

function refusal(
  trouble: "throttled" | "internal error" | { code: string; message?: string },
  service: string,
) {
  if (trouble === "throttled")
    return {
      status: service === "ec2" ? 503 : 400,
      code: throttlingCodes[service] ?? "Throttling",
      message: "Rate exceeded",
    };
  if (trouble === "internal error")
    return { status: 500, code: "InternalError", message: "An internal error has occurred" };
  return { status: 400, code: trouble.code, message: trouble.message ?? "refused by the test" };
}

/** The throttling error of each service. */
const throttlingCodes: Record<string, string> = { ec2: "RequestLimitExceeded", ssm: "ThrottlingException" };

/** A refusal, in the service's form. */
export function errorAnswer(service: string, code: string, message: string): Answer {
  return { status: 400, body: errorBody(service, code, message) };
}

const speaksJson = (service: string) => ["ssm", "monitoring", "kms", "servicequotas"].includes(service);

/** An error in the form of each protocol. */
function errorBody(service: string, code: string, message: string): string {
  if (speaksJson(service)) return JSON.stringify({ __type: code, message });
  if (service === "ec2")
    return `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>test</RequestID></Response>`;
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>test</RequestId></ErrorResponse>`;
}
