import { join } from "node:path";
import { millis } from "@sluice/kernel";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missingBrowser } from "../fixtures/browser.ts";
import { violationsOf, visitEach } from "../fixtures/browser-visit.ts";
import type { ConsoleWorld } from "../fixtures/console-world.ts";
import { learnedDay } from "../fixtures/planted-rehearsals.ts";
import type { LearnedDay } from "../live/rehearsals.ts";

const _rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "shop", name: "shop" };
const pod = "shop-59f758c9b6-1";
const addresses = [
  "/applications",
  "/applications/argocd/shop",
  "/rollouts",
  "/rollouts/shop/shop",
  "/rollouts/shop/checkout",
  "/bluegreen",
  "/bluegreen/shop/storefront",
  "/experiments",
  "/experiments/shop/search-trial",
  "/analysis",
  "/analysis/shop/checkout-latency",
  "/pods",
  `/pods/shop/${pod}`,
  "/rehearse",
  "/events",
] as const;

describe.skipIf(missingBrowser() !== undefined)("the console in a browser", () => {
  let world: ConsoleWorld;
  let page: Page;
  let complaints: string[];
  let open: (address: string) => Promise<void>;
  visitEach("one world", (visit) => {
    ({ world, page, complaints, open } = visit);
  });

  test.each(addresses)("%s shows itself without a complaint, in light and dark, wide and narrow", async (address) => {
    await open(address);
    if (address === "/rollouts/shop/shop") {
      await page.getByLabel("With events").check();
      await page.getByText("Evidence").first().click();
      await page.getByText("shop:v3 is quarantined").click();
    }
    for (const summary of await page.locator(".metric summary").all()) await summary.click();
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(overflow, `nothing sticks out at ${width}`).toBeLessThanOrEqual(0);
      for (const colorScheme of width > 400 ? (["light", "dark"] as const) : (["dark"] as const)) {
        // Colours under way from one scheme to the other are nobody's to read.
        await page.emulateMedia({ colorScheme });

        const violations = await violationsOf(page, colorScheme === "dark" && width > 400);

        const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        expect(found, `${colorScheme} ${width}`).toEqual([]);
      }
    }
    expect(complaints).toEqual([]);
  });

  test("the release page shows steps, weights, versions, traffic, analysis and decisions", async () => {
    await open("/rollouts/shop/shop");

    await page.getByText("shop:v4 waits for you at step 4 of 7.").waitFor();
    const step = page.locator('[aria-current="step"]');
    expect(await step.textContent()).toContain("Waits until somebody promotes it, now");
    expect(await page.getByLabel("Traffic by version").first().textContent()).toMatch(
      /75 %shop:v2 stable.*20 %shop:v4 canary.*5 %shop-trial experiment/,
    );
    const canary = page.getByRole("region", { name: "Versions" }).getByRole("row", { name: /shop:v4/ });
    await expect.poll(() => canary.textContent(), { timeout: 10_000 }).toMatch(/1 of 1 ready.*\d\d\/s.*0 %.*ms/);
    expect(await page.getByRole("row", { name: /shop:v3/ }).textContent()).toMatch(/quarantined.*no traffic/);
    expect(await page.getByText("taken back", { exact: true }).count()).toBe(1);
  });

  test("measurements stand on a chart with their thresholds, dry runs apart", async () => {
    await open("/rollouts/shop/shop");
    const analysis = page.getByRole("region", { name: "Analysis", exact: true });
    const metric = (name: string) => analysis.locator(".metric", { hasText: name });

    const measured = metric("success-rate").getByRole("list").getByRole("listitem");
    expect(await measured.allTextContents()).toMatchObject([
      expect.stringContaining("Successful 1 "),
      expect.stringContaining("Failed 0.925 "),
      expect.stringContaining("Inconclusive 0.975 "),
      expect.stringContaining("Successful 0.998 "),
    ]);
    const heights = await measured.evaluateAll((marks) =>
      marks.map((mark) => mark.getBoundingClientRect()).map(({ y, height }) => y + height / 2),
    );
    const line = await metric("success-rate")
      .locator(".threshold")
      .evaluate((element) => element.getBoundingClientRect().y);
    expect(heights.map((height) => height < line)).toEqual([true, false, false, true]);
    expect(await metric("baskets").textContent()).toContain("dry run: decides nothing");
    expect(await metric("latency-p95").textContent()).toContain("not measured yet");
  });

  test("an experiment, the rings and the judge have their say", async () => {
    await open("/rollouts/shop/shop");

    const experiments = page.getByRole("region", { name: "Experiments" });
    expect(await experiments.getByRole("row", { name: /baseline/ }).textContent()).toMatch(/shop:v2Running1 of 1none/);
    expect(await experiments.getByRole("row", { name: /shop:v4/ }).textContent()).toMatch(/Running1 of 15 %/);
    expect(await experiments.locator(".threshold").textContent()).toBe("0.05");
    expect(await experiments.getByText("Error no data").count()).toBe(1);
    const rings = page.getByRole("region", { name: "Rings" });
    await expect
      .poll(() => rings.getByRole("row", { name: /all others/ }).textContent(), { timeout: 10_000 })
      .toMatch(/all others.*9\d\.\d %1\d\.\d %/);
    expect(await rings.getByRole("row", { name: /employees/ }).textContent()).toMatch(
      /x-employee is true.*on.*100\.0 %/,
    );
    expect(await rings.getByRole("row", { name: /partners/ }).textContent()).toContain("from 100 %");
    const judge = page.getByRole("region", { name: "The judge" });
    expect(await judge.textContent()).toMatch(/holds the weight.*latency of shop:v4.*p95-grows.*11 windows/);
    const bars = judge.locator(".nats-bar span");
    const widths = await bars.evaluateAll((all) => all.map((bar) => bar.getBoundingClientRect().width));
    expect(widths[0]).toBeGreaterThan(widths[1] ?? 0);
    expect(widths[3]).toBe(0);
  });

  test("the page shows what the release changes, and no value of a Secret reaches the browser", async () => {
    const answers: string[] = [];
    page.on("response", async (response) => {
      if (response.url().includes("/changes/")) answers.push(await response.text());
    });
    await open("/rollouts/shop/shop");

    const changes = page.getByRole("region", { name: "What it changes" });
    await changes.getByText("containers[shop].image").waitFor();
    expect(await changes.getByRole("region", { name: "Pod template" }).textContent()).toMatch(/shop:v2.*shop:v4/);
    const settings = await changes.getByRole("region", { name: "ConfigMap shop-config" }).textContent();
    expect(settings).toMatch(/fee: 5.*fee: 7.*banner.*winter sale/s);
    expect(settings).not.toContain("currency");
    const secret = await changes.getByRole("region", { name: "Secret shop-database" }).textContent();
    expect(secret).toBe("Secret shop-databasepasswordis another; its value isn't shown");
    await expect.poll(() => answers.length).toBe(1);
    expect(answers[0]).not.toMatch(/dGhlL|the-(old|new)-password/);
  });

  test("a deploy over two colours shows its sides, what came of each step, and what to do", async () => {
    await open("/bluegreen");
    await page
      .getByRole("row", { name: /mailer/ })
      .getByText("there is no Service mailer")
      .waitFor();

    await page.getByRole("link", { name: "storefront" }).click();

    await page.getByText("storefront:1.5 is on its way to green: step 4 of 8, the smoke test runs.").waitFor();
    expect(await page.locator('[aria-current="step"]').textContent()).toContain("smoke:1 tries green, now");
    const sides = page.getByRole("region", { name: "The two sides" });
    expect(await sides.getByRole("row", { name: /blue/ }).textContent()).toMatch(/live.*1\.4.*3 of 3 ready100 %/);
    expect(await sides.getByRole("row", { name: /green/ }).textContent()).toMatch(/idle.*1\.5.*no traffic/);
    const steps = page.getByRole("region", { name: "Steps", exact: true }).locator("li");
    expect(await steps.allTextContents()).toMatchObject([
      expect.stringMatching(/^done.*green starts2 s$/),
      expect.stringMatching(/^done.*3 of 3 Pods of green are ready23 s$/),
      expect.stringMatching(/^done.*\/health.*3 s$/),
      expect.stringMatching(/^now.*the smoke test runs.*storefront-smoke-a1b2c3/),
      expect.stringContaining("to comeService storefront picks green"),
      expect.stringContaining("20 requests for / through the router"),
      expect.stringContaining("blue stays for 30 s"),
      expect.stringContaining("storefront-blue is scaled down"),
    ]);
    await page.getByText("sluice bluegreen abort --service storefront --namespace shop").waitFor();
    await page.getByRole("button", { name: "Roll back" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Roll back: A deploy is under way: abort it.").waitFor();
  });

  test("an experiment and an analysis of no release are found, shown, and lead to each other", async () => {
    await open("/analysis");
    expect(await page.locator("tbody tr").count()).toBe(4);
    await page.getByLabel("Of no release only").check();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByRole("link", { name: "checkout-latency" }).click();
    await page.getByText("2 successful · 1 failed of at most 1 · 1 error").waitFor();
    await page.getByText("4 measurements", { exact: true }).click();
    expect(await page.locator(".measurements tbody tr").allTextContents()).toMatchObject([
      expect.stringContaining("Successful260"),
      expect.stringContaining("Errorno datano answer within 10 s"),
      expect.stringContaining("Failed341"),
      expect.stringContaining("Successful213"),
    ]);
    expect(await page.locator(".threshold").textContent()).toBe("300");
    expect(await page.getByText("histogram_quantile(0.95, checkout_300)").count()).toBe(1);

    await open("/experiments?q=search");

    await page.getByRole("link", { name: "search-trial" }).click();
    const versions = page.getByRole("region", { name: "Versions beside each other" });
    await versions.getByRole("row", { name: /next/ }).getByText("1 of 2").waitFor();
    await page.getByText(/5\d min.* left/).waitFor();
    await page.getByRole("link", { name: "search-trial-compare" }).click();
    await page.getByRole("link", { name: "search-trial", exact: true }).waitFor();
  });

  test("from the release to its analysis and its experiment and back", async () => {
    await open("/rollouts/shop/shop");

    await page.getByRole("link", { name: "Each measurement of shop-76f4dbb86-5", exact: true }).click();
    await page.getByRole("heading", { name: "shop-76f4dbb86-5", exact: true }).waitFor();
    await page.getByRole("link", { name: "shop", exact: true }).click();
    await page.getByRole("link", { name: "Open experiment shop-76f4dbb86-5-1" }).click();
    const versions = page.getByRole("region", { name: "Versions beside each other" });

    await expect.poll(() => versions.getByRole("row", { name: /canary/ }).textContent()).toContain("5 %");
  });

  test("what rehearsals predicted stands beside what came of it", async () => {
    await open("/rehearse");

    const section = page.getByRole("region", { name: "Predicted against actual" });
    await section.getByText("1 of 2 durations and 1 of 1 harms lay where nine in ten should.").waitFor();
    const rows = section.locator("tbody tr");
    expect(await rows.allTextContents()).toMatchObject([
      expect.stringMatching(/^shop@4shop:v4.*taken back2 min \(60 s to 4 min\)3 min.*400 \(90 to 900\)510$/),
      expect.stringMatching(/^shop@3shop:v3.*promoted20 min30 min.*–0$/),
    ]);
    const late = rows.nth(1);
    const [bar, mark] = await Promise.all([".interval", ".actual"].map((part) => late.locator(part).boundingBox()));
    expect((mark?.x ?? 0) - ((bar?.x ?? 0) + (bar?.width ?? 0))).toBeGreaterThan(0);
    await section.getByText("1 of 3 releases ended with no prediction kept before them.").waitFor();
  });

  test("every page is there before it is asked for: later the control plane may be away", async () => {
    const fetched = page.waitForResponse(/console-rehearsal-page-[^/]*\.js$/);
    await open("/rollouts");
    // It is there once all is that it imports.
    await page.evaluate(`import(${JSON.stringify((await fetched).url())})`);
    await page.route("**/assets/**", (route) => route.abort());

    await page.getByRole("link", { name: "Rehearse" }).click();

    await page.getByRole("heading", { name: "Rehearse a release" }).waitFor();
    await page.getByRole("button", { name: "Rehearse", exact: true }).waitFor();
  });

  test("a page whose file is gone says so, and can be loaded again", async () => {
    await page.route("**/console-rehearsal-page-*", (route) => route.abort());
    await page.goto(`${world.origin}/rehearse`);

    await page.getByText("This page could not be fetched.").waitFor();
    await page.unroute("**/console-rehearsal-page-*");
    await page.getByRole("button", { name: "Load it again" }).click();

    await page.getByRole("button", { name: "Rehearse", exact: true }).waitFor();
  });

  test("a rehearsal is of the users that a service really has", async () => {
    await open("/rehearse");

    await page.getByLabel("An ordinary day of a Rollout that runs here").fill("shop/checkout");
    await page.getByRole("button", { name: "Use its own traffic" }).click();
    await page.getByText("there is no Rollout checkout in shop").waitFor();
    complaints.splice(0);
    await page.getByLabel("An ordinary day of a Rollout that runs here").fill("shop/shop");
    await page.getByRole("button", { name: "Use its own traffic" }).click();
    await page.getByText("the busiest hour has 3 times the quietest").waitFor();

    expect(await page.getByLabel("Requests a second").inputValue()).toBe("41.2");
    expect(await page.getByLabel("Errors of an ordinary day, %").inputValue()).toBe("0.7");
    expect(await page.getByLabel("p95, ms").inputValue()).toBe("180");
    await page.reload();
    await page.getByText("the busiest hour has 3 times the quietest").waitFor();
    expect(await page.getByLabel("Requests a second").inputValue()).toBe("41.2");
    expect(await page.getByLabel("Noise").inputValue()).toBe("learned");
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: join(process.env.SCREENSHOTS, "learned.png"), fullPage: true });
    await page.getByRole("button", { name: "Made-up users again" }).click();
    expect(await page.getByLabel("Requests a second").inputValue()).toBe("100");
  });

  test("a service with too little history leaves the users made up, and there is nothing to take back", async () => {
    const traffic = { ...learnedDay.traffic, requestsPerSecond: 7 };
    const day: LearnedDay = { isLearned: false, traffic, words: ["too little to learn from: it goes back 8 min"] };
    await page.route("**/learned/shop/shop", (route) => route.fulfill({ json: day }));
    await open("/rehearse");

    await page.getByLabel("An ordinary day of a Rollout that runs here").fill("shop/shop");
    await page.getByRole("button", { name: "Use its own traffic" }).click();
    await page.getByText("too little to learn from: it goes back 8 min").waitFor();

    expect(await page.getByLabel("Requests a second").inputValue()).toBe("100");
    expect(await page.getByRole("button", { name: "Made-up users again" }).count()).toBe(0);
  });

  test("its Pods tell how long they take where its users are too few to learn from", async () => {
    const readiness = { millis: millis(4000), spread: 0, pods: 3 };
    const words = ["too little to learn from: it goes back 8 min", "of its 3 Pods 3 tell: ready 4 s"];
    const day: LearnedDay = { isLearned: false, traffic: learnedDay.traffic, readiness, words };
    await page.route("**/learned/shop/shop", (route) => route.fulfill({ json: day }));
    await open("/rehearse");

    await page.getByLabel("An ordinary day of a Rollout that runs here").fill("shop/shop");
    await page.getByRole("button", { name: "Use its own traffic" }).click();
    await page.getByText("of its 3 Pods 3 tell: ready 4 s").waitFor();

    expect(await page.getByLabel("Requests a second").inputValue()).toBe("100");
    expect(await page.getByLabel("Noise").inputValue()).toBe("normal");
    expect(await page.getByLabel("Pods ready after, s").getAttribute("placeholder")).toBe("4");
    await page.getByRole("button", { name: "Made-up users again" }).click();
    expect(await page.getByLabel("Pods ready after, s").getAttribute("placeholder")).toBe("15");
  });

  test("a log is followed, and by scrolling up it stays where it is read", async () => {
    await page.setViewportSize({ width: 1280, height: 600 });
    await open(`/pods/shop/${pod}`);
    await page.getByText("GET /api/products 200").waitFor();
    await page.getByText("tick 30", { exact: true }).waitFor();

    const log = page.getByLabel("Log of shop");
    const isAtEnd = () => log.evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 24);
    expect(await isAtEnd()).toBe(true);
    await log.evaluate((box) => box.scrollTo({ top: 0 }));
    await page.getByRole("button", { name: "Follow the end" }).waitFor();
    await page.getByText("tick 40", { exact: true }).waitFor();
    expect(await log.evaluate((box) => box.scrollTop)).toBe(0);
    await page.getByRole("button", { name: "Follow the end" }).click();
    await expect.poll(isAtEnd, { timeout: 10_000 }).toBe(true);
  });

  test("a filter is part of the address", async () => {
    await open("/pods?q=59f758c9b6");

    expect(await page.locator("tbody tr").count()).toBe(3);
    await page.getByLabel("Filter pods").fill("nothing like it");
    await page.getByText("No pod matches the filter").waitFor();
    expect(new URL(page.url()).searchParams.get("q")).toBe("nothing like it");
  });

  test("five pages at once are live: a browser opens six connections to a host, and each page keeps one", async () => {
    const others = await Promise.all(Array.from({ length: 4 }, () => page.context().newPage()));
    for (const other of others) {
      await other.goto(`${world.origin}/rollouts/shop/shop`);
      await other.getByText("shop:v4 waits for you").waitFor();
    }

    await open("/applications");

    await page.getByRole("link", { name: "shop", exact: true }).waitFor();
  });
});
