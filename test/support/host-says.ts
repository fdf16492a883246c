/** The samples in Prometheus' text format, by name and labels. */
export function samplesOf(exposition: string): Map<string, number> {
  const samples = exposition.split("\n").filter((line) => line && !line.startsWith("#"));
  return new Map(samples.map((line) => [line.replace(/ \S+$/, ""), Number(line.split(" ").at(-1))]));
}

/** The fields of the log line about a call; empty if there is none. */
export function callLine(log: readonly string[], callId = ""): Record<string, string> {
  const lines = log.join("\n").split("\n");
  const text = lines.find((one) => one.includes(`call_id=${callId} `)) ?? "";
  const pairs = text.slice(text.indexOf("CALL ") + 5).split(" ");
  return Object.fromEntries(
    pairs.map((pair) => [pair.split("=")[0] ?? "", pair.slice(pair.indexOf("=") + 1)]),
  );
}

/** The same for a host with call_log_json. */
export function callLineInJson(log: readonly string[], callId = ""): Record<string, unknown> | undefined {
  return [...log.join("\n").matchAll(/CALL (\{.*\})$/gm)]
    .map(([, text = ""]) => JSON.parse(text) as Record<string, unknown>)
    .find((line) => line["call_id"] === callId);
}
