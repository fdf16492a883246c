import type { CallLab } from "../../support/call-lab.js";

/** What came of one piece of software: how many calls (or looks) there were, and how many went as they should. */
export interface Outcome {
  tries: number;
  good: number;
  note: string;
}

/** One line of the table: software that was not written here, and what it has to do. */
export interface Trial {
  what: string;
  run: (lab: CallLab) => Promise<Outcome>;
}
