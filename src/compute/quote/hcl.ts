/** Escapes text for a string of a .pkr.json template, where `${` and `%{` have a meaning in HCL. Use it for all text in HCL strings. */
export function hclText(value: string): string {
  return value.replaceAll(/[$%](?={)/g, (sign) => sign + sign);
}
