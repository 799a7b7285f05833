import { type ComponentType, lazy, type ReactNode, Suspense } from "react";
import { Page } from "./page.tsx";
import { Empty, Loading } from "./states.tsx";

export interface LaterPage<Properties> {
  readonly Shown: (properties: Properties) => ReactNode;
  /** Fetches it before anybody asks: by then the control plane may be away. */
  readonly fetch: () => Promise<unknown>;
}

/** A page that comes in a file of its own, after the first one. */
export function laterPage<Properties extends object>(
  title: string,
  load: () => Promise<ComponentType<Properties>>,
): LaterPage<Properties> {
  const Loaded = lazy(() =>
    load().then(
      (page) => ({ default: page }),
      () => ({ default: () => <NotLoaded title={title} /> }),
    ),
  );
  const Shown = (properties: Properties): ReactNode => (
    <Suspense
      fallback={
        <Page title={title}>
          <Loading />
        </Page>
      }
    >
      <Loaded {...properties} />
    </Suspense>
  );
  return { Shown, fetch: load };
}

/** An upgraded Sluice has other files than the page that is open. */
function NotLoaded({ title }: { readonly title: string }): ReactNode {
  return (
    <Page title={title}>
      <Empty title="This page could not be fetched.">
        <p>The control plane is away, or Sluice was upgraded since this tab was opened.</p>
        <p>
          <button type="button" onClick={() => location.reload()}>
            Load it again
          </button>
        </p>
      </Empty>
    </Page>
  );
}
