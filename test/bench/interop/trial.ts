import type { CallLab } from "../../support/call-lab.js";

/** The result for one program: the number of calls (or captures), and how many were correct. */
export interface Outcome {
  tries: number;
  good: number;
  note: string;
}

/** One line of the table: a third-party program, and its task. */
export interface Trial {
  what: string;
  run: (lab: CallLab) => Promise<Outcome>;
}
