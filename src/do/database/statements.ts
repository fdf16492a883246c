import pg from "pg";
import { readAsset } from "../assets.js";

/** Values of psql's variables, :'name' in a query. */
export type Variables = Record<string, string>;

/** Does what psql does with \gexec: runs the statements that each query of a file returns. Returns the statements of each query. */
export async function runStatements(
  client: pg.Client,
  asset: string,
  variables: Variables,
): Promise<string[][]> {
  const ran: string[][] = [];
  for (const query of readAsset(asset).split("\\gexec").slice(0, -1)) {
    const { rows } = await client.query<[string]>({ text: withValues(query, variables), rowMode: "array" });
    for (const [statement] of rows) await client.query(statement);
    ran.push(rows.map(([statement]) => statement));
  }
  return ran;
}

/** The query with its variables replaced by literals. */
function withValues(query: string, variables: Variables): string {
  return query.replaceAll(/:'(\w+)'/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new Error(`no value for :'${name}'`);
    return pg.escapeLiteral(value);
  });
}
