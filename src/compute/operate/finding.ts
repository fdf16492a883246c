/** The result of one check of a host. */
export interface Finding {
  /** `note`: information; `bad`: needs a fix. */
  state: "ok" | "note" | "bad";
  subject: string;
  finding: string;
  /** What to do; empty if there is nothing to do. */
  wayOut: string;
}

/** Reads the output of doctor.sh. */
export function readFindings(output: string): Finding[] {
  return output.split("\n").flatMap((line) => {
    const [state = "", subject = "", finding = "", wayOut = ""] = line.split("\t");
    return isState(state) ? [{ state, subject, finding, wayOut }] : [];
  });
}

function isState(text: string): text is Finding["state"] {
  return ["ok", "note", "bad"].includes(text);
}
