/**
 * Changes each element `tag` of the lists named `list` in an AWS answer: the outermost only, since lists are nested, and with attributes on
 * none of them. The order of an element's fields differs between releases of moto.
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
