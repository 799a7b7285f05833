import type { Rollout } from "@sluice/api";
import type { Change, ReleaseChanges } from "@sluice/api/release";
import type { ReactNode } from "react";
import { Section } from "../../parts/page.tsx";
import { useChanges } from "./use-changes.ts";

/** The new version against the stable one, place by place. */
export function ChangesSection({ rollout }: { readonly rollout: Rollout }): ReactNode {
  const { metadata, status } = rollout;
  const versions = `${status?.stableRS} ${status?.currentPodHash}`;
  const state = useChanges(metadata.namespace ?? "default", metadata.name, versions);
  const changes = state.is === "known" ? state.changes : undefined;
  return (
    <Section
      title="What it changes"
      beside={
        changes?.before && (
          <span className="quiet">{`revision ${changes.before.revision} → ${changes.after.revision}`}</span>
        )
      }
    >
      {state.is === "unknown" && <p className="quiet">It can't be told: {state.problem}</p>}
      {state.is === "loading" && <p className="quiet">Comparing …</p>}
      {changes !== undefined && <Changes changes={changes} />}
    </Section>
  );
}

function Changes({ changes: { before, template, configuration } }: { readonly changes: ReleaseChanges }): ReactNode {
  if (before === undefined) return <p className="quiet">This is the first version: all of it is new.</p>;
  if (template.length + configuration.length === 0) return <p className="quiet">Nothing differs.</p>;
  return (
    <>
      {template.length > 0 && <Part title="Pod template" changes={template} />}
      {configuration.map(({ kind, name, changes }) => (
        <Part key={`${kind} ${name}`} title={`${kind} ${name}`} changes={changes} />
      ))}
    </>
  );
}

function Part({ title, changes }: { readonly title: string; readonly changes: readonly Change[] }): ReactNode {
  return (
    <section className="change-part" aria-label={title}>
      <h3>{title}</h3>
      <dl>
        {changes.map(({ at, before, after, isHidden }) => (
          <div key={at}>
            <dt>
              <code>{at}</code>
            </dt>
            {isHidden ? (
              <dd className="quiet">
                {before === undefined ? "is new" : after === undefined ? "goes" : "is another"}; its value isn't shown
              </dd>
            ) : (
              <>
                {before !== undefined && <Side sign="−" word="was" text={before} />}
                {after !== undefined && <Side sign="+" word="becomes" text={after} />}
              </>
            )}
          </div>
        ))}
      </dl>
    </section>
  );
}

function Side({
  sign,
  word,
  text,
}: {
  readonly sign: "−" | "+";
  readonly word: string;
  readonly text: string;
}): ReactNode {
  return (
    <dd className={sign === "+" ? "after" : "before"}>
      <span aria-hidden="true">{sign}</span>
      <span className="unseen">{word} </span>
      <code>{text === "" ? "(empty)" : text}</code>
    </dd>
  );
}
