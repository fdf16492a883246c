/** Text inside a string of a .pkr.json template, where `${` and `%{` would be HCL's: the one door into HCL strings. */
export function hclText(value: string): string {
  return value.replaceAll(/[$%](?={)/g, (sign) => sign + sign);
}
