import type { Kind } from "./types.js";

/** Where a host finds the value of a setting, by the name that it has there. */
export interface Rendered {
  /** Defined in kamailio-local.cfg; where that leaves it out, the default of settings.cfg is in force. */
  define?: string;
  /** The same by #!substdef, which also replaces the name inside strings. Numbers only. */
  substitution?: string;
  /** WITH_* of kamailio-local.cfg: defined when the flag is on, or the list not empty. */
  feature?: string;
  /** Of host.env. */
  variable?: string;
}

/** One row of the settings table. `T` is what the resolved Fleet holds for it. */
export interface Setting<T> extends Rendered {
  kind: Kind<NonNullable<T>>;
  /** One sentence: what it does, with units. */
  help: string;
  default?: NonNullable<T>;
  required?: true;
  /** Other spellings that mean the same (the role has two of some names). */
  aliases?: readonly string[];
  /** Its value is never shown: not in reports, logs or dry runs. */
  secret?: true;
  /** True for settings of the Ansible role, which keep their names and defaults. */
  role?: true;
  /** How the default reads when it is computed. */
  defaultText?: string;
}

export type Settings = Record<string, Setting<unknown>>;

/** What a resolved section holds: every setting of the table, defaults applied. */
export type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** What a fleet file may give of a section. */
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

/** Defaults applied to what was given; nearer layers come later and win. */
export function resolve<S extends Settings>(settings: S, ...layers: readonly object[]): Values<S> {
  const given = Object.assign({}, ...layers) as Record<string, unknown>;
  const entries = Object.entries(settings).map(
    ([name, setting]) => [name, given[name] ?? setting.default] as const,
  );
  return Object.fromEntries(entries) as Values<S>;
}
