/**
 * Ends the process without a word when nobody reads its output any more, as in `parley -c "show log" | head -1`, or when
 * its terminal is gone. Any other failure to write is an error of the program.
 */
export function quietPipes(program: NodeJS.Process): void {
  for (const stream of [program.stdout, program.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
      program.exit();
    });
  }
}
