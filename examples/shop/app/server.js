// A small web shop: a page, an API, health, metrics and a graceful end. No dependencies.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Counter, exposition, Histogram } from "./metrics.js";
import { price, recommend, version } from "./recommend.js";

const page = readFileSync(new URL("./public/index.html", import.meta.url), "utf8").replaceAll("{{version}}", version);
const products = JSON.parse(readFileSync(new URL("./products.json", import.meta.url), "utf8"));
const requests = new Counter("shop_requests_total", "Requests by route and code.");
const seconds = new Histogram("shop_request_seconds", "Time to answer by route.");
const orders = new Counter("shop_orders_total", "Orders placed.");
let isStopping = false;

const routes = {
  "GET /": (_, response) => answer(response, 200, page, "text/html; charset=utf-8"),
  "GET /health": (_, response) => answer(response, 200, { status: "ok" }),
  "GET /ready": (_, response) => answer(response, isStopping ? 503 : 200, { ready: !isStopping }),
  "GET /metrics": (_, response) => answer(response, 200, exposition(), "text/plain; version=0.0.4"),
  "GET /api/products": async (_, response) => {
    const recommended = await recommend(products);
    answer(response, 200, {
      version,
      products: products.map((product) => ({ ...product, price: price(product) })),
      recommended,
    });
  },
  "POST /api/checkout": async (request, response) => {
    const { product: id } = JSON.parse((await read(request)) || "{}");
    const product = products.find((candidate) => candidate.id === id);
    if (product === undefined) return answer(response, 404, { error: `no product ${JSON.stringify(id)}` });
    await recommend(products);
    orders.add({ product: product.id });
    answer(response, 201, { version, product: product.id, paid: price(product) });
  },
};

const server = createServer(async (request, response) => {
  const started = process.hrtime.bigint();
  const path = (request.url ?? "/").split("?")[0];
  const route = `${request.method === "HEAD" ? "GET" : request.method} ${path}`;
  const known = routes[route] === undefined ? "unknown" : route;
  response.on("finish", () => {
    requests.add({ route: known, code: String(response.statusCode) });
    seconds.observe({ route: known }, Number(process.hrtime.bigint() - started) / 1e9);
  });
  try {
    if (routes[route] === undefined) answer(response, 404, { error: `no ${route}` });
    else await routes[route](request, response);
  } catch (error) {
    if (response.headersSent) response.destroy();
    else answer(response, error instanceof SyntaxError ? 400 : 500, { error: error.message, version });
  }
});

function answer(response, code, body, type = "application/json") {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(code, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    "x-shop-version": version,
  });
  response.end(text);
}

async function read(request) {
  let text = "";
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 10_000) throw new SyntaxError("an order is smaller than that");
  }
  return text;
}

// Finishes what it began, then goes.
process.on("SIGTERM", () => {
  isStopping = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

server.keepAliveTimeout = 65_000;
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? "127.0.0.1", () => {
  console.log(`shop ${version} listens on ${server.address().port}`);
});
