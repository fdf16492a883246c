import { shellQuote } from "../quote/shell.js";

/** The units of a host with log lines about calls. */
const units = ["kamailio", "rtpproxy@*", "rtpengine@*", "sip-proxy-*"];

export interface JournalQuery {
  /** In the form of journalctl: "10 min ago", "2026-11-28 17:00". */
  since?: string;
  /** The end of the last answer; replaces `since`. */
  cursor?: string;
  /** A PCRE2 expression. */
  grep?: string | undefined;
}

/** The script that queries a host's journal. */
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
  // journalctl ends with 1 and without a message if no line matches
  const journalctl = words.map(shellQuote).join(" ");
  return `if ! { errors=$(${journalctl} 2>&1 >&3); } 3>&1 && [ -n "$errors" ]; then printf '%s\\n' "$errors" >&2; exit 1; fi`;
}

export interface Journal {
  lines: { time: string; text: string }[];
  cursor: string | undefined;
}

/** Reads the script's output. */
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
