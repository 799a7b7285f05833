import { type IncomingMessage, request } from "node:http";
import type { Resource } from "@sluice/api";
import { after, type Clock, instant, minutes } from "@sluice/kernel";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ConsoleWorld, consoleWorld, realClock } from "../fixtures/console-world.ts";

let world: ConsoleWorld;
let ahead = 0;
const clock: Clock = { ...realClock, now: () => instant(Date.now() + ahead) };

beforeAll(async () => {
  world = await consoleWorld({ clock });
});
afterAll(() => world.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** By hand: fetch lets nobody set Host, Origin or Sec-Fetch-Site. */
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  const { port } = new URL(world.origin);
  return new Promise((resolve, reject) => {
    const asked = request({
      host: "127.0.0.1",
      port,
      path,
      method,
      headers: { host: `localhost:${port}`, ...headers },
    });
    asked.on("error", reject);
    asked.on("response", (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.end();
  });
}

async function signIn(): Promise<string> {
  const { headers } = await ask(world.handler.createLoginLink());
  return (headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
}

test("a link signs in once, by a cookie that no script and no other site can use", async () => {
  const link = world.handler.createLoginLink();

  const first = await ask(link);
  const second = await ask(link);

  expect([first.status, first.headers.location]).toEqual([303, "/"]);
  expect(first.headers["set-cookie"]?.[0]).toMatch(/^sluice-\w+=\S+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  expect(second.status).toBe(401);
  expect(second.headers["set-cookie"]).toBeUndefined();
});

test("what looks ahead at a link doesn't use it up", async () => {
  const link = world.handler.createLoginLink();

  await ask(link, {}, "HEAD");

  expect((await ask(link)).status).toBe(303);
});

test("a link is good for ten minutes, a session for a week", async () => {
  const [early, late] = [world.handler.createLoginLink(), world.handler.createLoginLink()];
  const cookie = await signIn();

  ahead = minutes(9);
  const inTime = await ask(early);
  ahead = minutes(11);
  const tooLate = await ask(late);
  const sameWeek = await ask("/", { cookie });
  ahead = minutes(60 * 24 * 7 + 1);
  const nextWeek = await ask("/", { cookie });
  ahead = 0;

  expect([inTime.status, tooLate.status, sameWeek.status, nextWeek.status]).toEqual([303, 401, 503, 401]);
});

test("a session that somebody made up, or made longer, is none", async () => {
  const [name = "", value = ""] = (await signIn()).split("=");
  const [, nonce, signature] = value.split(".");
  const longer = `${after(realClock.now(), minutes(1_000_000))}.${nonce}.${signature}`;

  const answers = await Promise.all(
    [`${name}=${longer}`, `${name}=1.2.3`, `${name}=`, "other=1"].map((cookie) => ask("/live?watch=pods", { cookie })),
  );

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
});

test("without a session there is a page that says how to get one, and nothing else", async () => {
  const page = await ask("/rollouts/shop/shop");
  const paths = ["/k8s/api/v1/pods", "/prometheus/api/v1/query?query=up", "/live?watch=pods"];
  const answers = await Promise.all(paths.map((path) => ask(path)));

  expect(page.status).toBe(401);
  expect(page.body).toContain("sluice status");
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
});

test("with a session the API and the metrics answer under their prefixes", async () => {
  const cookie = await signIn();

  const pods = await ask("/k8s/api/v1/namespaces/shop/pods?limit=1", { cookie });
  const query = await ask("/prometheus/api/v1/query?query=vector(1)", { cookie });

  expect([pods.status, JSON.parse(pods.body).kind]).toEqual([200, "PodList"]);
  expect(JSON.parse(query.body).status).toBe("success");
});

test("a path can't lead out of the API", async () => {
  const cookie = await signIn();
  const paths = [
    "/k8s//elsewhere.example/apis/x",
    "/k8s//elsewhere.example/../../metrics",
    "/k8s/version",
    "/k8s/api/../metrics",
    "/prometheus/-/reload",
    "/k8sapis/apps/v1",
  ];

  const answers = await Promise.all(paths.map((path) => ask(path, { cookie })));
  const normalised = await ask("/k8s//elsewhere.example/../../api/v1/pods", { cookie });

  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404, 404, 503]);
  expect([normalised.status, JSON.parse(normalised.body).kind]).toEqual([200, "PodList"]);
});

test.each([
  ["another name for this machine", { host: "evil.example" }],
  ["another page's script", { origin: "http://evil.example" }],
  ["the same name on another port", { origin: "http://localhost:1" }],
  [
    "an image on another page",
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" },
  ],
  ["another port's form", { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }],
])("a session doesn't help %s", async (_, headers) => {
  const cookie = await signIn();

  const answer = await ask("/k8s/api/v1/pods", { cookie, ...headers } as Record<string, string>);

  expect(answer.status).toBe(403);
});

test("pages run only our scripts, in no frame, and no answer is guessed to be another type", async () => {
  const { headers } = await ask("/");

  expect(headers["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self';.*frame-ancestors 'none'/);
  expect(headers["content-security-policy"]).not.toContain("unsafe");
  expect(headers["x-content-type-options"]).toBe("nosniff");
});

test("only files of the build are served", async () => {
  const names = ["../../package.json", "..%2f..%2fpackage.json", ".env", "console.html", "%00.js"];

  const answers = await Promise.all(names.map((name) => ask(`/assets/${name}`)));

  expect(answers.every(({ status }) => status === 404 || status === 401)).toBe(true);
});

/** What a watch sends until all that there is has come. */
async function watched(watch: string): Promise<readonly Resource[]> {
  const cookie = await signIn();
  const { port } = new URL(world.origin);
  const headers = { host: `localhost:${port}`, cookie };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: `/live?watch=${watch}`, headers });
    asked.on("error", reject).on("response", resolve).end();
  });
  let text = "";
  for await (const chunk of response) {
    text += chunk;
    if (response.statusCode !== 200 || text.includes('"READY"')) break;
  }
  if (response.statusCode !== 200) throw new Error(`${response.statusCode}`);
  const messages = text.split("\n").filter(Boolean);
  return messages.flatMap((line) => (JSON.parse(line) as { readonly object?: Resource }).object ?? []);
}

test("a page of one object is sent that one; a list nothing that it doesn't show", async () => {
  const run = (name: string) =>
    ({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: {
        name,
        namespace: "shop",
        annotations: { "kubectl.kubernetes.io/last-applied-configuration": "a lot" },
      },
      spec: { metrics: [{ name: "errors", provider: { prometheus: { query: "sum(errors)" } } }] },
    }) as unknown as Resource;
  await world.client.create(run("one"));
  await world.client.create(run("another"));

  const [whole, ...others] = await watched("analysisruns,shop,,one");
  const list = await watched("analysisruns,,,,brief");

  expect([whole?.metadata.name, others]).toEqual(["one", []]);
  expect(JSON.stringify(whole)).toContain("sum(errors)");
  expect(list.map(({ metadata }) => metadata.name).toSorted()).toEqual(["another", "one"]);
  expect(JSON.stringify(list)).toContain('"errors"');
  expect(JSON.stringify(list)).not.toMatch(/sum\(errors\)|a lot/);
  await expect(watched("analysisruns,shop,,one%20or%20another")).rejects.toThrow("400");
});
