import type { Command } from "commander";

/** For an option that may be given again. */
export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** Adds what every command that talks to a running Sluice takes. */
export const talking = (command: Command): Command =>
  command
    .option("-n, --namespace <name>", "the namespace; default: default")
    .option("--data <folder>", "the state folder; default: .sluice here or above")
    .option("--json", "print JSON");

/** Adds commands below `parent` that talk of one resource: `sluice rollout get NAME`. */
export const talkingOfOne =
  (parent: Command) =>
  (name: string, description: string): Command =>
    talking(parent.command(name).description(description).argument("<name>"));

/** Adds what every command that starts one takes. */
export const listening = (command: Command): Command =>
  command
    .option("--data <folder>", "the state folder itself; default: ./.sluice")
    .option("--api-port <port>", "the Kubernetes wire protocol, https; 0 takes a free one")
    .option("--port <port>", "the console, the registry and hooks; 0 takes a free one")
    .option("--router-port <port>", "the router; 0 takes a free one");
