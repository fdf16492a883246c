/** How long jobs report progress. The command decides where it is shown. */
export interface Talk {
  info: (line: string) => void;
  warn: (line: string) => void;
}

export const SILENT: Talk = { info: () => undefined, warn: () => undefined };
