import type { ReleasePicture } from "../release/release-picture.ts";
import { renderRelease } from "../release/render-release.ts";
import { Screen } from "../terminal/screen.ts";
import { sparkline } from "../terminal/sparkline.ts";
import { paint } from "../terminal/style.ts";
import type { LoadReport } from "./load.ts";

/** Where the demo shows itself: redrawn in a terminal, a line at a time in a pipe, silent for scripts. */
export interface Stage {
  say(line: string): void;
  follow(picture: () => Promise<ReleasePicture | undefined>, load: () => LoadReport | undefined): void;
  close(): void;
}

export const silentStage: Stage = { say() {}, follow() {}, close() {} };

/** Lines on standard error, so that a script's standard output stays clean. */
export function lineStage(): Stage {
  const started = Date.now();
  return {
    say: (line) => console.error(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`),
    follow() {},
    close() {},
  };
}

export function liveStage(): Stage {
  const screen = new Screen();
  const started = Date.now();
  const said: string[] = [];
  const rates = new Map<string, number[]>();
  let last: LoadReport | undefined;
  let lastAt = Date.now();
  let picture: ReleasePicture | undefined;
  let sources: { picture: () => Promise<ReleasePicture | undefined>; load: () => LoadReport | undefined } | undefined;
  let isBusy = false;

  const clock = () => paint("dim", `${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s`);

  function sample(): void {
    const report = sources?.load();
    const now = Date.now();
    if (report === undefined || now - lastAt < 500) return;
    for (const version of Object.keys(report.byVersion)) {
      const served = (report.byVersion[version]?.served ?? 0) - (last?.byVersion[version]?.served ?? 0);
      const series = rates.get(version) ?? [];
      series.push((served * 1000) / (now - lastAt));
      rates.set(version, series.slice(-60));
    }
    last = report;
    lastAt = now;
  }

  function draw(): void {
    sample();
    const lines = [paint("bold", "sluice demo"), "", ...said.slice(-8).map((line) => `  ${line}`), ""];
    if (picture !== undefined) lines.push(renderRelease(picture), "");
    if (last !== undefined) {
      const max = Math.max(1, ...[...rates.values()].flat());
      for (const [version, series] of rates) {
        const { served = 0, failed = 0 } = last.byVersion[version] ?? {};
        const failures = failed > 0 ? paint("red", `${failed} failed`) : paint("dim", "0 failed");
        const rate = (series.at(-1) ?? 0).toFixed(0).padStart(4);
        lines.push(
          `  ${version.padEnd(5)} ${paint(version === "v3" ? "red" : "green", sparkline(series, 60, max).padEnd(60))} ${rate}/s ${String(served).padStart(7)} served  ${failures}`,
        );
      }
      lines.push("", `  ${last.requests} requests, ${last.failed} failed, p95 ${last.latencyMillisP95.toFixed(0)} ms`);
    }
    screen.draw(lines.join("\n"));
  }

  const timer = setInterval(() => {
    draw();
    if (isBusy || sources === undefined) return;
    isBusy = true;
    void sources.picture().then((next) => {
      picture = next ?? picture;
      isBusy = false;
    });
  }, 200);

  return {
    say(line) {
      said.push(`${clock()}  ${line}`);
      draw();
    },
    follow(picturesFrom, load) {
      sources = { picture: picturesFrom, load };
    },
    close() {
      clearInterval(timer);
      draw();
      screen.keep();
    },
  };
}
