import { laterPage } from "./parts/later-page.tsx";
import { fetchPlots } from "./release/chart.tsx";

interface Named {
  readonly namespace: string;
  readonly name: string;
}

const rehearsal = laterPage<object>(
  "Rehearse a release",
  async () => (await import("./rehearsal/console-rehearsal-page.tsx")).ConsoleRehearsalPage,
);
const deploy = laterPage<Named>(
  "Blue-green deploy",
  async () => (await import("./blue-green/deploy-page.tsx")).DeployPage,
);
const experiment = laterPage<Named>(
  "Experiment",
  async () => (await import("./experiments/experiment-page.tsx")).ExperimentPage,
);
const pod = laterPage<Named>("Pod", async () => (await import("./pods/pod-page.tsx")).PodPage);

export const ConsoleRehearsalPage = rehearsal.Shown;
export const DeployPage = deploy.Shown;
export const ExperimentPage = experiment.Shown;
export const PodPage = pod.Shown;

export const fetchLaterPages = (): Promise<unknown> =>
  Promise.allSettled([...[rehearsal, deploy, experiment, pod].map(({ fetch }) => fetch()), fetchPlots()]);
