import { proxySettings } from "../../understand/settings/proxy.js";
import { resolve, type Settings } from "../../understand/settings/setting.js";
import { renderTemplate } from "../template.js";
import { fixedDefines } from "./kamailio-local.js";
import { renderedTo } from "./rendered.js";

/** The file settings.cfg beside kamailio.cfg: defaults for values that kamailio-local.cfg does not set, and all features. */
export function kamailioSettings(template: string): string {
  const defaults = resolve(proxySettings);
  return renderTemplate(template, {
    features: Object.entries<Settings[string]>(proxySettings).flatMap(([setting, { feature, help }]) =>
      feature === undefined ? [] : [{ feature, setting, help }],
    ),
    defines: { ...renderedTo("define", proxySettings, defaults), ...fixedDefines },
    substitutions: renderedTo("substitution", proxySettings, defaults),
  });
}
