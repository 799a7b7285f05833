import type { ReactNode } from "react";
import { type Crumb, Page } from "./page.tsx";
import { Loading } from "./states.tsx";

/** The page of an object that hasn't come yet, or isn't there: `children` say which. */
export function AbsentPage({
  name,
  crumbs,
  isLoading,
  children,
}: {
  readonly name: string;
  readonly crumbs: readonly Crumb[];
  readonly isLoading: boolean;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <Page title={name} crumbs={crumbs}>
      {isLoading ? <Loading rows={5} /> : children}
    </Page>
  );
}
