/** One number that a row has measured, with what it has to be where it has to be something. */
export interface Figure {
  name: string;
  value: number;
  unit?: string;
  is?: number;
  atMost?: number;
  atLeast?: number;
}

export type Limit = Pick<Figure, "is" | "atMost" | "atLeast">;

export const figure = (name: string, value: number, unit = "", limit: Limit = {}): Figure => ({
  name,
  value: Math.round(value * 1000) / 1000,
  ...(unit === "" ? {} : { unit }),
  ...limit,
});

/** A count of what must not happen. */
export const none = (name: string, value: number): Figure => figure(name, value, "", { is: 0 });

export function holds({ value, is, atMost, atLeast }: Figure): boolean {
  return (
    Number.isFinite(value) &&
    (is === undefined || value === is) &&
    (atMost === undefined || value <= atMost) &&
    (atLeast === undefined || value >= atLeast)
  );
}

/** A figure as it stands in the table; one that does not hold says what it had to be. */
export function written(one: Figure): string {
  const unit = one.unit === undefined ? "" : ` ${one.unit}`;
  const text = `${one.name} ${one.value.toLocaleString("en")}${unit}`;
  return holds(one) ? text : `${text} (! ${limitOf(one)})`;
}

function limitOf({ is, atMost, atLeast }: Figure): string {
  if (is !== undefined) return `${is}`;
  return atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`;
}
