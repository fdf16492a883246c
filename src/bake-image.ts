#!/usr/bin/env node
import { main } from "./cli/main.js";

await main(["bake", ...process.argv.slice(2)]);
