import { UsageError } from "../errors.js";

/** The number in an option's text. Throws UsageError unless it is a whole number from `least` to `most`. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d{1,4}$/.test(text) && number >= least && number <= most) return number;
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}; got ${text}`);
}
