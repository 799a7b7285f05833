import { expect, test } from "vitest";
import { type Refusal, saidOf } from "../../testing/refuses.ts";

const refusals: readonly Refusal[] = [
  ["VirtualService", { "spec.http.0.fault": {} }, "spec.http[0].fault", "abort or delay"],
  ["VirtualService", { "spec.http.0.fault": { delay: {} } }, "spec.http[0].fault.delay.fixedDelay", "at least 1ms"],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { httpStatus: 199, percentage: { value: 1 } } } },
    "spec.http[0].fault.abort.httpStatus",
    "200 to 599",
  ],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { httpStatus: 500, percentage: { value: 0.00001 } } } },
    "spec.http[0].fault.abort.percentage.value",
    "0.0001 to 100",
  ],
  [
    "VirtualService",
    { "spec.http.0.fault": { abort: { grpcStatus: "UNAVAILABLE" } } },
    "spec.http[0].fault.abort.grpcStatus",
    "use httpStatus",
  ],
  [
    "VirtualService",
    { "spec.http.0.mirror": { host: "a" }, "spec.http.0.mirrors": [{ destination: { host: "b" } }] },
    "spec.http[0]",
    "one of them",
  ],
  ["VirtualService", { "spec.http.0.mirrors": [{}] }, "spec.http[0].mirrors[0].destination", "who gets the copies"],
  ["VirtualService", { "spec.http.0.mirrorPercent": 101 }, "spec.http[0].mirrorPercent", "0 to 100"],
  [
    "VirtualService",
    { "spec.http.0.mirrorPercentage": { value: 100.5 } },
    "spec.http[0].mirrorPercentage.value",
    "0 to 100",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { response: { set: { "Content-Length": "1" } } } },
    "spec.http[0].headers.response.set[Content-Length]",
    "none that frames the message",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { add: { "x-from": "%DOWNSTREAM_REMOTE_ADDRESS%" } } } },
    "spec.http[0].headers.request.add[x-from]",
    "substitutions",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { set: { "x-a": "b\r\nX-Other: c" } } } },
    "spec.http[0].headers.request.set[x-a]",
    "one line",
  ],
  [
    "VirtualService",
    { "spec.http.0.headers": { request: { remove: ["host"] } } },
    "spec.http[0].headers.request.remove[0]",
    "rewrite.authority",
  ],
  ["VirtualService", { "spec.http.0.route.0.weight": 101 }, "spec.http[0].route[0].weight", "at most 100"],
  ["VirtualService", { "spec.http.0.match": [{ uri: { regex: "a(?=b)" } }] }, "spec.http[0].match[0].uri.regex", "RE2"],
  [
    "VirtualService",
    { "spec.http.0.retries": { attempts: 1, backoff: "1s" } },
    "spec.http[0].retries.backoff",
    "not supported yet",
  ],
  [
    "VirtualService",
    { "spec.http.0": { redirect: { redirectCode: 305 } } },
    "spec.http[0].redirect.redirectCode",
    "one of 301",
  ],
  [
    "VirtualService",
    { "spec.http.0.route": [{ destination: { host: "a" } }, { destination: { host: "b" } }] },
    "spec.http[0].route",
    "weights that sum",
  ],
  ["VirtualService", { "spec.http.0.route": [] }, "spec.http[0].route", "at least one destination"],
  [
    "VirtualService",
    { "spec.http.0.match": [{ uri: { exact: "/", prefix: "/" } }] },
    "spec.http[0].match[0].uri",
    "exactly one of",
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ uri: { regex: "(" } }] },
    "spec.http[0].match[0].uri.regex",
    "a regular expression",
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ headers: { "X-User": { exact: "a" } } }] },
    "spec.http[0].match[0].headers[X-User]",
    '"x-user"',
  ],
  [
    "VirtualService",
    { "spec.http.0.match": [{ sourceLabels: { a: "b" } }] },
    "spec.http[0].match[0].sourceLabels",
    "not supported yet",
  ],
  ["VirtualService", { "spec.hosts": [] }, "spec.hosts", "at least one host"],
  ["VirtualService", { "spec.http.1": { name: "primary", redirect: { uri: "/" } } }, "spec.http[1].name", "only once"],
  [
    "DestinationRule",
    { "spec.trafficPolicy": { loadBalancer: {} } },
    "spec.trafficPolicy",
    "not supported yet: trafficPolicy",
  ],
  ["DestinationRule", { "spec.subsets.1": { name: "stable" } }, "spec.subsets[1].name", "only once"],
];

test.each(refusals)("%s %j", (kind, changes, path, words) => {
  expect(saidOf(kind, changes, path)).toContain(words);
});
