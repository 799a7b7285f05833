// Jobs as real processes, asked for and watched with kubectl.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RunningSluice } from "./fixtures/sluice.ts";
import { buildWebApp } from "./fixtures/web-app.ts";
import { type Kubectl, kubectl } from "./kubectl.ts";

let sluice: RunningSluice;
let command: Kubectl;

beforeAll(async () => {
  sluice = await RunningSluice.start();
  await buildWebApp(sluice, "tool:v1");
  command = kubectl("1.35", join(sluice.data, "kubeconfig"), join(sluice.folder, "cache"));
}, 120_000);

afterAll(() => sluice?.stop(), 60_000);

const ok = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await command(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd();
};

async function job(name: string, shell: string, spec: object = {}, pod: object = {}): Promise<void> {
  const path = join(sluice.folder, `${name}.json`);
  const container = { name: "main", image: "tool:v1", command: ["sh", "-c", shell] };
  const template = {
    spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 2, containers: [container], ...pod },
  };
  await writeFile(
    path,
    JSON.stringify({ apiVersion: "batch/v1", kind: "Job", metadata: { name }, spec: { ...spec, template } }),
  );
  await ok("create", "-f", path);
}

test("it runs to its end: wait, logs, get, describe, delete", async () => {
  await job("hello", "echo hello from $HOSTNAME; exit 0");

  expect(await ok("wait", "--for=condition=complete", "job/hello", "--timeout=60s")).toBe(
    "job.batch/hello condition met",
  );
  expect(await ok("logs", "job/hello")).toMatch(/^hello from hello-\w{5}$/);
  expect(await ok("get", "jobs", "hello")).toMatch(
    /^NAME +STATUS +COMPLETIONS +DURATION +AGE\nhello +Complete +1\/1 +\d+s +\d+s$/,
  );
  const described = await ok("describe", "job", "hello");
  expect(described).toMatch(/Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed/);
  expect(described).toContain("SuccessfulCreate");
  expect(described).toContain("Completed");
  expect(await ok("delete", "job", "hello")).toBe('job.batch "hello" deleted from default namespace');
  expect(await ok("get", "pods", "-l", "job-name=hello", "-o", "name")).toBe("");
});

test("an exit code that isn't 0 fails it", async () => {
  await job("bad", "echo nothing works; exit 7", { backoffLimit: 0 });

  await ok("wait", "--for=condition=failed", "job/bad", "--timeout=60s");

  const path = "{.status.failed} {.status.conditions[?(@.type=='Failed')].reason}";
  expect(await ok("get", "job", "bad", "-o", `jsonpath=${path}`)).toBe("1 BackoffLimitExceeded");
  expect(await ok("logs", "job/bad")).toBe("nothing works");
  const exitCode = "{.items[0].status.containerStatuses[0].state.terminated.exitCode}";
  expect(await ok("get", "pods", "-l", "job-name=bad", "-o", `jsonpath=${exitCode}`)).toBe("7");
});

test("OnFailure: the same Pod tries again", async () => {
  const file = join(sluice.folder, "tried");
  await job("twice", `test -e ${file} || { touch ${file}; exit 1; }`, {}, { restartPolicy: "OnFailure" });

  await ok("wait", "--for=condition=complete", "job/twice", "--timeout=60s");

  const path = "{.items[*].status.containerStatuses[0].restartCount}";
  expect(await ok("get", "pods", "-l", "job-name=twice", "-o", `jsonpath=${path}`)).toBe("1");
});

test("its deadline ends a process that doesn't", async () => {
  await job("slow", "sleep 600", { activeDeadlineSeconds: 2 });

  await ok("wait", "--for=condition=failed", "job/slow", "--timeout=60s");

  const path = "{.status.conditions[?(@.type=='Failed')].reason}";
  expect(await ok("get", "job", "slow", "-o", `jsonpath=${path}`)).toBe("DeadlineExceeded");
});

test("kubectl create job; a CronJob is refused by name", async () => {
  await ok("create", "job", "made", "--image=tool:v1", "--", "true");
  await ok("wait", "--for=condition=complete", "job/made", "--timeout=60s");

  const { code, stderr } = await command(
    "create",
    "cronjob",
    "nightly",
    "--image=tool:v1",
    "--schedule=0 1 * * *",
    "--",
    "true",
  );
  expect(code).toBe(1);
  expect(stderr).toContain("could not find the requested resource");
});
