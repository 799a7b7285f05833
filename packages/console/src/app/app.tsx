import type { ReactNode } from "react";
import { Redirect, Route, Switch } from "wouter";
import { AnalysisRunPage } from "./analysis/run-page.tsx";
import { AnalysisRunsPage } from "./analysis/runs-page.tsx";
import { ApplicationPage } from "./applications/application-page.tsx";
import { ApplicationsPage } from "./applications/applications-page.tsx";
import { DeploysPage } from "./blue-green/deploys-page.tsx";
import { EventsPage } from "./events/events-page.tsx";
import { ExperimentsPage } from "./experiments/experiments-page.tsx";
import { ConsoleRehearsalPage, DeployPage, ExperimentPage, PodPage } from "./later-pages.ts";
import { Page } from "./parts/page.tsx";
import { Empty } from "./parts/states.tsx";
import { PodsPage } from "./pods/pods-page.tsx";
import { ReleasePage } from "./release/release-page.tsx";
import { RolloutsPage } from "./rollouts/rollouts-page.tsx";
import { Shell } from "./shell.tsx";

export function App(): ReactNode {
  return (
    <Shell>
      <Switch>
        <Route path="/">
          <Redirect to="/applications" replace />
        </Route>
        <Route path="/applications" component={ApplicationsPage} />
        <Route path="/applications/:namespace/:name">
          {({ namespace, name }) => <ApplicationPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/rollouts" component={RolloutsPage} />
        <Route path="/rollouts/:namespace/:name">
          {({ namespace, name }) => <ReleasePage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/bluegreen" component={DeploysPage} />
        <Route path="/bluegreen/:namespace/:name">
          {({ namespace, name }) => <DeployPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/experiments" component={ExperimentsPage} />
        <Route path="/experiments/:namespace/:name">
          {({ namespace, name }) => <ExperimentPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/analysis" component={AnalysisRunsPage} />
        <Route path="/analysis/:namespace/:name">
          {({ namespace, name }) => <AnalysisRunPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/pods" component={PodsPage} />
        <Route path="/pods/:namespace/:name">
          {({ namespace, name }) => <PodPage key={`${namespace}/${name}`} namespace={namespace} name={name} />}
        </Route>
        <Route path="/rehearse" component={ConsoleRehearsalPage} />
        <Route path="/events" component={EventsPage} />
        <Route>
          <Page title="No such page">
            <Empty title="There is nothing at this address." />
          </Page>
        </Route>
      </Switch>
    </Shell>
  );
}
