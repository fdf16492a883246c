/** `node run-ts.mjs FILE`: runs a program of the tests that is TypeScript (no compiled copy of it is kept). */
import { runnerImport } from "vite";

await runnerImport(process.argv[2], { configFile: false, logLevel: "error" });
