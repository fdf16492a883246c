/**
 * Changes each element `tag` of the lists named `list` in an AWS answer. Elements inside such an element stay part of it. Neither tag has
 * attributes. Releases of moto differ in the order of an element's fields, so that a pattern over several fields is not enough.
 */
export function eachOf(body: string, list: string, tag: string, change: (element: string) => string): string {
  return body.replaceAll(new RegExp(`(?<=<${list}>)[^]*?(?=</${list}>)`, "g"), (inside) => {
    let depth = 0;
    let from = 0;
    let out = "";
    for (const { 0: mark, index } of inside.matchAll(new RegExp(`</?${tag}>`, "g"))) {
      if (mark.startsWith("</")) {
        depth -= 1;
        if (depth > 0) continue;
        const end = index + mark.length;
        out += change(inside.slice(from, end));
        from = end;
      } else {
        if (depth === 0) {
          out += inside.slice(from, index);
          from = index;
        }
        depth += 1;
      }
    }
    return out + inside.slice(from);
  });
}
