import { AwsError } from "./aws-error.js";
import type { RecordSet } from "./protocol.js";
import { xml, type Action, type Request, type Service } from "./service.js";

// Route 53's rules for record sets: a batch is atomic, and a record set to delete must be given exactly.

interface Change {
  action: string;
  record: RecordSet;
}

const arnOf = (resource: string) => `arn:aws:route53:::${resource}`;
const zoneArn = ({ parameters }: Request) => arnOf(`hostedzone/${parameters["zone"] ?? ""}`);

function recordsOf({ account, parameters }: Request): RecordSet[] {
  const { zone } = account.options;
  if (zone === undefined || parameters["zone"] !== zone)
    throw new AwsError("NoSuchHostedZone", `No hosted zone found with ID: ${parameters["zone"]}`, 404);
  return account.records;
}

const listResourceRecordSets: Action = {
  needs: (request) => [{ action: "route53:ListResourceRecordSets", resource: zoneArn(request), context: {} }],
  run: (request) => {
    const { name = "", type = "", identifier = "", maxitems = "300" } = request.parameters;
    const from = keyOf({ name, type, identifier });
    const sorted = [...recordsOf(request)].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    const rest = sorted.filter((record) => keyOf(record) >= from);
    const most = Math.min(Number(maxitems), request.account.options.recordsPerPage ?? 300);
    const next = rest[most];
    const more = next
      ? `<IsTruncated>true</IsTruncated><NextRecordName>${next.name}.</NextRecordName><NextRecordType>${next.type}</NextRecordType>${
          next.identifier === undefined
            ? ""
            : `<NextRecordIdentifier>${xml(next.identifier)}</NextRecordIdentifier>`
        }`
      : "<IsTruncated>false</IsTruncated>";
    return `<ResourceRecordSets>${rest.slice(0, most).map(written).join("")}</ResourceRecordSets>${more}<MaxItems>${most}</MaxItems>`;
  },
};

/** Sort key: names are ordered by their labels from the right. */
function keyOf({ name, type, identifier = "" }: Pick<RecordSet, "name" | "type" | "identifier">): string {
  return [name.split(".").reverse().join("\u0000"), type, identifier].join("\u0001");
}

function written({ name, type, identifier, ttl, value }: RecordSet): string {
  const multi =
    identifier === undefined
      ? ""
      : `<SetIdentifier>${xml(identifier)}</SetIdentifier><MultiValueAnswer>true</MultiValueAnswer>`;
  return `<ResourceRecordSet><Name>${name}.</Name><Type>${type}</Type>${multi}<TTL>${ttl}</TTL><ResourceRecords><ResourceRecord><Value>${xml(value)}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>`;
}

const changeResourceRecordSets: Action = {
  needs: (request) => {
    const changes = read(request.parameters["body"] ?? "");
    const list = (of: (change: Change) => string) => [...new Set(changes.map(of))];
    const key = "route53:ChangeResourceRecordSets";
    const context = {
      [`${key}NormalizedRecordNames`]: list(({ record }) => record.name),
      [`${key}RecordTypes`]: list(({ record }) => record.type),
      [`${key}Actions`]: list(({ action }) => action),
    };
    return [{ action: key, resource: zoneArn(request), context }];
  },
  run: (request) => {
    const { account } = request;
    let records = recordsOf(request);
    for (const change of read(request.parameters["body"] ?? "")) records = changed(records, change);
    account.records = records;
    return changeInfo("PENDING");
  },
};

const getChange: Action = {
  needs: ({ parameters }) => [
    { action: "route53:GetChange", resource: arnOf(`change/${parameters["change"] ?? ""}`), context: {} },
  ],
  run: () => changeInfo("INSYNC"),
};

const changeInfo = (status: string) =>
  `<ChangeInfo><Id>/change/C0123456789</Id><Status>${status}</Status><SubmittedAt>2026-11-29T00:00:00Z</SubmittedAt></ChangeInfo>`;

function changed(records: RecordSet[], { action, record }: Change): RecordSet[] {
  const same = ({ name, type }: RecordSet) => name === record.name && type === record.type;
  const of = (one: RecordSet) => same(one) && one.identifier === record.identifier;
  const refuse = (what: string) =>
    new AwsError(
      "InvalidChangeBatch",
      `[Tried to ${action.toLowerCase()} resource record set [name='${record.name}.', type='${record.type}'] but it ${what}]`,
    );
  const there = records.find(of);
  const others = records.filter((one) => !of(one));
  if (action === "DELETE") {
    if (JSON.stringify(there) !== JSON.stringify(record))
      throw refuse(there ? "has other values" : "was not found");
    return others;
  }
  if (action === "CREATE" && there) throw refuse("already exists");
  if (others.some((one) => same(one) && (one.identifier === undefined) !== (record.identifier === undefined)))
    throw refuse("would stand beside one of another routing policy");
  return [...others, record];
}

/** Reads XML in the form that hosts write: names without prefixes, and only the API's nesting. */
function read(body: string): Change[] {
  return [...body.matchAll(/<Change><Action>(\w+)<\/Action>([^]*?)<\/Change>/g)].map(
    ([, action = "", text = ""]) => {
      const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
      const identifier = part("SetIdentifier");
      return {
        action,
        record: {
          name: (part("Name") ?? "").replace(/\.$/, ""),
          type: part("Type") ?? "",
          ...(identifier === undefined ? {} : { identifier }),
          ttl: Number(part("TTL")),
          value: part("Value") ?? "",
        },
      };
    },
  );
}

export const route53: Service = {
  prefix: "route53",
  protocol: "rest-xml",
  /** The signing region for all regions of the partition. */
  region: "us-east-1",
  actions: {
    ListResourceRecordSets: listResourceRecordSets,
    ChangeResourceRecordSets: changeResourceRecordSets,
    GetChange: getChange,
  },
};

/** The action of a request in its REST protocol. */
export function readRoute53(
  method: string,
  path: string,
  body: string,
): { action: string; parameters: Record<string, string> } {
  const { pathname, searchParams } = new URL(path, "http://route53");
  const [, kind, id = "", rest] =
    /^\/2013-04-01\/(hostedzone|change)\/([^/]+)(\/rrset)?$/.exec(pathname) ?? [];
  if (kind === "change" && method === "GET") return { action: "GetChange", parameters: { change: id } };
  if (kind !== "hostedzone" || rest === undefined) return { action: "", parameters: {} };
  return method === "POST"
    ? { action: "ChangeResourceRecordSets", parameters: { zone: id, body } }
    : { action: "ListResourceRecordSets", parameters: { zone: id, ...Object.fromEntries(searchParams) } };
}
