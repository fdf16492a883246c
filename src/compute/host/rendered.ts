import type { Rendered, Settings } from "../../understand/settings/setting.js";
import type { Scalar } from "../template.js";

/** The values of settings that are rendered to one kind of file, by their names in it. Settings without a value are left out. */
export function renderedTo(
  place: Exclude<keyof Rendered, "feature">,
  settings: Settings,
  values: object,
): Record<string, Scalar> {
  return Object.fromEntries(
    namesIn(place, settings).flatMap(([name, setting]) => {
      const value = (values as Record<string, Scalar | Scalar[] | undefined>)[setting];
      return value === undefined ? [] : [[name, Array.isArray(value) ? value.join(",") : value] as const];
    }),
  );
}

/** The enabled features. */
export function featuresOf(settings: Settings, values: object): string[] {
  return namesIn("feature", settings).flatMap(([name, setting]) => {
    const value = (values as Record<string, boolean | readonly unknown[]>)[setting];
    return (Array.isArray(value) ? value.length > 0 : value) ? [name] : [];
  });
}

function namesIn(place: keyof Rendered, settings: Settings): (readonly [string, string])[] {
  return Object.entries(settings).flatMap(([setting, { [place]: name }]) =>
    name === undefined ? [] : [[name, setting] as const],
  );
}
