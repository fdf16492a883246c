/** One destination in the output of `kamcmd dispatcher.list`. */
export interface DispatcherTarget {
  set: number;
  uri: string;
  /** Two letters, such as AP. */
  flags: string;
  priority: number;
}

/** The meaning of the flags, for operators. */
const states: Record<string, string> = {
  A: "up",
  T: "failing: some calls or OPTIONS were not answered, but too few to take it out",
  I: "down: it gets no calls until it answers OPTIONS",
  D: "disabled by an operator",
};

/** The meaning of a destination's flags: AP, AX, IP, TX, DX … (the second letter says whether it is probed). */
export function flagsMeaning(flags: string): string {
  if (flags === "AX") return "coming up: gets calls, not yet confirmed by OPTIONS";
  return states[flags.charAt(0)] ?? "unknown";
}

/** Reads the output of `kamcmd dispatcher.list`. */
export function readDispatcherList(text: string): DispatcherTarget[] {
  const targets: DispatcherTarget[] = [];
  let set = 0;
  for (const line of text.split("\n")) {
    const [, key, value = ""] = /^\s*([A-Z]+):\s*(\S+)?/.exec(line) ?? [];
    const target = targets.at(-1);
    if (key === "ID") set = Number(value);
    if (key === "URI") targets.push({ set, uri: value, flags: "", priority: 0 });
    if (key === "FLAGS" && target) target.flags = value;
    if (key === "PRIORITY" && target) target.priority = Number(value);
  }
  return targets;
}
