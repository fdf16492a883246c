/** A number that a row has measured, with its limit if it has one. */
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

/** The count of an event that must not happen. */
export const none = (name: string, value: number): Figure => figure(name, value, "", { is: 0 });

export function holds({ value, is, atMost, atLeast }: Figure): boolean {
  return (
    Number.isFinite(value) &&
    (is === undefined || value === is) &&
    (atMost === undefined || value <= atMost) &&
    (atLeast === undefined || value >= atLeast)
  );
}

/** A figure's text in the table; a figure outside its limit includes the limit. */
export function written(one: Figure): string {
  const unit = one.unit === undefined ? "" : ` ${one.unit}`;
  const text = `${one.name} ${one.value.toLocaleString("en")}${unit}`;
  return holds(one) ? text : `${text} (! ${limitOf(one)})`;
}

function limitOf({ is, atMost, atLeast }: Figure): string {
  if (is !== undefined) return `${is}`;
  return atMost === undefined ? `>= ${atLeast}` : `<= ${atMost}`;
}
