export const canary = "spec.strategy.canary";
const routing = `${canary}.trafficRouting`;
export const istio = `${routing}.istio`;
export const virtualService = `${istio}.virtualService`;

export const byHost = {
  [`${istio}.destinationRule`]: undefined,
  [`${canary}.canaryService`]: "web-canary",
  [`${canary}.stableService`]: "web-stable",
};
export const taking = (pingService: string, pongService: string) => ({
  [`${istio}.destinationRule`]: undefined,
  [`${canary}.pingPong`]: { pingService, pongService },
});
export const managed = (...names: string[]) => ({ [`${routing}.managedRoutes`]: names.map((name) => ({ name })) });
const step = (first: object) => ({ [`${canary}.steps.0`]: first });
export const header = { headerName: "x-tester", headerValue: { exact: "yes" } };

export type Changes = Readonly<Record<string, unknown>>;

/** What is broken, where it is reported, what was found, and words of what would be right or how to repair it. */
export const routingRefusals: readonly (readonly [Changes, string, string, string])[] = [
  [{ [routing]: {} }, `${istio}`, "nothing", "name a virtualService"],
  [{ [virtualService]: undefined }, virtualService, "nothing", "the VirtualService whose weights are set"],
  [
    { [`${istio}.virtualServices`]: [{ name: "a" }] },
    `${istio}.virtualServices`,
    "virtualService and virtualServices",
    "take virtualService out",
  ],
  [{ [virtualService]: undefined, [`${istio}.virtualServices`]: [] }, virtualService, "nothing", "VirtualService"],
  [
    { [virtualService]: undefined, [`${istio}.virtualServices`]: [{ name: "a" }, { name: "a" }] },
    `${istio}.virtualServices[1].name`,
    '"a" again',
    "only once",
  ],
  [{ [`${virtualService}.routes`]: ["a", "a"] }, `${virtualService}.routes[1]`, '"a" again', "only once"],
  [{ [`${virtualService}.tlsRoutes`]: [{}] }, `${virtualService}.tlsRoutes[0]`, "nothing", "port or sniHosts"],
  [{ [`${virtualService}.tcpRoutes`]: [{}] }, `${virtualService}.tcpRoutes[0].port`, "nothing", "the port"],
  [{ [`${virtualService}.tcpRoutes`]: [{ port: 0 }] }, `${virtualService}.tcpRoutes[0].port`, "0", "at least 1"],
  [{ [`${istio}.destinationRule`]: undefined }, `${canary}.canaryService`, "nothing", "destinationRule"],
  [
    { [`${istio}.destinationRule.canarySubsetName`]: "stable" },
    `${istio}.destinationRule.canarySubsetName`,
    '"stable"',
    "another subset",
  ],
  [{ ...byHost, [`${canary}.canaryService`]: "web-stable" }, `${canary}.canaryService`, '"web-stable"', "another"],
  ...["nginx", "alb", "smi", "ambassador", "appMesh", "traefik", "apisix", "plugins"].map(
    (router) => [{ [`${routing}.${router}`]: {} }, `${routing}.${router}`, "", "use trafficRouting.istio"] as const,
  ),
  [{ [`${routing}.maxTrafficWeight`]: 1000 }, `${routing}.maxTrafficWeight`, "", "weights of 0 to 100"],
  [managed("a", "a"), `${routing}.managedRoutes[1].name`, '"a" again', "only once"],
  [managed("primary"), `${routing}.managedRoutes[0].name`, '"primary"', "another name"],
  [{ [`${routing}.managedRoutes`]: [{}] }, `${routing}.managedRoutes[0].name`, "nothing", ""],
  [
    { [routing]: undefined, ...step({ setHeaderRoute: { name: "a", match: [header] } }) },
    `${canary}.steps[0].setHeaderRoute`,
    "setHeaderRoute",
    "only with trafficRouting.istio",
  ],
  [
    { [routing]: undefined, ...step({ setMirrorRoute: { name: "a", percentage: 10 } }) },
    `${canary}.steps[0].setMirrorRoute`,
    "setMirrorRoute",
    "only with trafficRouting.istio",
  ],
  [
    { ...managed("b"), ...step({ setHeaderRoute: { match: [header] } }) },
    `${canary}.steps[0].setHeaderRoute.name`,
    "nothing",
    "managedRoutes",
  ],
  [
    { ...managed("b"), ...step({ setHeaderRoute: { name: "a", match: [header] } }) },
    `${canary}.steps[0].setHeaderRoute.name`,
    '"a"',
    "one of b",
  ],
  [
    step({ setMirrorRoute: { name: "a" } }),
    `${canary}.steps[0].setMirrorRoute.name`,
    '"a"',
    "add trafficRouting.managedRoutes: [{name: a}]",
  ],
  [
    { ...managed("a"), ...step({ setHeaderRoute: { name: "a", match: [{ headerValue: { exact: "b" } }] } }) },
    `${canary}.steps[0].setHeaderRoute.match[0].headerName`,
    "nothing",
    "a text",
  ],
  [
    { ...managed("a"), ...step({ setHeaderRoute: { name: "a", match: [{ headerName: "x" }] } }) },
    `${canary}.steps[0].setHeaderRoute.match[0].headerValue`,
    "nothing",
    "one of exact, prefix, regex",
  ],
  [
    {
      ...managed("a"),
      ...step({ setHeaderRoute: { name: "a", match: [{ ...header, headerValue: { exact: "a", prefix: "b" } }] } }),
    },
    `${canary}.steps[0].setHeaderRoute.match[0].headerValue`,
    "exact and prefix",
    "exactly one of",
  ],
  [
    {
      ...managed("a"),
      ...step({ setHeaderRoute: { name: "a", match: [{ ...header, headerValue: { regex: "(" } }] } }),
    },
    `${canary}.steps[0].setHeaderRoute.match[0].headerValue.regex`,
    '"("',
    "RE2",
  ],
  [
    { ...managed("a"), ...step({ setMirrorRoute: { name: "a", match: [{}] } }) },
    `${canary}.steps[0].setMirrorRoute.match[0]`,
    "nothing",
    "leave match out",
  ],
  [
    { ...managed("a"), ...step({ setMirrorRoute: { name: "a", match: [{ path: {} }] } }) },
    `${canary}.steps[0].setMirrorRoute.match[0].path`,
    "no kind of match",
    "exactly one of",
  ],
  [
    { ...managed("a"), ...step({ setMirrorRoute: { name: "a", match: [{ headers: { x: {} } }] } }) },
    `${canary}.steps[0].setMirrorRoute.match[0].headers[x]`,
    "no kind of match",
    "exactly one of",
  ],
  [
    { ...managed("a"), ...step({ setMirrorRoute: { name: "a", percentage: 101 } }) },
    `${canary}.steps[0].setMirrorRoute.percentage`,
    "101",
    "at most 100",
  ],
  [
    { [routing]: undefined, [`${canary}.pingPong`]: { pingService: "a", pongService: "b" } },
    `${canary}.pingPong`,
    "pingPong",
    "only with trafficRouting.istio",
  ],
  [
    { [`${canary}.pingPong`]: { pingService: "a", pongService: "b" } },
    `${canary}.pingPong`,
    "pingPong and a destinationRule",
    "one of them",
  ],
  [taking("", "b"), `${canary}.pingPong.pingService`, "nothing", "a Service"],
  [taking("a", "a"), `${canary}.pingPong.pongService`, '"a"', "take turns"],
  [{ ...taking("a", "b"), [`${canary}.stableService`]: "c" }, `${canary}.stableService`, '"c"', "take it out"],
  [{ [`${canary}.antiAffinity`]: {} }, `${canary}.antiAffinity`, "nothing", "requiredDuringScheduling"],
  [
    { [`${canary}.antiAffinity`]: { preferredDuringSchedulingIgnoredDuringExecution: { weight: 101 } } },
    `${canary}.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight`,
    "101",
    "at most 100",
  ],
];
