const pages: Readonly<Record<string, string>> = {
  Application: "applications",
  Rollout: "rollouts",
  BlueGreenDeployment: "bluegreen",
  Experiment: "experiments",
  AnalysisRun: "analysis",
  Pod: "pods",
};

/** The page of an object; undefined where its kind has none. */
export function addressOf(kind: string, namespace = "default", name = ""): string | undefined {
  const page = pages[kind];
  return page === undefined ? undefined : `/${page}/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}
