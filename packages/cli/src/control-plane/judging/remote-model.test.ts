import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RemoteModels } from "./remote-model.ts";

describe("a model elsewhere", () => {
  let server: Server;
  let answer: (body: string, authorization: string | undefined) => [status: number, body: string] | undefined;
  let asked: { body: string; authorization: string | undefined }[];
  let url: string;
  let now = 0;

  beforeEach(async () => {
    asked = [];
    now = 0;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks).toString();
        const { authorization } = request.headers;
        asked.push({ body, authorization });
        const answered = answer(body, authorization);
        if (answered !== undefined) response.writeHead(answered[0]).end(answered[1]);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const kpis = {
    requests: 100,
    errorRate: 3,
    stableErrorRate: 1,
    errorRateChange: 200,
    p95Change: undefined,
    conversionChange: undefined,
    memoryGrowth: undefined,
    memoryUsage: undefined,
    p95Ms: 240,
  };
  const ask = (models: RemoteModels) =>
    models.ask({
      url,
      token: "s3cret",
      timeoutSeconds: 1,
      kpis,
      metrics: { user_satisfaction: 4.2, orders: 3 },
      requestsPerSecond: 5,
      at: new Date(0),
    });

  test("is asked with the features and the token, and its answer is taken", async () => {
    answer = () => [200, '{"probability":0.93,"explanation":"errors rose","recommended_action":"rollback"}'];

    const { prediction } = await ask(new RemoteModels(() => now));

    expect(prediction).toEqual({ probability: 0.93, explanation: "errors rose", recommendedAction: "rollback" });
    expect(asked[0]?.authorization).toBe("Bearer s3cret");
    expect(JSON.parse(asked[0]?.body ?? "").features).toMatchObject({
      error_rate: 3,
      error_rate_change: 200,
      response_time_change: null,
      response_time_p95: 240,
      cpu_usage: null,
      traffic_volume: 5,
      user_satisfaction: 4.2,
      orders: 3,
    });
  });

  test.each([
    ["an error", () => [500, "s3cret"] as [number, string], "answered with HTTP status 500"],
    ["garbage", () => [200, "<html>s3cret"] as [number, string], "its answer is no JSON"],
    ["no probability", () => [200, '{"probability":7}'] as [number, string], "has no probability from 0 to 1"],
    ["too much", () => [200, "x".repeat(100_000)] as [number, string], "longer than"],
    ["silence", () => undefined, "no answer in time"],
  ])("%s leaves the built-in verdict standing, and says why without a secret", async (_title, answers, message) => {
    answer = answers;

    const result = await ask(new RemoteModels(() => now));

    expect(result.prediction).toBeUndefined();
    expect(result.message).toContain(message);
    expect(result.message).toContain("the built-in verdict stands");
    expect(result.message).not.toContain("s3cret");
  });

  test("one that failed three times in a row isn't asked for a minute", async () => {
    answer = () => [500, ""];
    const models = new RemoteModels(() => now);
    for (let round = 0; round < 4; round++) await ask(models);
    const { message } = await ask(models);
    const whileOpen = asked.length;

    now = 61_000;
    answer = () => [200, '{"probability":0.1}'];
    const { prediction } = await ask(models);

    expect(whileOpen).toBe(3);
    expect(message).toContain("it failed 3 times in a row, at last: answered with HTTP status 500;");
    expect(prediction?.probability).toBe(0.1);
  });
});
