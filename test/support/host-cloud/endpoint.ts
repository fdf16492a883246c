import type { IncomingMessage, ServerResponse } from "node:http";
import { allowedBy, type Need } from "./iam.js";
import type { Account, Credentials } from "./account.js";
import { autoscaling } from "./autoscaling.js";
import { AwsError } from "./aws-error.js";
import { ec2 } from "./ec2.js";
import { readRoute53, route53 } from "./route53.js";
import { monitoring, secretsmanager, ssm } from "./other-services.js";
import type { CloudCall } from "./protocol.js";
import { xml, type Request, type Service } from "./service.js";
import { isSignedWith, readAuthorization, type Authorization, type ReceivedRequest } from "./sigv4.js";

/** By the name in the signature's scope. */
const services: Record<string, Service> = { ec2, autoscaling, monitoring, secretsmanager, ssm, route53 };

/** Largest difference of a request's time, in milliseconds (AWS: five minutes). */
const tolerance = 300_000;

/** AWS' services at one address: checks the signature and the role's policy, and answers. */
export class Endpoint {
  constructor(
    private readonly account: Account,
    private readonly told: (call: CloudCall) => void,
  ) {}

  async answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await receive(incoming);
    const authorization = readAuthorization(request.headers["authorization"]);
    const service = services[authorization?.service ?? ""];
    const call: CloudCall = {
      service: authorization?.service ?? "",
      action: "",
      instance: "",
      parameters: {},
      statements: [],
      outcome: "200",
    };
    let body: string | undefined;
    let status = 200;
    try {
      const credentials = this.authenticate(request, authorization, service);
      call.instance = credentials.instance.id;
      Object.assign(call, service ? readCall(service, request) : {});
      body = this.carryOut(service, call, credentials);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      call.outcome = error.code;
      status = error.status;
      body = service?.protocol === "json" ? jsonError(error) : xmlError(error, service);
    }
    this.told(call);
    if (call.outcome === "lost") incoming.socket.destroy();
    else response.writeHead(status).end(body);
  }

  private authenticate(
    request: ReceivedRequest,
    given: Authorization | undefined,
    service: Service | undefined,
  ): Credentials {
    const refuse = (code: string, message: string) => new AwsError(code, message, 403);
    if (!given || (request.method !== "POST" && service?.protocol !== "rest-xml"))
      throw refuse("MissingAuthenticationToken", "the request is not signed");
    const credentials = this.account.credentials(given.accessKeyId);
    const { headers } = request;
    if (!credentials || headers["x-amz-security-token"] !== credentials.token)
      throw refuse("InvalidClientTokenId", "The security token included in the request is invalid.");
    if (credentials.expires.getTime() < Date.now())
      throw refuse("ExpiredToken", "The security token included in the request is expired");
    const mustBeSigned = [
      "host",
      ...(request.method === "POST" ? ["content-type"] : []),
      ...Object.keys(headers).filter((name) => name.startsWith("x-amz-")),
    ];
    const complete = mustBeSigned.every((name) => given.signedHeaders.includes(name));
    if (
      !complete ||
      given.region !== (service?.region ?? this.account.options.region) ||
      !isSignedWith(credentials.secretAccessKey, request, given)
    )
      throw refuse(
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.",
      );
    if (Math.abs(timeOf(headers["x-amz-date"] ?? "") - Date.now()) > tolerance)
      throw refuse("SignatureDoesNotMatch", "Signature expired");
    return credentials;
  }

  private carryOut(service: Service | undefined, call: CloudCall, { instance }: Credentials): string {
    const action = service?.actions[call.action];
    if (!service || !action)
      throw new AwsError("InvalidAction", `${call.service} has no ${call.action} here`);
    const request: Request = { account: this.account, caller: instance, parameters: call.parameters };
    const fault = this.account.faultOf(call.action);
    if (fault === "throttle") throw throttled(service);
    if (fault === "unavailable")
      throw new AwsError("ServiceUnavailable", "Service is unable to handle request.", 503);
    const statements = this.statementsFor(action.needs(request));
    if (fault === "denied" || !statements) throw denied(service, call.action);
    call.statements = statements;
    const body = action.run(request);
    if (fault === "lost") call.outcome = "lost";
    if (service.protocol === "json") return body;
    const namespace =
      service.protocol === "rest-xml" ? ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"' : "";
    return `<?xml version="1.0" encoding="UTF-8"?>\n<${call.action}Response${namespace}>${body}</${call.action}Response>`;
  }

  /** The statements that together allow all permissions; undefined if one is not allowed. */
  private statementsFor(needs: readonly Need[]): string[] | undefined {
    const { policy } = this.account.options;
    if (!policy) return [];
    const statements = needs.map((need) => allowedBy(policy, need)?.Sid);
    return statements.every((sid) => sid !== undefined) ? statements : undefined;
  }
}

async function receive(incoming: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
  );
  return {
    method: incoming.method ?? "",
    path: incoming.url ?? "",
    headers,
    body: Buffer.concat(chunks).toString(),
  };
}

function readCall(
  service: Service,
  { method, path, headers, body }: ReceivedRequest,
): Pick<CloudCall, "action" | "parameters"> {
  if (service.protocol === "rest-xml") return readRoute53(method, path, body);
  if (service.protocol === "json") {
    const values = Object.entries(JSON.parse(body) as Record<string, unknown>);
    const action = (headers["x-amz-target"] ?? "").split(".").at(-1) ?? "";
    return { action, parameters: Object.fromEntries(values.map(([name, value]) => [name, String(value)])) };
  }
  const { Action: action = "", ...parameters } = Object.fromEntries(new URLSearchParams(body));
  return { action, parameters };
}

function throttled({ protocol }: Service): AwsError {
  if (protocol === "ec2") return new AwsError("RequestLimitExceeded", "Request limit exceeded.", 503);
  return new AwsError(protocol === "json" ? "ThrottlingException" : "Throttling", "Rate exceeded");
}

function denied({ protocol, prefix }: Service, action: string): AwsError {
  const message = `User is not authorized to perform: ${prefix}:${action}`;
  if (protocol === "ec2")
    return new AwsError("UnauthorizedOperation", "You are not authorized to perform this operation.", 403);
  return protocol === "json"
    ? new AwsError("AccessDeniedException", message)
    : new AwsError("AccessDenied", message, 403);
}

function jsonError({ code, message }: AwsError): string {
  return JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message });
}

function xmlError({ code, message }: AwsError, service: Service | undefined): string {
  const error = `<Error><Code>${code}</Code><Message>${xml(message)}</Message></Error>`;
  if (service?.protocol === "ec2")
    return `<Response><Errors>${error}</Errors><RequestID>0</RequestID></Response>`;
  return `<ErrorResponse>${error}<RequestId>0</RequestId></ErrorResponse>`;
}

/** 20261124T014814Z. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}
