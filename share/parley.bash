# Completion for bash: source this file.
_parley() {
  COMPREPLY=($(compgen -W "chat lab packets doctor --command --socket --server --token --help --version" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _parley parley

_parleyd() {
  COMPREPLY=($(compgen -W "--config --profile --set --check --print-config --until-stdin-ends --help --version" -- "${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _parleyd parleyd
