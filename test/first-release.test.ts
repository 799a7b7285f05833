// Follows docs/first-release.md to the letter: writes its files, runs its commands, in their order.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { program, repository } from "./fixtures/sluice.ts";

interface Block {
  readonly info: string;
  readonly text: string;
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\S.*)\n([\s\S]*?)^```$/gm)].map(([, info = "", text = ""]) => ({ info, text }));
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

test("a person's own application gets from nothing to its first canary", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-first-"));
  const bin = mkdtempSync(join(tmpdir(), "sluice-bin-"));
  writeFileSync(join(bin, "sluice"), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`, { mode: 0o755 });
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    NO_COLOR: "1",
    GIT_AUTHOR_NAME: "Dana",
    GIT_AUTHOR_EMAIL: "dana@example.com",
    GIT_COMMITTER_NAME: "Dana",
    GIT_COMMITTER_EMAIL: "dana@example.com",
  };
  // Ports of the document are the standard ones; a test machine may have them taken.
  const shell = (text: string) =>
    spawnSync(
      "bash",
      [
        "-e",
        "-o",
        "pipefail",
        "-c",
        text.replace("sluice up --detach", "sluice up --detach --port 0 --api-port 0 --router-port 0"),
      ],
      {
        cwd: folder,
        env,
        encoding: "utf8",
        timeout: 60_000,
      },
    );
  const background: ReturnType<typeof spawn>[] = [];
  let isSkipping = false;

  try {
    for (const { info, text } of blocksOf(readFileSync(join(repository, "docs", "first-release.md"), "utf8"))) {
      const file = /file=(\S+)/.exec(info)?.[1];
      if (file?.startsWith("py/") && !hasPython) {
        console.warn("python3 is missing: the half in another language was skipped");
        isSkipping = true;
      }
      if (isSkipping && !text.includes("sluice down")) continue;
      if (file !== undefined) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      } else if (info === "sh") {
        const { status, stdout, stderr } = shell(text);
        expect(status, `${text}\n${stdout}\n${stderr}`).toBe(0);
      } else if (info === "sh until") {
        const deadline = Date.now() + 60_000;
        let last = shell(text);
        while (last.status !== 0 && Date.now() < deadline) last = shell(text);
        expect(last.status, `${text}\n${last.stdout}\n${last.stderr}`).toBe(0);
      } else if (info === "sh background") {
        background.push(spawn("bash", ["-c", text], { cwd: folder, env, stdio: "ignore", detached: true }));
      } else throw new Error(`a block that nobody runs: ${info}`);
    }
  } finally {
    for (const child of background) if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    shell("sluice down || true");
  }
}, 400_000);
