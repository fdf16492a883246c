import type { Relay } from "../support/call-lab.js";
import { holds, type Figure } from "./figures.js";

/** One line of the table: the test, its requirement, and the measurement. */
export interface Row {
  /** The name on the command line: complete, or its beginning up to a dash. */
  name: string;
  test: string;
  toHold: string;
  run: (relay: Relay) => Promise<Figure[]>;
}

export interface Result extends Omit<Row, "run"> {
  relay: Relay;
  figures: Figure[];
  /** The error, if the row has no figures. */
  fault?: string;
  held: boolean;
  seconds: number;
}

/** Runs a row; a row that throws does not hold. */
export async function runRow({ run, ...row }: Row, relay: Relay): Promise<Result> {
  const began = Date.now();
  const seconds = () => Math.round((Date.now() - began) / 1000);
  try {
    const figures = await run(relay);
    return { ...row, relay, figures, held: figures.every(holds), seconds: seconds() };
  } catch (error) {
    return { ...row, relay, figures: [], fault: String(error), held: false, seconds: seconds() };
  }
}

/** The rows that the words of the command line name; all rows without words. Throws for a word that names none. */
export function chosen(rows: readonly Row[], words: readonly string[]): Row[] {
  if (words.length === 0) return [...rows];
  return words.flatMap((word) => {
    const named = rows.filter(({ name }) => name === word || name.startsWith(`${word}-`));
    if (named.length === 0)
      throw new Error(`no row ${word}; choose from: ${rows.map(({ name }) => name).join(", ")}`);
    return named;
  });
}
