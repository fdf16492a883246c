import { z } from "zod";
import { url } from "./base.js";
import { lookUp } from "../look-up.js";
import { cidr, flag, listOf, oneOf, port, text, type Kind } from "./types.js";

/** A file that the user adds: its content, or the path of a file, relative to the fleet file. */
export interface AddedFile {
  content?: string | undefined;
  path?: string | undefined;
  /** Permission bits, as `0644` or `4755`. */
  mode: string;
  /** USER:GROUP. */
  owner: string;
}

/** Ports, and the networks that may reach them. */
export interface OpenPort {
  port: number;
  protocol: "tcp" | "udp";
  from: string[];
}

/** A Debian package: NAME, or NAME=VERSION. */
export interface AddedPackage {
  name: string;
  ports: OpenPort[];
}

/** An apt repository, and the file of its signing key, relative to the fleet file. */
export interface Repository {
  uri: string;
  suite: string;
  components: string[];
  key: string;
}

/** Reports one rule for the whole mapping, followed by the rule of its wrong part if that part has a name. */
function whole<T>(rule: string, schema: z.ZodType<T>): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const { success, data, error } = schema.safeParse(value);
    if (success) return data;
    const part = wrongPart(error.issues, value);
    context.addIssue({ code: "custom", message: part === undefined ? rule : `${rule}: ${part}` });
    return z.NEVER;
  });
}

/** The rule of the one wrong part that is there; with alternatives, of the first alternative that has just one. */
function wrongPart(issues: readonly z.core.$ZodIssue[], value: unknown): string | undefined {
  const [first] = issues;
  if (issues.length !== 1 || first === undefined) return undefined;
  if (first.code === "invalid_union")
    return first.errors.flatMap((alternative) => wrongPart(alternative, value) ?? [])[0];
  // zod's own messages begin with "Invalid"; those of our kinds and patterns do not
  if (first.path.length === 0 || first.message.startsWith("Invalid ")) return undefined;
  const path = first.path.filter((step) => typeof step !== "symbol");
  if (lookUp(value, path) === undefined) return undefined;
  return `${path.join(".")} must be ${first.message}`;
}

/** The path of a file, relative to the fleet file. */
const localPath = text({ rule: "the path of a file, relative to the fleet file", max: 500 });

/** A path on the host. It contains no characters that need quoting in any generated file. */
const hostPath = text({
  rule: "an absolute path of letters, digits and . _ @ % + : , = - /, without . and .. as names",
  pattern: /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._@%+:,=-]+)+$/,
  max: 200,
});

const fileRule =
  "a mapping with either content or path, and optionally mode (such as 0644) and owner (such as root:root)";
const mode = {
  mode: z
    .union([z.string(), z.number().transform(String)])
    .pipe(z.string().regex(/^[0-7]{3,4}$/, "three or four octal digits, such as 0644"))
    .default("0644"),
};
const owner = {
  owner: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}:[a-z_][a-z0-9_-]{0,31}$/, "USER:GROUP, such as root:root")
    .default("root:root"),
};

const addedFile: Kind<AddedFile> = {
  rule: fileRule,
  json: {
    type: "object",
    additionalProperties: false,
    properties: {
      content: { type: "string" },
      path: { type: "string" },
      mode: { type: ["string", "integer"], pattern: "^[0-7]{3,4}$" },
      owner: { type: "string" },
    },
    oneOf: [{ required: ["content"] }, { required: ["path"] }],
  },
  schema: whole(
    fileRule,
    z.union([
      z.strictObject({ content: z.string(), ...mode, ...owner }),
      z.strictObject({ path: localPath.schema, ...mode, ...owner }),
    ]),
  ),
};

export const addedFiles: Kind<Record<string, AddedFile>> = {
  rule: "a mapping of paths on the host to { content } or { path }, optionally with mode and owner",
  json: { type: "object", propertyNames: hostPath.json, additionalProperties: addedFile.json },
  schema: z.record(hostPath.schema as z.ZodType<string, string>, addedFile.schema),
};

/** A unit that the user adds. One that is not enabled can still be started by other units. */
export interface AddedUnit {
  content?: string | undefined;
  path?: string | undefined;
  enabled: boolean;
}

const unitRule = "a mapping with either content or path, and optionally enabled";

const addedUnit: Kind<AddedUnit> = {
  rule: unitRule,
  json: {
    type: "object",
    additionalProperties: false,
    properties: { content: { type: "string" }, path: { type: "string" }, enabled: flag.json },
    oneOf: [{ required: ["content"] }, { required: ["path"] }],
  },
  schema: whole(
    unitRule,
    z.union([
      z.strictObject({ content: z.string(), enabled: flag.schema.default(true) }),
      z.strictObject({ path: localPath.schema, enabled: flag.schema.default(true) }),
    ]),
  ),
};

/** A name that systemd accepts for a unit. */
const unitName = text({
  rule: "the name of a unit, such as node-exporter.service",
  pattern: /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,100}\.(service|timer|path|socket|target|mount)$/,
});

export const addedUnits: Kind<Record<string, AddedUnit>> = {
  rule: "a mapping of unit names to { content } or { path }, optionally with enabled",
  json: { type: "object", propertyNames: unitName.json, additionalProperties: addedUnit.json },
  schema: z.record(unitName.schema as z.ZodType<string, string>, addedUnit.schema),
};

const packageName = text({
  rule: "a Debian package, such as prometheus-node-exporter, or NAME=VERSION",
  pattern: /^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9.+~:-]+)?$/,
  max: 200,
});

const openPort = z.strictObject({
  port: port.schema,
  protocol: oneOf("tcp", "udp").schema.default("tcp"),
  from: listOf(cidr).schema,
});

const packageRule = `${packageName.rule}, or { name, ports: [{ port, protocol, from }] }`;

const addedPackage: Kind<AddedPackage> = {
  rule: packageRule,
  json: {
    anyOf: [
      packageName.json,
      {
        type: "object",
        additionalProperties: false,
        required: ["name"],
        properties: {
          name: packageName.json,
          ports: {
            type: "array",
            items: {
              type: "object",
              additionalProperties: false,
              required: ["port", "from"],
              properties: { port: port.json, protocol: { enum: ["tcp", "udp"] }, from: listOf(cidr).json },
            },
          },
        },
      },
    ],
  },
  schema: whole(
    packageRule,
    z.union([
      packageName.schema.transform((name): AddedPackage => ({ name, ports: [] })),
      z.strictObject({
        name: packageName.schema,
        ports: z.array(openPort, "a list of { port, protocol, from }").default([]),
      }),
    ]),
  ),
};

export const addedPackages = listOf(addedPackage);

const repositoryRule =
  "a mapping with uri (http:// or https://), suite, key (a file with its ASCII-armoured OpenPGP key) and optionally components";

const repository: Kind<Repository> = {
  rule: repositoryRule,
  json: {
    type: "object",
    additionalProperties: false,
    required: ["uri", "suite", "key"],
    properties: {
      uri: { type: "string", pattern: "^https?://" },
      suite: { type: "string" },
      components: { type: "array", items: { type: "string" } },
      key: { type: "string" },
    },
  },
  schema: whole(
    repositoryRule,
    z.strictObject({
      uri: url.schema,
      suite: z
        .string("a suite")
        .regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/, "a suite, such as stable"),
      components: z
        .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/))
        .min(1)
        .default(["main"]),
      key: localPath.schema,
    }),
  ),
};

const repositoryName = text({
  rule: "a name of lower-case letters, digits and -",
  pattern: /^[a-z0-9][a-z0-9-]{0,40}$/,
});

export const repositories: Kind<Record<string, Repository>> = {
  rule: "a mapping of names to { uri, suite, components, key }",
  json: { type: "object", propertyNames: repositoryName.json, additionalProperties: repository.json },
  schema: z.record(repositoryName.schema as z.ZodType<string, string>, repository.schema),
};

export const scripts = listOf(localPath);
