import type { YAMLException } from "js-yaml";
import type { Fault } from "../fault.js";
import { causeOf } from "./syntax-causes.js";

/** js-yaml's exception as a fault: the cause in plain words, at its line, and what to do. */
export function syntaxFault(error: YAMLException, source: string): Fault {
  // an error at the end of the file is shown at its last text
  const offset = Math.min(error.mark?.position ?? 0, Math.max(0, source.trimEnd().length - 1));
  const start = lineStart(source, offset);
  const { message, hint, aboveThis } = causeOf({
    reason: error.reason,
    before: source.slice(start, offset),
    rest: source.slice(offset).split("\n", 1)[0] ?? "",
  });
  const at = aboveThis ? withoutColon(source, error.mark?.position ?? 0) : offset;
  return {
    path: [],
    message: `is not valid YAML: ${message}`,
    range: { start: at, end: at + 1 },
    ...(hint === undefined ? {} : { hint }),
  };
}

/** The beginning of the last text above an offset that has no `: `; it can have several lines. */
function withoutColon(source: string, offset: number): number {
  let found = lineStart(source, offset);
  let isText = false;
  for (let at = found; at > 0;) {
    const above = lineStart(source, at - 1);
    const line = source.slice(above, at);
    const isBlank = /^\s*(#|$)/.test(line);
    if (/:\s/.test(line) || (isBlank && isText)) break;
    at = above;
    if (isBlank) continue;
    found = above;
    isText = true;
  }
  return found + (/^[ \t]*/.exec(source.slice(found))?.[0].length ?? 0);
}

function lineStart(source: string, offset: number): number {
  return offset === 0 ? 0 : source.lastIndexOf("\n", offset - 1) + 1;
}
