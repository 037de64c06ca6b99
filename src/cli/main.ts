import { quietPipes } from "#cli/quiet-pipes.ts";
import { runProgram } from "#cli/program.ts";

// The entry of the program `parley`.
quietPipes(process);
process.exitCode = await runProgram(process.argv.slice(2));
