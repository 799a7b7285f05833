import type { AnalysisRun, BlueGreenDeployment, Resource, Rollout } from "@sluice/api";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { missingBrowser } from "../fixtures/browser.ts";
import { violationsOf, visitEach } from "../fixtures/browser-visit.ts";
import type { ConsoleWorld } from "../fixtures/console-world.ts";

const rollout = { apiVersion: "argoproj.io/v1alpha1", kind: "Rollout", namespace: "shop", name: "shop" };

describe.skipIf(missingBrowser() !== undefined)("the console in a browser, as it is steered", () => {
  let world: ConsoleWorld;
  let page: Page;
  let complaints: string[];
  let open: (address: string) => Promise<void>;
  visitEach("a world each", (visit) => {
    ({ world, page, complaints, open } = visit);
  });
  const readRollout = () => world.client.get<Rollout>(rollout);

  test("a step is skipped by its key, once that is confirmed", async () => {
    await open("/rollouts/shop/shop");

    await page.keyboard.press("s");
    await page.getByRole("dialog", { name: "Skip the step that shop:v4 is at?" }).waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Skip step" }).focus();
    await page.keyboard.press("Enter");

    await expect.poll(async () => (await readRollout())?.status?.currentStepIndex).toBe(4);
    expect((await readRollout())?.status?.pauseConditions).toBeUndefined();
  });

  test("Escape leaves a dialog and changes nothing", async () => {
    await open("/rollouts/shop/shop");
    const abort = page.getByRole("button", { name: "Abort", exact: true });
    await abort.click();

    await page.keyboard.press("Escape");

    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect((await readRollout())?.status?.abort).toBeUndefined();
    expect(await abort.evaluate((button) => button === document.activeElement)).toBe(true);
  });

  test("what makes no sense can't be pressed, and says why", async () => {
    await open("/rollouts/shop/shop");
    const retry = page.getByRole("button", { name: "Retry" });

    await retry.focus();
    await page.keyboard.press("Enter");

    expect(await retry.getAttribute("aria-disabled")).toBe("true");
    await page.getByRole("status").getByText("Retry: It isn't aborted.").waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  test("a refusal of the API stands in the dialog, which stays", async () => {
    await open("/rollouts/shop/shop");
    await page.getByRole("button", { name: "Abort", exact: true }).click();
    await page.getByRole("dialog").waitFor();

    await page.route("**/k8s/**", (route) =>
      route.fulfill({
        status: 409,
        contentType: "application/json",
        body: '{"message":"the object has been modified"}',
      }),
    );
    await page.getByRole("dialog").getByRole("button", { name: "Abort" }).click();

    await page.getByRole("alert").getByText("the object has been modified").waitFor();
  });

  test("the keys are listed, and can be switched off", async () => {
    await open("/applications");

    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    const violations = await violationsOf(page);
    await page.getByLabel("Keys work on their own").uncheck();
    await page.keyboard.press("Escape");
    await page.keyboard.press("g");
    await page.keyboard.press("p");
    await page.waitForTimeout(100);

    expect(new URL(page.url()).pathname).toBe("/applications");
    expect(violations.map(({ id }) => id)).toEqual([]);
  });

  test("a deploy over two colours is taken back by its key; another one given the traffic back", async () => {
    const deploy = {
      apiVersion: "sluice.dev/v1alpha1",
      kind: "BlueGreenDeployment",
      namespace: "shop",
      name: "storefront",
    };
    const spec = async () => (await world.client.get<BlueGreenDeployment>(deploy))?.spec;
    await open("/bluegreen/shop/storefront");
    await page.keyboard.press("x");
    await page
      .getByRole("dialog", { name: "Take storefront:1.5 back?" })
      .getByRole("button", { name: "Abort" })
      .click();
    await expect.poll(spec).toMatchObject({ release: "5c1e9a07", abort: true, by: "somebody in the console" });

    const ended = {
      phase: "Aborted",
      outcome: { phase: "Aborted", message: "taken back by somebody in the console" },
    };
    await world.client.patch(deploy, { type: "merge", value: { status: ended } }, { subresource: "status" });
    await page.getByText("storefront:1.5 was taken back by somebody in the console.").waitFor();
    await page.getByRole("button", { name: "Roll back" }).click();
    await page
      .getByRole("dialog", { name: "Give green the traffic again?" })
      .getByRole("button", { name: "Roll back" })
      .click();

    await expect.poll(async () => (await spec())?.release).not.toBe("5c1e9a07");
    const { image, abort, ...way } = (await spec()) ?? {};
    expect([image, abort]).toEqual([undefined, undefined]);
    expect(way).toMatchObject({ label: "version", by: "somebody in the console", drainSeconds: 30 });
    await page.getByText("It begins as soon as the control plane takes it up.").waitFor();
  });

  test("an analysis of its own is ended before its time", async () => {
    const run = {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      namespace: "shop",
      name: "checkout-latency",
    };
    await open("/analysis/shop/checkout-latency");

    await page.keyboard.press("x");
    const asked = page.getByRole("dialog", { name: "End checkout-latency now?" });
    await asked.getByRole("button", { name: "End it" }).click();

    await expect.poll(async () => (await world.client.get<AnalysisRun>(run))?.spec.terminate).toBe(true);
    await world.client.patch(
      run,
      { type: "merge", value: { status: { phase: "Failed", message: "p95 is too high" } } },
      { subresource: "status" },
    );
    await page.getByText("p95 is too high").waitFor();
    expect(await page.getByRole("button", { name: "End it" }).getAttribute("aria-disabled")).toBe("true");
  });

  test("thousands of runs are shown a hundred at a time", async () => {
    await Promise.all(
      Array.from({ length: 1500 }, (_, index) =>
        world.client.create({
          apiVersion: "argoproj.io/v1alpha1",
          kind: "AnalysisRun",
          metadata: { name: `nightly-${index}`, namespace: "shop" },
          spec: { metrics: [{ name: "errors", provider: { prometheus: { query: "vector(0)" } } }] },
        } as Resource),
      ),
    );
    await open("/analysis?q=nightly");

    expect(await page.locator("tbody tr").count()).toBe(100);
    await page.getByRole("button", { name: "Show 100 more" }).click();
    expect(await page.locator("tbody tr").count()).toBe(200);
    await page.getByLabel("Filter analysis runs").fill("nightly-1234");
    await expect.poll(() => page.locator("tbody tr").count()).toBe(1);
  });

  test("one long name leaves the messages their room, and what no controller has seen isn't done", async () => {
    const name = "a-pod-with-a-name-that-somebody-thought-to-be-a-good-idea-at-the-time";
    await world.client.create({
      apiVersion: "v1",
      kind: "Event",
      metadata: { name: "long", namespace: "shop" },
      reason: "SomethingThatHasAnExtremelyLongNameOfItsOwnIndeed",
      message: "said of it",
      involvedObject: { apiVersion: "v1", kind: "Pod", name, namespace: "shop" },
      lastTimestamp: new Date().toISOString(),
    } as Resource);
    const seen = await readRollout();
    const metadata = { name: "unseen", namespace: "shop" };
    await world.client.create({ ...seen, metadata, status: undefined } as Resource);

    await open("/events?q=said");
    const { width = 0 } = (await page.getByText("said of it").boundingBox()) ?? {};
    await open("/rollouts?q=unseen");

    expect(width).toBeGreaterThan(400);
    expect(await page.getByRole("row", { name: /^unseen/ }).textContent()).toContain("not begun");
  });

  test("by keyboard alone: to the release, promote, confirm; the focus comes back", async () => {
    await open("/applications");

    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.getByRole("heading", { name: "Rollouts" }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
    const link = page.getByRole("link", { name: "shop", exact: true });
    for (let presses = 0; presses < 10 && !(await link.evaluate((one) => one === document.activeElement)); presses++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    const promote = page.getByRole("button", { name: "Promote", exact: true });
    await promote.waitFor();
    await promote.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "Promote shop:v4?" }).waitFor();
    for (let presses = 0; presses < 5; presses++) {
      await page.keyboard.press("Tab");
      const isInside = await page.evaluate(() => {
        const { activeElement } = document;
        return activeElement === document.body || activeElement?.closest("dialog") !== null;
      });
      expect(isInside).toBe(true);
    }
    await page.getByRole("dialog").getByRole("button", { name: "Promote" }).focus();
    await page.keyboard.press("Enter");

    await expect.poll(async () => (await readRollout())?.status?.pauseConditions).toBeUndefined();
    await page.getByRole("status").getByText("Promoted: the release goes on.").waitFor();
    expect(await promote.evaluate((button) => button === document.activeElement)).toBe(true);
    expect(complaints).toEqual([]);
  });

  test("a version marked bad carries the reason that was given", async () => {
    await open("/rollouts/shop/shop");

    await page.getByRole("button", { name: "Abort as bad" }).click();
    await page.getByLabel("Why, for those who look later").fill("the basket is empty");
    await page.getByRole("dialog").getByRole("button", { name: "Abort as bad" }).click();

    await expect
      .poll(async () => (await readRollout())?.metadata.annotations?.["sluice.dev/bad"])
      .toBe("the basket is empty");
  });

  test("a change is shown as it happens, and only where it is", async () => {
    await open("/rollouts/shop/shop");
    await page.getByText("75 %", { exact: true }).waitFor();
    await expect
      .poll(() => page.getByRole("row", { name: /shop:v4 canary/ }).textContent(), { timeout: 10_000 })
      .toMatch(/ms/);
    await page.evaluate(() => {
      const changed = new Set<string>();
      Object.assign(window, { changed });
      new MutationObserver((records) => {
        for (const { target } of records) {
          const element = target instanceof Element ? target : target.parentElement;
          const clock = element?.closest("time, figure, .versions, .step-note, .messages, .retry");
          if (clock === null) changed.add(element?.closest("section")?.getAttribute("aria-label") ?? "elsewhere");
        }
      }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
    });

    const weights = {
      canary: { weight: 50, podTemplateHash: "76f4dbb86" },
      stable: { weight: 50, podTemplateHash: "59f758c9b6" },
    };
    await world.client.patch(
      rollout,
      { type: "merge", value: { status: { canary: { weights } } } },
      { subresource: "status" },
    );

    await expect.poll(() => page.getByText("50 %", { exact: true }).count()).toBeGreaterThanOrEqual(2);
    const changed = await page.evaluate(() => [...(window as unknown as { changed: Set<string> }).changed]);
    expect(changed).toEqual(["Progress"]);
  });

  test("when the control plane goes away the page says so, keeps what it shows, and comes back by itself", async () => {
    await open("/rollouts/shop/shop");
    await page.getByText("shop:v4 waits for you").waitFor();

    await world.goAway();
    await page.getByRole("alert").getByText("The control plane is away; traffic goes on.").waitFor({ timeout: 15_000 });
    expect(await page.getByText("shop:v4 waits for you").isVisible()).toBe(true);
    const violations = await violationsOf(page);
    await world.client.patch(
      rollout,
      { type: "merge", value: { status: { phase: "Healthy", stableRS: "76f4dbb86" } } },
      { subresource: "status" },
    );
    await world.comeBack();

    await page.getByText("shop:v4 has all traffic.").waitFor({ timeout: 15_000 });
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(violations.map(({ id }) => id)).toEqual([]);
  });
});
