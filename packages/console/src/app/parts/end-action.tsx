import type { Resource } from "@sluice/api";
import { type ReactNode, useState } from "react";
import { change } from "../data/api.ts";
import { Confirm } from "./confirm.tsx";
import { say } from "./messages.tsx";
import { useShortcuts } from "./shortcuts.tsx";

/** Ends what runs before its time, as `sluice experiment terminate` and `sluice analysis terminate` do. */
export function EndAction({
  kind,
  object: { metadata },
  phase,
  consequence,
}: {
  readonly kind: "experiments" | "analysisruns";
  readonly object: Pick<Resource, "metadata">;
  readonly phase: string;
  readonly consequence: string;
}): ReactNode {
  const [isAsked, setAsked] = useState(false);
  const isOver = phase !== "Pending" && phase !== "Running";
  const why = `It has ended: ${phase}`;
  const open = () => (isOver ? say(`End it: ${why}.`) : setAsked(true));
  useShortcuts([{ keys: "x", what: "End it", run: open }]);
  return (
    <div className="actions">
      <button type="button" className="danger" aria-disabled={isOver} title={isOver ? why : "Key: x"} onClick={open}>
        End it
      </button>
      {isAsked && (
        <Confirm
          title={`End ${metadata.name} now?`}
          consequence={consequence}
          text="End it"
          outdated={isOver ? why : undefined}
          onClose={() => setAsked(false)}
          onConfirm={async () => {
            const { namespace = "default", name } = metadata;
            await change(kind, namespace, name, [{ op: "add", path: "/spec/terminate", value: true }]);
            say("It ends.");
          }}
        />
      )}
    </div>
  );
}
