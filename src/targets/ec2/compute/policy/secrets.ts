import type { Fleet } from "../../../../understand/fleet.js";
import type { SecretSource } from "../../../../understand/settings/secret-value.js";
import { hostSecrets } from "../../../../compute/host/secrets.js";
import { arnIn, type PolicyPlace, type Statement } from "./policy.js";

/** Permission to read the secrets that hosts resolve, and no others. */
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

/** Secrets Manager adds a hyphen and six random characters to every ARN. */
function secretArn(source: SecretSource, place: PolicyPlace): string[] {
  if (source.from !== "host" || source.kind !== "secretsmanager") return [];
  const [id = ""] = source.words;
  if (!id.startsWith("arn:")) return [arnIn(place, "secretsmanager", `secret:${id}-??????`)];
  return [/-\w{6}$/.test(id) ? id : `${id}-??????`];
}

/** A name may end with a version or a label (`:3`), which is not part of the ARN. */
function parameterArn(source: SecretSource, place: PolicyPlace): string[] {
  if (source.from !== "host" || source.kind !== "ssm") return [];
  const [id = ""] = source.words;
  if (id.startsWith("arn:")) return [id];
  const name = id.replace(/:[\w.-]+$/, "").replace(/^\//, "");
  return [arnIn(place, "ssm", `parameter/${name}`)];
}

/** Customer managed keys need this permission, limited to use through the two services. Default keys do not. */
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
