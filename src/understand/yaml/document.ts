import { constructFromEvents, CORE_SCHEMA, mergeTag, parseEvents, YAMLException } from "js-yaml";
import type { Fault } from "../fault.js";
import { cycleIn } from "./cycles.js";
import { numbersAsWritten } from "./numbers.js";
import { collectPositions, type Positions } from "./positions.js";
import { syntaxFault } from "./syntax-fault.js";

/** A parsed YAML file: its value, and the position of each path in the text. */
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
    const cycle = cycleIn(events, source);
    if (cycle) return cycle;
    const [value, ...more] = constructFromEvents(events, {
      source,
      filename: file,
      schema: CORE_SCHEMA.withTags(mergeTag, ...numbersAsWritten),
      maxAliases: 1000,
    });
    if (more.length > 0) return secondDocument(source);
    return { file, source, value, positions: collectPositions(events, source) };
  } catch (error) {
    if (error instanceof YAMLException) return syntaxFault(error, source);
    throw error;
  }
}

function secondDocument(source: string): Fault {
  // a first `---` with nothing but comments or directives above it begins the first document
  const marks = [...source.matchAll(/^---(?=\s|$)/gm)].map(({ index }) => index);
  const start = marks.find((mark) => /^[^#%\s-]|^-(?!--\s)/m.test(source.slice(0, mark))) ?? 0;
  return {
    path: [],
    message: "must be one YAML document; a second one begins after `---`",
    hint: "write each fleet to a file of its own",
    range: { start, end: start + 3 },
  };
}
