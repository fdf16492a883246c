import {
  GetParametersCommand,
  paginateDescribeParameters,
  paginateGetParameterHistory,
  type ParameterHistory,
} from "@aws-sdk/client-ssm";
import { isOwnRecord } from "../../compute/names.js";
import type { Aws } from "../aws.js";
import { inChunks } from "../chunks.js";
import { isAwsError } from "../errors.js";
import type { Use } from "./use.js";

/** The promoted AMI, and the one that was promoted before: it may be needed for a rollback. */
export async function promotions(aws: Aws, name: string): Promise<Use[]> {
  const [now, before] = (await parameterHistory(aws, name)).sort(
    (a, b) => (b.Version ?? 0) - (a.Version ?? 0),
  );
  return [
    ...(now?.Value === undefined ? [] : [{ id: now.Value, why: `promoted (${name})` }]),
    ...(before?.Value === undefined ? [] : [{ id: before.Value, why: `promoted before (${name})` }]),
  ];
}

/** All versions that SSM keeps, at most 100; oldest first, 50 per page. */
async function parameterHistory(aws: Aws, Name: string): Promise<ParameterHistory[]> {
  const found: ParameterHistory[] = [];
  try {
    for await (const { Parameters = [] } of paginateGetParameterHistory({ client: aws.ssm }, { Name }))
      found.push(...Parameters);
  } catch (error) {
    if (!isAwsError(error, "ParameterNotFound")) throw error;
  }
  return found;
}

/** AMIs in the current values of the account's other parameters, and in parameter versions that templates pin. */
export async function otherParameters(
  aws: Aws,
  own: readonly string[],
  pinned: readonly string[],
): Promise<Use[]> {
  const names = (await stringParameters(aws)).filter((name) => !own.includes(name) && !isOwnRecord(name));
  const uses: Use[] = [];
  // the limit of one call
  for (const Names of inChunks([...names, ...new Set(pinned)], 10)) {
    const { Parameters = [] } = await aws.ssm.send(new GetParametersCommand({ Names }));
    for (const { Name = "", Selector = "", Value = "" } of Parameters)
      for (const [id] of Value.matchAll(/\bami-[0-9a-f]+\b/g))
        uses.push({ id, why: `parameter ${Name}${Selector}` });
  }
  return uses;
}

async function stringParameters(aws: Aws): Promise<string[]> {
  const names: string[] = [];
  const ParameterFilters = [{ Key: "Type", Values: ["String"] }];
  const pages = paginateDescribeParameters({ client: aws.ssm, pageSize: 50 }, { ParameterFilters });
  for await (const { Parameters = [] } of pages) names.push(...Parameters.flatMap(({ Name }) => Name ?? []));
  return names;
}
