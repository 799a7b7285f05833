const room = (name) => `^packages/${name}/`;
const may = {
  kernel: [],
  api: ["kernel"],
  languages: ["kernel"],
  verdict: ["kernel"],
  store: ["kernel", "api"],
  controllers: ["kernel", "api", "languages", "verdict"],
  metrics: ["kernel", "api", "languages"],
  rehearsal: ["kernel", "api", "languages", "verdict", "store", "controllers", "metrics", "router"],
  sources: ["kernel", "api"],
  router: ["kernel", "api"],
  "supply-chain": ["kernel", "api"],
  backends: ["kernel", "api", "store", "router", "metrics", "sources", "supply-chain"],
  console: ["kernel", "api", "rehearsal"],
};
const tests = "\\.test\\.tsx?$|\\.fixture\\.ts$|\\.testing\\.ts$|/laws/|/contract-suite/|/fixtures/|/testing/";
// Pure pieces that several kinds share; each has one subject.
const shared = ["loop", "laws", "arguments", "marks", "ownership", "phases", "pods", "version"].join("|");
const isKind = `^packages/controllers/src/(?!(?:${shared})/)([^/]+)/`;
module.exports = {
  forbidden: [
    ...Object.entries(may).map(([from, to]) => ({
      name: `${from}-imports`,
      comment: `${from} may import ${to.join(", ") || "no room"}: see docs/DESIGN of rooms in ARCHITECTURE.md`,
      severity: "error",
      from: { path: room(from), pathNot: tests },
      to: { path: "^packages/", pathNot: [from, ...to].map(room) },
    })),
    {
      name: "kinds-meet-in-api",
      comment: "a kind's folder imports no other kind's: kinds meet only through the resources in api",
      severity: "error",
      from: { path: isKind, pathNot: tests },
      to: { path: isKind, pathNot: "^packages/controllers/src/$1/" },
    },
    {
      name: "pure-doors-stay-pure",
      comment: "the `.` doors of metrics and router import nothing of their node doors",
      severity: "error",
      from: { path: "^packages/(metrics|router)/src/(?!node/)", pathNot: tests },
      to: { path: "^packages/(metrics|router)/src/node/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } } },
  ],
  options: {
    tsPreCompilationDeps: true,
    parser: "swc",
    doNotFollow: { path: "node_modules" },
    // The swc parser reads no JSX; what pages may import is checked by the linter (noUndeclaredDependencies).
    exclude: { path: "/dist/|\\.tsx$" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
