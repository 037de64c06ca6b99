/** What `parley --help` prints. */
export const USAGE = `Usage: parley [--socket PATH | --server URL [--token TOKEN]] [-c COMMAND]... [FILE]
       parley chat --nick NAME [--peer ADDRESS]
       parley lab COMMAND
       parley packets TOOL …
       parley doctor [-c FILE|FOLDER] [-p PROFILE] [-s KEY=VALUE]... [--json]

Without a command or a script, parley is the prompt of a running parleyd.

  -c, --command COMMAND  run one command; may be repeated; stops at the first that fails
  FILE                   run the commands of a file, one a line; "#" begins a comment.
                         Commands are read from standard input when that is no terminal.
      --socket PATH      the daemon's socket; default $XDG_RUNTIME_DIR/parley/parleyd.sock,
                         for root /run/parley/parleyd.sock
      --server URL       a daemon's TCP port, such as http://192.0.2.10:7480
      --token TOKEN      the token for it; better in the variable PARLEY_TOKEN, which others cannot see
  -h, --help             this text
  -V, --version          the version of parley

At the prompt, "?" shows what can follow and Tab completes; words may be abbreviated ("sh ver").
Output goes through "| include RE", "| exclude RE", "| begin RE", "| count" and "| json".

parley chat is a whispering gopher in one line; parley lab runs networks of several
nodes; parley packets reads and filters capture files; parley doctor says what this machine lacks for a node.

Exit status: 0 done, 1 a command failed, 2 bad usage.
`;
