/** One look at a host, in the order in which a knowledgeable person looks. */
export interface Finding {
  /** `note`: to be known; `bad`: to be mended. */
  state: "ok" | "note" | "bad";
  subject: string;
  finding: string;
  /** What to do about it; empty where nothing is to be done. */
  wayOut: string;
}

/** Reads what doctor.sh prints. */
export function readFindings(output: string): Finding[] {
  return output.split("\n").flatMap((line) => {
    const [state = "", subject = "", finding = "", wayOut = ""] = line.split("\t");
    return isState(state) ? [{ state, subject, finding, wayOut }] : [];
  });
}

function isState(text: string): text is Finding["state"] {
  return ["ok", "note", "bad"].includes(text);
}
