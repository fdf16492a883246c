import { basename, join } from "node:path";
import ts from "typescript";
import { packageRoot } from "../../src/do/assets.js";

const folder = join(packageRoot, "test/support");
const head =
  'import type { DashboardJson } from "./grafana-dashboard.js"; export const dashboard: DashboardJson =';

/**
 * What Grafana's schema does not allow in dashboards (JSON texts), for each: the line and the reason. Grafana publishes the schema as
 * TypeScript's types, so the compiler compares.
 */
export function schemaFaults(dashboards: readonly string[]): string[][] {
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = host.getSourceFile.bind(host);
  const literals = new Map(
    dashboards.map((text, index) => [join(folder, `literal-${index}.ts`), `${head} ${text};`]),
  );
  host.getSourceFile = (name, ...more) => {
    const text = literals.get(join(folder, basename(name)));
    return text === undefined
      ? onDisk(name, ...more)
      : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022);
  };
  const program = ts.createProgram([...literals.keys()], options, host);
  return [...literals.keys()].map((name) => {
    const file = program.getSourceFile(name);
    return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
      const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
      return `line ${line}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}
