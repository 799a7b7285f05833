// The static site as anyone would meet it: files from a web server that knows nothing, and a Rollout that is pasted.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Resource } from "@sluice/api";
import { minutes } from "@sluice/kernel";
import {
  defaultTraffic,
  faults,
  goodRunsFor,
  type ProfileResult,
  type Rehearsal,
  readPolicies,
  rehearse,
} from "@sluice/rehearsal";
import { loadAll } from "js-yaml";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildSite } from "../../../build.ts";
import { launchBrowser, missingBrowser } from "../../fixtures/browser.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..", "..");
const listing = join(root, "bench", "rehearsal", "canary.yaml");
/** Where the requirements lie beside the repository: a page that people paste whole. */
const pasted = join(root, "..", "shared", "seed", "rollouts-and-analysis.yaml");
const sluice = join(root, "packages", "cli", "bin", "sluice.mjs");
const types = { html: "text/html", js: "text/javascript", css: "text/css" } as const;

async function shotsOf(page: Page, folder: string): Promise<void> {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 1000 });
    await page.screenshot({ path: join(folder, `fields-${width}.png`), fullPage: true });
  }
}

/** As the command does it, one fault alone, for a page on which nothing but the number of runs was changed. */
async function inATerminal(fault: string): Promise<ProfileResult> {
  const manifests = loadAll(await readFile(listing, "utf8")) as readonly Resource[];
  const [policy] = (await readPolicies(manifests)).policies;
  if (policy === undefined) throw new Error(`no Rollout in ${listing}`);
  const { profiles } = await rehearse(policy, {
    traffic: defaultTraffic,
    seed: 1,
    runs: 1,
    goodRuns: goodRunsFor(1),
    personMillis: minutes(10),
    noticeMillis: minutes(60),
    faults: faults.filter(({ name }) => name === fault),
    profiles: ["sluice"],
  });
  if (profiles.sluice === undefined) throw new Error("nothing was rehearsed as Sluice");
  return profiles.sluice;
}

/** Under a path of its own, as on a page of some forge. */
async function serve(folder: string): Promise<Server> {
  const server = createServer(async ({ url = "/" }, response) => {
    const path = normalize(url.replace(/^\/rehearsal\//, "").replace(/^$/, "index.html"));
    const found = await readFile(join(folder, path)).catch(() => undefined);
    const type = types[(path.split(".").at(-1) ?? "") as keyof typeof types] ?? "text/plain";
    response.writeHead(found === undefined ? 404 : 200, { "content-type": type });
    response.end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

describe.skipIf(missingBrowser() !== undefined)("the rehearsal in a browser", () => {
  let folder: string;
  let server: Server;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "sluice-site-"));
    const { gzipBytes } = await buildSite(folder);
    expect(gzipBytes).toBeLessThan(110 * 1024);
    server = await serve(folder);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    page = await (await browser.newContext({ viewport: { width: 1280, height: 1000 } })).newPage();
    complaints = [];
    page.on("pageerror", ({ message }) => complaints.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/rehearsal/`);
  });

  test("whoever has no Rollout at hand begins with an example", async () => {
    await page.getByRole("button", { name: "Start from an example" }).click();

    expect(await page.getByLabel(/as YAML/).inputValue()).toContain("kind: Rollout");
    expect(await page.getByRole("button", { name: "Rehearse", exact: true }).isEnabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Start from an example" }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test("a pasted Rollout is rehearsed in the browser, and the table says what each profile catches", async () => {
    // As Kubernetes reads YAML: `no` is false, and a time stays the text that it is.
    const dialect = "spec:\n  paused: no\n  restartAt: 2020-01-01T00:00:00Z\n";
    await page.getByLabel(/as YAML/).fill((await readFile(listing, "utf8")).replace(/^spec:\n/m, dialect));
    await page.getByLabel("Releases of each bad kind").fill("1");
    await page.getByRole("button", { name: "Rehearse" }).click();
    await page.getByRole("progressbar").waitFor();

    const table = page.getByRole("table", { name: /which are caught/ });
    await table.waitFor({ timeout: 150_000 });

    const row = table.getByRole("row", { name: /^error \+50pp/ });
    // Caught, by what, at which weight, after how long, how many harmed: of each profile.
    const cells = await row.getByRole("cell").allTextContents();
    expect(cells).toHaveLength(10);
    expect([cells[0], cells[2], cells[7]]).toEqual(["100 %", "5 %", "5 %"]);
    expect(await table.getByRole("row").count()).toBe(26);
    const chart = page.getByRole("img", { name: /^Harmed requests/ });
    const bars = chart.locator("svg", { hasText: /^late onset as Argo Rollouts/ }).locator("rect");
    const [argo, sluice] = await Promise.all([0, 1].map((place) => bars.nth(place).boundingBox()));
    expect(argo?.width).toBeGreaterThan(sluice?.width ?? Number.POSITIVE_INFINITY);
    expect(
      await page
        .getByRole("table", { name: /smallest added failures/ })
        .getByRole("row")
        .count(),
    ).toBe(5);
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as JSON" }).click();
    const [taken] = JSON.parse(await readFile(await (await saved).path(), "utf8")) as readonly Rehearsal[];
    const { good, faults } = await inATerminal("error +50pp");
    expect(taken?.profiles.sluice?.good).toEqual(good);
    expect(taken?.profiles.sluice?.faults).toContainEqual(faults[0]);
    const command = await page.getByText(/^sluice rehearse FILE/).textContent();
    expect(command).toContain("--traffic 100rps --errors 0.3% --p95 240ms --runs 1 --seed 1");
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(complaints).toEqual([]);
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: join(process.env.SCREENSHOTS, "site.png"), fullPage: true });
  }, 180_000);

  test("what the terminal's options say the fields say, too: the command beside the JSON prints the same bytes", async () => {
    await page.getByLabel(/as YAML/).fill(await readFile(listing, "utf8"));
    const filled = {
      "Busiest hour over quietest": "3",
      "Pods ready after, s": "4.5",
      "Requests that convert, %": "5.5",
      "A person takes, min": "2.5",
      "Unnoticed for, min": "30",
      "Releases of each bad kind": "1",
      Seed: "7",
    };
    for (const [label, text] of Object.entries(filled)) await page.getByLabel(label).fill(text);
    await page.getByLabel("Noise").selectOption("wild");
    await page.reload();
    await page.getByRole("button", { name: "Rehearse" }).click();
    await page.getByRole("table", { name: /which are caught/ }).waitFor({ timeout: 150_000 });

    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save as JSON" }).click();
    const bytes = await readFile(await (await saved).path(), "utf8");
    const command = (await page.getByText(/^sluice rehearse FILE/).textContent()) ?? "";

    expect(command).toMatch(
      /--seed 7 --daily-swing 3x --noise wild --conversions 5.5% --ready 4.5s --person 2.5m --notice 30m$/,
    );
    const [, ...words] = command.replace("FILE", listing).split(" ");
    const { stdout } = spawnSync(process.execPath, [sluice, ...words, "--json"], { encoding: "utf8" });
    expect(JSON.parse(bytes)[0]).toMatchObject({ seed: 7, podsReadySeconds: 4.5, podsReadyFrom: "as said" });
    expect(JSON.parse(bytes)[0].traffic).toMatchObject({ conversions: 0.055 });
    expect(bytes === stdout).toBe(true);
    expect(complaints).toEqual([]);
  }, 300_000);

  test("what is wrong in a field stands below it, and nothing can be rehearsed until it is right", async () => {
    await page.getByLabel(/as YAML/).fill("kind: Rollout");
    const swing = page.getByLabel("Busiest hour over quietest");
    await swing.fill("0.5");
    await page.getByLabel("Pods ready after, s").fill("soon");

    expect(await swing.getAttribute("aria-invalid")).toBe("true");
    expect(await page.locator(".field-problem").allTextContents()).toEqual([
      "expected from 1 to 100",
      "expected above 0, at most a week, or nothing",
    ]);
    expect(await page.getByRole("button", { name: "Rehearse" }).isDisabled()).toBe(true);
    if (process.env.SCREENSHOTS) await shotsOf(page, process.env.SCREENSHOTS);
    await swing.fill("2");
    await page.getByLabel("Pods ready after, s").fill("");
    expect(await page.getByRole("button", { name: "Rehearse" }).isDisabled()).toBe(false);
  });

  test.skipIf(!existsSync(pasted))(
    "the listing as it is: one Rollout is rehearsed, what is wrong with the other is told",
    async () => {
      await page.getByLabel(/as YAML/).fill(await readFile(pasted, "utf8"));
      await page.getByLabel("Releases of each bad kind").fill("1");
      await page.getByRole("button", { name: "Rehearse" }).click();

      await page.getByRole("table", { name: /which are caught/ }).waitFor({ timeout: 150_000 });

      const told = await page.getByRole("alert").textContent();
      expect(told).toContain("Rollout production/frontend-ring-deployment: it would be refused");
      expect(told).toContain("setCanaryScale");
      // Its queries pool both versions: half of the canary's requests may fail, and the analyses see nothing.
      const row = page.getByRole("row", { name: /^error \+5pp/ });
      expect((await row.getByRole("cell").allTextContents())[0]).toBe("0 %");
      expect(await page.getByText(/AnalysisTemplate latency-p95, which decides nothing here/).count()).toBe(1);
      expect(complaints).toEqual([]);
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: join(process.env.SCREENSHOTS, "listing.png"), fullPage: true });
    },
    180_000,
  );

  test("what the store would refuse is told with the field", async () => {
    const text = await readFile(listing, "utf8");
    await page.getByLabel(/as YAML/).fill(text.replace("setWeight: 5\n", "setWeight: 500\n"));
    await page.getByRole("button", { name: "Rehearse" }).click();

    const told = page.getByRole("alert");
    await told.waitFor({ timeout: 30_000 });

    expect(await told.textContent()).toContain("Rollout production/frontend");
    expect(await told.textContent()).toContain("setWeight");
  });

  test("what is no YAML is told with its line, and what was pasted is there again after the page was left", async () => {
    const text = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata:\n  name: web\n spec: [\n";
    await page.getByLabel(/as YAML/).fill(text);
    await page.getByLabel("Releases of each bad kind").fill("7");
    await page.getByRole("button", { name: "Rehearse" }).click();

    const told = page.getByRole("alert");
    await told.waitFor({ timeout: 30_000 });

    expect(await told.textContent()).toBe("line 5: this is no YAML: bad indentation of a mapping entry at column 2");
    await page.reload();
    expect(await page.getByLabel(/as YAML/).inputValue()).toBe(text);
    expect(await page.getByLabel("Releases of each bad kind").inputValue()).toBe("7");
  });
});
