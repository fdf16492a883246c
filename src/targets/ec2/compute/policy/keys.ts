import type { Fleet } from "../../../../understand/fleet.js";
import { namedKeys } from "../named-keys.js";
import { arnIn, type PolicyPlace, type Statement } from "./policy.js";

/** For customer managed keys. The account's default key for EBS does not need this. */
export function encryptWithKeys(kmsKeys: readonly string[]): Statement[] {
  if (kmsKeys.length === 0) return [];
  const Action = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
  ];
  return [
    {
      Sid: "EncryptVolumes",
      Effect: "Allow",
      Action: Action.map((action) => `kms:${action}`),
      Resource: [...kmsKeys],
    },
  ];
}

/** For checks that the keys in the fleet file exist, and who may use them. */
export function seeKeys(fleet: Fleet, place: PolicyPlace): Statement[] {
  const keys = [...new Set(namedKeys(fleet, place.region).map(({ key }) => key))];
  const aliases = keys.flatMap((key) => /(?:^|:)(alias\/.*)$/.exec(key)?.[1] ?? []);
  const arn = (key: string) => arnIn({ ...place, region: "*", partition: "*" }, "kms", `key/${key}`);
  const Resource = keys
    .filter((key) => !key.includes("alias/"))
    .map((key) => (key.startsWith("arn:") ? key : arn(key)));
  const see = { Effect: "Allow" as const, Action: seeing };
  return [
    ...(Resource.length === 0 ? [] : [{ Sid: "SeeKeys", ...see, Resource }]),
    ...(aliases.length === 0
      ? []
      : [
          {
            Sid: "SeeKeysByAlias",
            ...see,
            Resource: [arn("*")],
            Condition: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": aliases } },
          },
        ]),
  ];
}

const seeing = ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:ListGrants"];
