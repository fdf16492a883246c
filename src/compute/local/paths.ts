import { join } from "node:path";

/** Folders for the local target's files. */
export interface LocalPaths {
  /** Bases, chroots and builds. It may be deleted at any time. */
  cache: string;
  /** The VMs: `<state>/<fleet>/<name>/`. */
  state: string;
}

/** Folders according to the XDG base directories. SIP_PROXY_CACHE takes precedence over XDG_CACHE_HOME. */
export function localPaths(env: Readonly<Record<string, string | undefined>>, home: string): LocalPaths {
  const cache = env.SIP_PROXY_CACHE || join(env.XDG_CACHE_HOME || join(home, ".cache"), "sip-proxy");
  const state = join(env.XDG_STATE_HOME || join(home, ".local", "state"), "sip-proxy", "local");
  return { cache, state };
}
