import type { IncomingHttpHeaders } from "node:http";

/** One call of AWS' API, as received. */
export interface AwsRequest {
  /** The service in the signature's scope: ec2, autoscaling, ssm … */
  service: string;
  region: string;
  action: string;
  /** Form parameters (query protocols), flat: `Filter.1.Name`; or the fields of the JSON body. */
  params: Record<string, unknown>;
}

/** Reads the call from its signature's scope and its body. */
export function readAwsRequest(
  headers: IncomingHttpHeaders,
  body: string,
  method = "POST",
  path = "/",
): AwsRequest | undefined {
  const [, region = "", service = ""] =
    /Credential=[^/]+\/\d+\/([\w-]+)\/([\w-]+)\/aws4_request/.exec(headers.authorization ?? "") ?? [];
  if (service === "") return undefined;
  if (service === "route53")
    return { service, region, action: route53Action(method, path), params: { body } };
  const target = headers["x-amz-target"];
  if (typeof target === "string") {
    const params = JSON.parse(body === "" ? "{}" : body) as Record<string, unknown>;
    return { service, region, action: target.split(".").at(-1) ?? "", params };
  }
  const form = Object.fromEntries(new URLSearchParams(body));
  return { service, region, action: form["Action"] ?? "", params: form };
}

/** Its protocol has paths instead of action names. */
function route53Action(method: string, path: string): string {
  if (path.includes("/rrset"))
    return method === "POST" ? "ChangeResourceRecordSets" : "ListResourceRecordSets";
  return method === "GET" ? "GetHostedZone" : "CreateHostedZone";
}

/** A query protocol's list (`Prefix.1`, `Prefix.member.1`) as an array. */
export function listParam(params: Record<string, unknown>, prefix: string): string[] {
  return Object.entries(params)
    .filter(([name]) => new RegExp(`^${prefix}\\.(member\\.)?\\d+$`).test(name))
    .map(([, value]) => String(value));
}
