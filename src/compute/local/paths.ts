import { join } from "node:path";

/** Where the local side keeps its things. */
export interface LocalPaths {
  /** May be deleted at any time: bases, chroots, builds. */
  cache: string;
  /** The VMs: `<state>/<fleet>/<name>/`. */
  state: string;
}

/** The XDG base directories; SIP_PROXY_CACHE goes before XDG_CACHE_HOME. */
export function localPaths(env: Readonly<Record<string, string | undefined>>, home: string): LocalPaths {
  const cache = env.SIP_PROXY_CACHE || join(env.XDG_CACHE_HOME || join(home, ".cache"), "sip-proxy");
  const state = join(env.XDG_STATE_HOME || join(home, ".local", "state"), "sip-proxy", "local");
  return { cache, state };
}
