import { main } from "../../../src/cli/main.js";

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command line in this process, with a given environment, and captures its output. */
export async function runCli(argv: readonly string[], env: Record<string, string> = {}): Promise<CliResult> {
  const result = { code: 0, stdout: "", stderr: "" };
  const restore = [
    capture(process.stdout, (text) => (result.stdout += text)),
    capture(process.stderr, (text) => (result.stderr += text)),
    replaceEnv(env),
  ];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await main(argv);
    result.code = Number(process.exitCode);
  } finally {
    process.exitCode = before;
    for (const undo of restore) undo();
  }
  return result;
}

function capture(stream: NodeJS.WriteStream, listener: (text: string) => void): () => void {
  const write = stream.write.bind(stream);
  stream.write = (chunk: string | Uint8Array) => {
    listener(typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    return true;
  };
  return () => {
    stream.write = write;
  };
}

function replaceEnv(env: Record<string, string>): () => void {
  const before = { ...process.env };
  Object.assign(process.env, env);
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}
