import Handlebars from "handlebars";
import { kamailioString } from "./quote/kamailio.js";
import { shellWord } from "./quote/shell.js";
import { sqlLiteral } from "./quote/sql.js";

/** Handlebars for text that is no data format: nothing is escaped as HTML, a missing name is an error. */
const handlebars = Handlebars.create();
handlebars.registerHelper("shell", (value: Scalar) => shellWord(plain(value)));
handlebars.registerHelper("sql", (value: string | number) => sqlLiteral(value));
handlebars.registerHelper("cfg", (value: Scalar) =>
  typeof value === "string" ? kamailioString(value) : plain(value),
);

/** What a variable or a define may hold. */
export type Scalar = string | number | boolean;

/** As shells and Kamailio write flags. */
function plain(value: Scalar): string | number {
  return typeof value === "boolean" ? (value ? "yes" : "no") : value;
}

/** Renders a template of the `templates` folder. Values enter through the helpers `shell`, `sql` and `cfg`. */
export function renderTemplate(template: string, values: object): string {
  return handlebars.compile(template, { noEscape: true, strict: true })(values);
}
