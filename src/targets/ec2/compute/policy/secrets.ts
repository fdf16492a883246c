import type { Fleet } from "../../../../understand/fleet.js";
import type { SecretSource } from "../../../../understand/settings/secret-value.js";
import { hostSecrets } from "../../../../compute/host/secrets.js";
import { arnIn, type PolicyPlace, type Statement } from "./policy.js";

/** What reads the secrets that hosts resolve themselves, and nothing beside them. */
export function secretStatements(fleet: Fleet, place: PolicyPlace, kmsKeys: readonly string[]): Statement[] {
  const sources = fleet.hosts
    .flatMap((host) => [...hostSecrets(fleet, host).values()])
    .map(({ source }) => source);
  const secrets = unique(sources.flatMap((source) => secretArn(source, place)));
  const parameters = unique(sources.flatMap((source) => parameterArn(source, place)));
  return [
    ...allow("ReadSecrets", "secretsmanager:GetSecretValue", secrets),
    ...allow("ReadParameters", "ssm:GetParameter", parameters),
    ...(secrets.length + parameters.length > 0 ? decrypt(place, kmsKeys) : []),
  ];
}

function allow(Sid: string, action: string, Resource: string[]): Statement[] {
  return Resource.length === 0 ? [] : [{ Sid, Effect: "Allow", Action: [action], Resource }];
}

/** Secrets Manager ends every ARN with a hyphen and six characters of its own. */
function secretArn(source: SecretSource, place: PolicyPlace): string[] {
  if (source.from !== "host" || source.kind !== "secretsmanager") return [];
  const [id = ""] = source.words;
  if (!id.startsWith("arn:")) return [arnIn(place, "secretsmanager", `secret:${id}-??????`)];
  return [/-\w{6}$/.test(id) ? id : `${id}-??????`];
}

/** A name may end in a version or a label (`:3`), which is no part of the ARN. */
function parameterArn(source: SecretSource, place: PolicyPlace): string[] {
  if (source.from !== "host" || source.kind !== "ssm") return [];
  const [id = ""] = source.words;
  if (id.startsWith("arn:")) return [id];
  const name = id.replace(/:[\w.-]+$/, "").replace(/^\//, "");
  return [arnIn(place, "ssm", `parameter/${name}`)];
}

/** The account's own keys of the two services need no grant; others do, and only for these services. */
function decrypt({ region }: PolicyPlace, kmsKeys: readonly string[]): Statement[] {
  if (kmsKeys.length === 0) return [];
  const via =
    region === "*"
      ? undefined
      : ["secretsmanager", "ssm"].map((service) => `${service}.${region}.amazonaws.com`);
  return [
    {
      Sid: "DecryptSecrets",
      Effect: "Allow",
      Action: ["kms:Decrypt"],
      Resource: [...kmsKeys],
      ...(via && { Condition: { StringEquals: { "kms:ViaService": via } } }),
    },
  ];
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
