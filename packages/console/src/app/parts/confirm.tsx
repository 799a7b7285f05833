import { type FormEvent, type ReactNode, useState } from "react";
import { Dialog } from "./dialog.tsx";

/** Asks before something is done that hurts; a refusal stands in the dialog, which stays. */
export function Confirm({
  title,
  consequence,
  text,
  outdated,
  onConfirm,
  onClose,
}: {
  readonly title: string;
  readonly consequence: string;
  /** Of the button. */
  readonly text: string;
  /** Why the question makes no sense any more. */
  readonly outdated?: string | undefined;
  /** Throws an Error whose message is shown. */
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}): ReactNode {
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);

  async function go(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (outdated !== undefined || isBusy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onConfirm();
      onClose();
    } catch (thrown) {
      setProblem(thrown instanceof Error ? thrown.message : String(thrown));
      setBusy(false);
    }
  }

  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={go}>
        <p>{consequence}</p>
        {outdated !== undefined && !isBusy && <p className="warn-text">{outdated}</p>}
        {problem !== undefined && (
          <p className="bad-text" role="alert">
            {problem}
          </p>
        )}
        <div className="dialog-actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="danger filled" disabled={isBusy || outdated !== undefined}>
            {text}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
