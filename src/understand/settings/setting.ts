import type { Kind } from "./types.js";

/** The names of a setting in a host's files. */
export interface Rendered {
  /** A #!define in kamailio-local.cfg; without it, the default in settings.cfg applies. */
  define?: string;
  /** The same by #!substdef, which also replaces the name inside strings. Only for numbers. */
  substitution?: string;
  /** A WITH_* in kamailio-local.cfg: defined if the flag is true, or if the list is not empty. */
  feature?: string;
  /** A variable in host.env. */
  variable?: string;
}

/** One row of the settings table. `T` is the type of its value in the resolved Fleet. */
export interface Setting<T> extends Rendered {
  kind: Kind<NonNullable<T>>;
  /** One sentence: its effect, with units. */
  help: string;
  default?: NonNullable<T>;
  required?: true;
  /** Other names of the same setting: the role has two for some. */
  aliases?: readonly string[];
  /** Its value is never shown in reports, logs or dry runs. */
  secret?: true;
  /** True for settings of the Ansible role, which keep their names and defaults. */
  role?: true;
  /** Describes the default if it is computed. */
  defaultText?: string;
}

export type Settings = Record<string, Setting<unknown>>;

/** A resolved section: every setting of the table, with defaults applied. */
export type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** A section of a fleet file: every setting is optional. */
export type Given<S> = { [K in keyof S]?: S[K] extends Setting<infer T> ? NonNullable<T> : never };

type Extra = Omit<Setting<unknown>, "kind" | "help" | "default" | "required">;

export function withDefault<T>(
  kind: Kind<T>,
  value: NonNullable<T>,
  help: string,
  extra: Extra = {},
): Setting<T> {
  return { kind: kind as Kind<NonNullable<T>>, default: value, help, ...extra };
}

export function required<T>(kind: Kind<T>, help: string, extra: Extra = {}): Setting<T> {
  return { kind: kind as Kind<NonNullable<T>>, required: true, help, ...extra };
}

export function optional<T>(kind: Kind<T>, help: string, extra: Extra = {}): Setting<T | undefined> {
  return { kind: kind as Kind<NonNullable<T>>, help, ...extra };
}

/** Merges layers of given settings and applies defaults. Later layers win: they are closer to the host. */
export function resolve<S extends Settings>(settings: S, ...layers: readonly object[]): Values<S> {
  const given = Object.assign({}, ...layers) as Record<string, unknown>;
  const entries = Object.entries(settings).map(
    ([name, setting]) => [name, given[name] ?? setting.default] as const,
  );
  return Object.fromEntries(entries) as Values<S>;
}
