import { afterEach, expect, test } from "vitest";
import type { RingsEntry } from "../table.ts";
import { backend, endAll, get, raw, routerFor, shopTable, split } from "./fixture.ts";

afterEach(endAll);

const rings = (share: number): RingsEntry => ({
  rollout: "shop",
  namespace: "default",
  canary: 1,
  stable: 0,
  user: { cookie: "user" },
  salt: "",
  share,
  rings: [
    {
      name: "employees",
      isOn: true,
      who: [{ header: "x-email", operator: "contains", values: ["@example.com"] }],
    },
    { name: "everyone", isOn: share > 0, who: [] },
  ],
});

async function shop(share: number, versions = { v1: true, v2: true }) {
  const { port: v1 } = await backend((_, response) => response.end("v1"));
  const { port: v2 } = await backend((_, response) => response.end("v2"));
  const ports = { v1: versions.v1 ? [v1] : [], v2: versions.v2 ? [v2] : [] };
  const served = await routerFor(shopTable(ports, [split({ v1: 95, v2: 5 }, { rings: rings(share) })]));
  const ask = async (headers: string) => {
    const answer = await raw(served.port, get("/", `${headers}Connection: close\r\n`));
    return answer.slice(answer.indexOf("\r\n\r\n") + 4);
  };
  return { ...served, ask };
}

const employee = "X-Email: dana@example.com\r\n";

test("who is named gets the new version, and a stranger never", async () => {
  const { router, ask } = await shop(0);

  for (let count = 0; count < 5; count++) expect(await ask(employee)).toBe("v2");
  for (let count = 0; count < 30; count++) expect(await ask("")).toBe("v1");
  expect(await ask("Cookie: user=dana\r\n")).toBe("v1");

  const text = router.metricsText();
  const labels = 'namespace="default",rollout="shop",ring="employees"';
  expect(text).toContain(`http_ring_requests_total{${labels},by="who",destination="canary"} 5\n`);
  expect(text).toContain(`http_ring_requests_total{${labels},by="weight",destination="stable"} 30\n`);
  expect(text).toContain(`http_ring_requests_total{${labels},by="share",destination="stable"} 1\n`);
});

test("users keep their version; who says no name is dealt by the same share", async () => {
  const { ask } = await shop(20);

  // Bucket 16,758 of 100,000.
  for (let count = 0; count < 5; count++) expect(await ask("Cookie: a=b; user=dana\r\n")).toBe("v2");
  for (let count = 0; count < 5; count++) expect(await ask("Cookie: user=jos%C3%A9%40example.com\r\n")).toBe("v1");
  const nameless = [];
  for (let count = 0; count < 20; count++) nameless.push(await ask(""));
  expect(nameless.filter((version) => version === "v2")).toHaveLength(4);
});

test("where the new version has no Pod ready, its users get the old one; a stranger never gets the new one instead", async () => {
  const withoutNew = await shop(0, { v1: true, v2: false });
  expect(await withoutNew.ask(employee)).toBe("v1");

  const withoutOld = await shop(0, { v1: false, v2: true });
  expect(await withoutOld.ask(employee)).toBe("v2");
  expect(await withoutOld.ask("")).toContain("NoBackendReady");
});
