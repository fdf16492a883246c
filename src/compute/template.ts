import Handlebars from "handlebars";
import { kamailioString } from "./quote/kamailio.js";
import { shellWord } from "./quote/shell.js";
import { sqlLiteral } from "./quote/sql.js";

/** Handlebars without HTML escapes. A missing name is an error. */
const handlebars = Handlebars.create();
handlebars.registerHelper("shell", (value: Scalar) => shellWord(plain(value)));
handlebars.registerHelper("sql", (value: string | number) => sqlLiteral(value));
handlebars.registerHelper("cfg", (value: Scalar) =>
  typeof value === "string" ? kamailioString(value) : plain(value),
);

/** A value of a variable or a define. */
export type Scalar = string | number | boolean;

/** Flags as yes or no, for shells and Kamailio. */
function plain(value: Scalar): string | number {
  return typeof value === "boolean" ? (value ? "yes" : "no") : value;
}

/** Renders a template of the `templates` folder. Values are inserted by the helpers `shell`, `sql` and `cfg`. */
export function renderTemplate(template: string, values: object): string {
  return handlebars.compile(template, { noEscape: true, strict: true })(values);
}
