/** What the shells complete of parley and parleyd: options and subcommands; files are the shell's own. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  parley: [
    "chat",
    "lab",
    "packets",
    "doctor",
    "--command",
    "--socket",
    "--server",
    "--token",
    "--help",
    "--version",
  ],
  parleyd: [
    "--config",
    "--profile",
    "--set",
    "--check",
    "--print-config",
    "--until-stdin-ends",
    "--help",
    "--version",
  ],
};

/** Completion for bash and zsh. */
export function completionScripts(): Readonly<Record<string, string>> {
  return { "parley.bash": bash(), _parley: zsh() };
}

function bash(): string {
  const functions = Object.entries(PROGRAMS).map(
    ([name, words]) => `_${name}() {
  COMPREPLY=($(compgen -W "${words.join(" ")}" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`,
  );
  return ["# Completion for bash: source this file.", ...functions].join("\n");
}

function zsh(): string {
  const cases = Object.entries(PROGRAMS).map(
    ([name, words]) => `  ${name}) compadd -- ${words.join(" ")} ;;`,
  );
  return `#compdef ${Object.keys(PROGRAMS).join(" ")}
# Completion for zsh: put this file into a folder of $fpath.
case $service in
${cases.join("\n")}
esac
_files
`;
}
