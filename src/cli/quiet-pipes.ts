/**
 * Ends the process without a word when nobody reads its output any more, as in `parley -c "show log" | head -1`, or when
 * its terminal is gone. Any other failure to write, such as a full disk, is one line and status 1.
 */
export function quietPipes(program: NodeJS.Process): void {
  for (const stream of [program.stdout, program.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE" || error.code === "EIO") program.exit();
      if (stream === program.stdout)
        program.stderr.write(`parley: the output cannot be written: ${error.message}\n`);
      program.exit(1);
    });
  }
}
