const identityFunction = `identity() {
  if [ -r /proc/self/stat ]; then
    read -r line < "/proc/$1/stat"
    line=\${line##*) }
    set -f; set -- "$1" $line
    read -r boot < /proc/sys/kernel/random/boot_id
    echo "$1 \${21} $boot"
  else
    begun=$(LC_ALL=C /bin/ps -o lstart= -p "$1" | /usr/bin/tr -s ' \\n' '__' | /usr/bin/sed 's/^_*//; s/_*$//')
    echo "$1 $begun $(/usr/sbin/sysctl -n kern.boottime | /usr/bin/tr -cd 0-9)"
  fi
}`;

/**
 * The leader of a container's process group: POSIX sh, about 1 MB where a Node one would cost 40.
 * `$1` is the run's folder, `$2` the file whose appearance wakes the agent.
 * The hard link is the lock that lets exactly one shim run a folder, however often an agent that was killed in between
 * tries again. Traps (not ignored signals, which children would inherit) keep the leader alive when its group is
 * signalled. At the end the group is swept, as a container dies with its first process.
 */
export const shimText = `#!/bin/sh
run=$1
notice=$2
trap : HUP INT QUIT TERM USR1 USR2 ALRM
${identityFunction}
identity $$ > "$run/shim.$$" || exit 1
/bin/ln "$run/shim.$$" "$run/shim" 2> /dev/null || { /bin/rm -f "$run/shim.$$"; exit 0; }
/bin/rm -f "$run/shim.$$"
/bin/sh "$run/launch"
code=$?
echo "$code" > "$run/exit.tmp" && /bin/mv "$run/exit.tmp" "$run/exit"
: > "$notice"
kill -KILL 0
`;

export interface Launch {
  /** Absolute path of the program. */
  readonly program: string;
  readonly parameters: readonly string[];
  readonly workingFolder: string;
  /** Variables whose names a shell can't carry in its own environment, e.g. `my.key`. */
  readonly oddlyNamed: Readonly<Record<string, string>>;
  /** `cgroup.procs` files to join before the program starts. */
  readonly cgroups: readonly string[];
}

/** The script that becomes the container's main process: says who it is, then turns into the program. */
export function launchText(runFolder: string, launch: Launch): string {
  const main = quote(`${runFolder}/main`);
  const odd = Object.entries(launch.oddlyNamed).map(([name, value]) => `${name}=${value}`);
  const words = [...(odd.length === 0 ? [] : ["/usr/bin/env", ...odd]), launch.program, ...launch.parameters];
  return [
    identityFunction,
    `identity $$ > ${main}.tmp && /bin/mv ${main}.tmp ${main} || exit 126`,
    ...launch.cgroups.map((file) => `echo $$ > ${quote(file)}`),
    `cd ${quote(launch.workingFolder)} || exit 126`,
    `exec ${words.map(quote).join(" ")}`,
    "",
  ].join("\n");
}

const quote = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** True where a POSIX shell hands a variable of this name on to the programs it starts. */
export const isShellName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
