import { shellQuote } from "../quote/shell.js";

/** The units of a host that say what becomes of calls. */
const units = ["kamailio", "rtpproxy@*", "rtpengine@*", "sip-proxy-*"];

export interface JournalQuery {
  /** As journalctl takes it: "10 min ago", "2026-11-28 17:00". */
  since?: string;
  /** Where the last answer ended; instead of `since`. */
  cursor?: string;
  /** PCRE2. */
  grep?: string | undefined;
}

/** The script that asks a host's journal. */
export function journalScript({ since, cursor, grep }: JournalQuery): string {
  const words = [
    ...[
      "journalctl",
      "--quiet",
      "--no-pager",
      "--utc",
      "--no-hostname",
      "--output=short-iso-precise",
      "--show-cursor",
    ],
    ...units.map((unit) => `--unit=${unit}`),
    ...(since === undefined ? [] : [`--since=${since}`]),
    ...(cursor === undefined ? [] : [`--after-cursor=${cursor}`]),
    ...(grep === undefined ? [] : [`--grep=${grep}`]),
  ];
  // without a line that fits it ends with 1, and says nothing
  const journalctl = words.map(shellQuote).join(" ");
  return `if ! { errors=$(${journalctl} 2>&1 >&3); } 3>&1 && [ -n "$errors" ]; then printf '%s\\n' "$errors" >&2; exit 1; fi`;
}

export interface Journal {
  lines: { time: string; text: string }[];
  cursor: string | undefined;
}

/** Reads its answer. */
export function readJournal(output: string): Journal {
  const lines = output.split("\n");
  const cursor = lines.find((line) => line.startsWith("-- cursor: "))?.slice("-- cursor: ".length);
  return {
    cursor,
    lines: lines.flatMap((line) => {
      const [, time, text] = /^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(line) ?? [];
      return time === undefined || text === undefined ? [] : [{ time, text }];
    }),
  };
}
