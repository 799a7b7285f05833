import { type ReactNode, useSyncExternalStore } from "react";

export interface Message {
  readonly id: number;
  readonly text: string;
}

let messages: readonly Message[] = [];
let nextId = 1;
const listeners = new Set<() => void>();

function show(next: readonly Message[]): void {
  messages = next;
  for (const listener of listeners) listener();
}

/** Says what was done, at the page's foot and to screen readers; it goes by itself. */
export function say(text: string): void {
  const id = nextId++;
  show([...messages.slice(-2), { id, text }]);
  setTimeout(() => show(messages.filter((message) => message.id !== id)), 7000);
}

export function Messages(): ReactNode {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => messages,
  );
  return (
    <div className="messages" role="status" aria-live="polite">
      {shown.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
