import { packerBuild } from "../../src/do/bake/packer.js";

/** `node run-ts.mjs packer-child.ts`: runs the `packer` of PATH in the folder $FOLDER, with its log there, until it ends or is killed. */
const folder = process.env["FOLDER"] ?? "";
const { signal } = new AbortController();
const build = { folder, only: "null.test", variables: {}, log: `${folder}/bake.log`, signal };
await packerBuild({ ...build, onStep: (script) => process.stdout.write(`${script}\n`) }, "1.6");
