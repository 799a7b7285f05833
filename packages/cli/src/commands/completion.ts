import type { Command, Option } from "commander";

type Shell = "bash" | "zsh" | "fish";

/** One command of the tree, under the words that lead to it. */
interface Place {
  /** `rollout get`; empty for the program itself. */
  readonly path: string;
  readonly command: Command;
  readonly children: readonly Command[];
}

function placesOf(command: Command, path = ""): readonly Place[] {
  const helper = command.createHelp();
  const children = helper.visibleCommands(command).filter((child) => child.name() !== "help");
  const below = children.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim()));
  return [{ path, command, children }, ...below];
}

const optionsOf = ({ command }: Place): readonly Option[] => command.createHelp().visibleOptions(command);

const flagsOf = (place: Place): readonly string[] =>
  optionsOf(place).flatMap(({ short, long }) => [short, long].filter((flag) => flag !== undefined && flag !== null));

const namesOf = (command: Command): readonly string[] => [command.name(), ...command.aliases()];

/** A script for a shell that completes subcommands and options, made from the commands that there are. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program);
  switch (shell) {
    case "bash":
      return bash(places);
    case "zsh":
      return zsh(places);
    case "fish":
      return fish(places);
  }
}

/** Words that lead from one command to the next; an alias leads where its command does. */
const turns = (places: readonly Place[]) =>
  places.flatMap(({ path, children }) =>
    children.map((child) => ({
      words: namesOf(child).map((name) => `${path} ${name}`),
      to: `${path} ${child.name()}`.trim(),
    })),
  );

const bash = (places: readonly Place[]): string => `# source <(sluice completion bash)
_sluice() {
  local at="" current="\${COMP_WORDS[COMP_CWORD]}" index commands="" options=""
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "$at \${COMP_WORDS[index]}" in
${turns(places)
  .map(({ words, to }) => `      ${words.map((word) => `"${word}"`).join("|")}) at="${to}" ;;`)
  .join("\n")}
    esac
  done
  case "$at" in
${places.map((place) => `    "${place.path}") commands="${commandWords(place)}" options="${flagsOf(place).join(" ")}" ;;`).join("\n")}
  esac
  [[ "$current" == -* ]] && commands="$options"
  COMPREPLY=($(compgen -W "$commands" -- "$current"))
}
complete -o default -F _sluice sluice
`;

const zsh = (places: readonly Place[]): string => `#compdef sluice
# source <(sluice completion zsh)
_sluice() {
  local at="" word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${turns(places)
  .map(({ words, to }) => `      (${words.map((word) => `"${word}"`).join("|")}) at="${to}" ;;`)
  .join("\n")}
    esac
  done
  local -a commands options
  case "$at" in
${places.map((place) => `    ("${place.path}") commands=(${commandWords(place)}) options=(${flagsOf(place).join(" ")}) ;;`).join("\n")}
  esac
  if [[ "$PREFIX" == -* ]]; then compadd -- $options
  elif (( $#commands )); then compadd -- $commands
  else _files
  fi
}
compdef _sluice sluice
`;

const fish = (places: readonly Place[]): string => `# sluice completion fish | source
function __sluice_at
  set -l at ""
  for word in (commandline --tokenize --cut-at-cursor --current-process)[2..-1]
    switch "$at $word"
${turns(places)
  .map(({ words, to }) => `      case ${words.map((word) => `'${word}'`).join(" ")}\n        set at '${to}'`)
  .join("\n")}
    end
  end
  test "$at" = "$argv[1]"
end
${places.flatMap(fishLines).join("\n")}
`;

function fishLines(place: Place): readonly string[] {
  const lead = `complete -c sluice -n "__sluice_at '${place.path}'"`;
  return [
    ...place.children.map((child) => `${lead} -f -a '${child.name()}' -d ${quoted(child.description())}`),
    ...nextWords({ ...place, children: [] }).map((word) => `${lead} -f -a '${word}'`),
    ...optionsOf(place).map(({ short, long, description }) => {
      const flags = [short && `-s ${short.slice(1)}`, long && `-l ${long.slice(2)}`].filter(Boolean);
      return `${lead} ${flags.join(" ")} -d ${quoted(description)}`;
    }),
  ];
}

/** What may come next: a command, or what an argument may be. */
const nextWords = ({ command, children }: Place): readonly string[] => [
  ...children.map((child) => child.name()),
  ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
];

const commandWords = (place: Place): string => nextWords(place).join(" ");

const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
