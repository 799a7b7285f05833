import { faults } from "@sluice/rehearsal";
import { Command } from "commander";
import { expect, test } from "vitest";
import { addRehearse } from "./rehearse.ts";

test("the help names every fault that can be rehearsed, and no other", () => {
  const program = new Command();
  addRehearse(program);
  const said: string[] = [];
  program.commands[0]?.configureOutput({ writeOut: (text) => void said.push(text) }).outputHelp();
  const help = said.join("");

  const named = help.slice(help.indexOf("Faults, as")).matchAll(/(?<=[ ,] )([a-z][\w+. ]*?\d?(?:pp)?)(?=,|\n)/g);
  const list = [...named].map(([name]) => name.replace(/^of the \w+ +/, "").trim());

  expect(list).toEqual(faults.map(({ name }) => name));
});
