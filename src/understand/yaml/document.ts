import { constructFromEvents, CORE_SCHEMA, mergeTag, parseEvents, YAMLException } from "js-yaml";
import type { Fault } from "../fault.js";
import { numbersAsWritten } from "./numbers.js";
import { collectPositions, type Positions } from "./positions.js";

/** A parsed YAML file: its value and where each path of it stands in the text. */
export interface YamlDocument {
  file: string;
  source: string;
  value: unknown;
  positions: Positions;
}

/** Parses one YAML document. A text that is not YAML gives a Fault, not an exception. */
export function parseYaml(source: string, file: string): YamlDocument | Fault {
  try {
    const events = parseEvents(source, { filename: file });
    const [value, ...more] = constructFromEvents(events, {
      source,
      filename: file,
      schema: CORE_SCHEMA.withTags(mergeTag, ...numbersAsWritten),
      maxAliases: 1000,
    });
    if (more.length > 0)
      return { path: [], message: "must be one YAML document; a second one begins after `---`" };
    return { file, source, value, positions: collectPositions(events, source) };
  } catch (error) {
    if (error instanceof YAMLException) return yamlFault(error, source);
    throw error;
  }
}

function yamlFault(error: YAMLException, source: string): Fault {
  const offset = error.mark?.position ?? 0;
  const lineStart = source.lastIndexOf("\n", offset - 1) + 1;
  const line = source.slice(lineStart).split("\n", 1)[0] ?? "";
  const again = error.reason === "duplicated mapping key";
  const reason = again ? "duplicate key" : error.reason;
  const unquotedReference = /[{[,].*:\s*\$\{/.test(line);
  return {
    path: [],
    message: `is not valid YAML: ${reason}`,
    range: { start: Math.min(offset, source.length), end: Math.min(offset + 1, source.length) },
    ...(again ? { hint: "remove one of the two" } : {}),
    ...(unquotedReference ? { hint: 'quote references inside { }: dbpass_kam: "${env:NAME}"' } : {}),
  };
}
