#!/usr/bin/env node
import { main } from "./cli/main.js";
import { bakeImage } from "./cli/program.js";

await main(process.argv.slice(2), bakeImage());
