import type { Schema } from "../../contract/schema.ts";
import {
  anyObject,
  count,
  described,
  flag,
  goDuration,
  integer,
  list,
  mapOf,
  object,
  port,
  refused,
  text,
  textList,
  textMap,
} from "../../schema/build.ts";

// Fields of https://istio.io/latest/docs/reference/config/networking/virtual-service/ and …/destination-rule/

const stringMatch = (description: string): Schema =>
  object(description, { exact: text("Equal."), prefix: text("Begins with."), regex: text("RE2; matches the whole.") });

const notYet = (what: string, use: string, schema: Schema = anyObject("Held as it came.")): Schema =>
  refused(what, use, schema);

const match = object("Which requests: all of these hold.", {
  name: text("For people."),
  uri: stringMatch("The path."),
  method: stringMatch("The method."),
  headers: mapOf("Headers, names in lower case.", stringMatch("")),
  withoutHeaders: mapOf("Headers that must not match.", stringMatch("")),
  queryParams: mapOf("Query parameters.", stringMatch("")),
  ignoreUriCase: flag("The path matches in any case."),
  scheme: notYet("matches on scheme", "uri, headers, method or queryParams"),
  authority: notYet("matches on authority", "hosts"),
  port: notYet("matches on port", "uri, headers, method or queryParams", integer("The port.")),
  sourceLabels: notYet("matches on sourceLabels", "uri, headers, method or queryParams"),
  sourceNamespace: notYet("matches on sourceNamespace", "uri, headers, method or queryParams", text("Namespace.")),
  gateways: notYet("matches on gateways", "uri, headers, method or queryParams", textList("Gateways.")),
  statPrefix: notYet("statPrefix", "the metrics' own labels", text("Prefix.")),
});

const destination = object(
  "A Service, or a subset of it.",
  {
    host: text("Name of the Service.", { minLength: 1 }),
    subset: text("Name of a subset in a DestinationRule of this host."),
    port: object("Its port.", { number: port("The number.") }),
  },
  { required: ["host"] },
);

const percentage = (description: string): Schema =>
  object(description, { value: { type: "number", format: "double", description: "0 to 100, with fractions." } });

const headerOperations = (description: string): Schema =>
  object(description, {
    set: textMap("In place of what is there."),
    add: textMap("Beside what is there."),
    remove: textList("Taken away."),
  });

const headers = object("Changes headers on their way.", {
  request: headerOperations("Of the request, before it is sent on."),
  response: headerOperations("Of the response, before it is sent back."),
});

const fault = object("Fails or waits in place of the destination.", {
  abort: object("Answers by itself.", {
    httpStatus: integer("With this status."),
    percentage: percentage("How many of the requests; none where absent."),
    grpcStatus: notYet("grpcStatus", "httpStatus", text("A gRPC status.")),
    http2Error: notYet("http2Error", "httpStatus", text("An HTTP/2 error.")),
  }),
  delay: object("Waits before the request is sent on.", {
    fixedDelay: goDuration("How long."),
    percentage: percentage("How many of the requests; none where absent."),
    percent: integer("The same in whole percent; deprecated.", { minimum: 0, maximum: 100 }),
    exponentialDelay: notYet("exponentialDelay", "fixedDelay", text("A mean.")),
  }),
});

const route = object("One rule: the first that matches is used.", {
  name: text("Its name; a Rollout names the route that it weighs."),
  match: list("Any of these; every request where absent.", match),
  route: list(
    "Where the requests go.",
    object(
      "One destination.",
      {
        destination,
        weight: integer("Percent of the requests.", { minimum: 0, maximum: 100 }),
        headers: notYet("headers of one destination", "headers of the route"),
      },
      { required: ["destination"] },
    ),
  ),
  redirect: object("Answers with a redirect instead.", {
    uri: text("The new path."),
    authority: text("The new host."),
    port: port("The new port."),
    derivePort: notYet("derivePort", "port", text("The port, where none is given.")),
    scheme: text("http or https."),
    redirectCode: integer("301 unless given.", { enum: [301, 302, 303, 307, 308] }),
  }),
  rewrite: object("Changes the request on its way.", {
    uri: text("Replaces the path, or the prefix that matched."),
    authority: text("Replaces the host."),
    uriRegexRewrite: notYet("uriRegexRewrite", "uri with a prefix match"),
  }),
  retries: object("Tries again when the destination fails.", {
    attempts: count("How often; 0 for never."),
    perTryTimeout: goDuration("How long one try may take."),
    retryOn: text("When, such as 5xx,reset,connect-failure."),
    retryRemoteLocalities: notYet("retryRemoteLocalities", "retryOn", flag("Elsewhere, too.")),
    retryIgnorePreviousHosts: notYet(
      "retryIgnorePreviousHosts",
      "attempts and retryOn",
      flag("Not the same pod again."),
    ),
    backoff: notYet("backoff of retries", "attempts and perTryTimeout", goDuration("How long between tries.")),
  }),
  timeout: goDuration("How long until the answer begins; 0s for ever."),
  directResponse: notYet("directResponse", "a Service that answers so"),
  delegate: notYet("delegate", "routes in one VirtualService"),
  fault,
  mirror: described("Gets copies of the requests; its answers are thrown away.", destination),
  mirrorPercentage: percentage("How many are copied; all where absent."),
  mirrorPercent: integer("The same in whole percent; deprecated.", { minimum: 0 }),
  mirror_percent: integer("The same in whole percent; deprecated.", { minimum: 0 }),
  mirrors: list(
    "Several that get copies.",
    object("One of them.", { destination, percentage: percentage("How many; all where absent.") }),
  ),
  corsPolicy: notYet("corsPolicy", "what the application itself sends"),
  headers,
});

const l4Destinations = list(
  "Where the connections go.",
  object(
    "One destination.",
    { destination, weight: integer("Percent of the connections.", { minimum: 0, maximum: 100 }) },
    { required: ["destination"] },
  ),
);

const l4Match = {
  destinationSubnets: textList("Addresses that are called."),
  port: port("The port that is called."),
  sourceLabels: textMap("Labels of the caller."),
  gateways: textList("Gateways."),
  sourceNamespace: text("The caller's namespace."),
};

export const virtualServiceSpec = object("How requests to hosts are routed.", {
  hosts: textList("Host names: a Service, or any name."),
  gateways: textList("Accepted and not needed: the router listens by itself."),
  http: list("Rules, tried one after another.", route),
  tls: list(
    "Routes by SNI, for a mesh: the embedded router says in an Event that it leaves them out.",
    object("One rule.", {
      match: list("Any of these.", object("All of these hold.", { sniHosts: textList("SNI hosts."), ...l4Match })),
      route: l4Destinations,
    }),
  ),
  tcp: list(
    "Routes by port, for a mesh: the embedded router says in an Event that it leaves them out.",
    object("One rule.", {
      match: list("Any of these.", object("All of these hold.", l4Match)),
      route: l4Destinations,
    }),
  ),
  exportTo: notYet("exportTo", "the VirtualService's own namespace", textList("Namespaces.")),
});

const trafficPolicy = notYet("trafficPolicy", "timeout and retries of the VirtualService");

export const destinationRuleSpec = object(
  "The versions of a Service.",
  {
    host: text("Name of the Service.", { minLength: 1 }),
    subsets: list(
      "Its versions.",
      object(
        "Pods by label.",
        { name: text("Its name.", { minLength: 1 }), labels: textMap("Labels of the pods."), trafficPolicy },
        { required: ["name"] },
      ),
    ),
    trafficPolicy,
    exportTo: notYet("exportTo", "the DestinationRule's own namespace", textList("Namespaces.")),
    workloadSelector: notYet("workloadSelector", "subsets"),
  },
  { required: ["host"] },
);

export const gatewaySpec = object("Accepted and not needed: the router listens by itself.", {
  servers: list("What it would listen on.", anyObject("")),
  selector: textMap("Who would listen."),
});

export const anyStatus = anyObject("Written by a mesh, if any.");
