import Handlebars from "handlebars";
import { kamailioString } from "./quote/kamailio.js";
import { shellWord } from "./quote/shell.js";
import { sqlLiteral } from "./quote/sql.js";

/** Handlebars for text that is no data format: nothing is escaped as HTML, a missing name is an error. */
const handlebars = Handlebars.create();
handlebars.registerHelper("shell", (value: string | number) => shellWord(value));
handlebars.registerHelper("sql", (value: string | number) => sqlLiteral(value));
handlebars.registerHelper("cfg", (value: string) => kamailioString(value));

/** Renders a template of the `templates` folder. Values enter through the helpers `shell`, `sql` and `cfg`. */
export function renderTemplate(template: string, values: object): string {
  return handlebars.compile(template, { noEscape: true, strict: true })(values);
}
