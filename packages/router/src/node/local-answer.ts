import { STATUS_CODES } from "node:http";

/** An answer that the router gives by itself. */
export interface LocalAnswer {
  readonly code: number;
  /** One word for programs, a sentence for people. */
  readonly error: string;
  readonly message: string;
  /** Further field lines, each with its end. */
  readonly lines?: string;
}

/** The answer as it goes over the wire. `isBodiless` for HEAD, which gets the fields alone. */
export function answerText(answer: LocalAnswer, connection: "keep-alive" | "close" | "", isBodiless: boolean): string {
  const ending = connection === "" ? "" : `Connection: ${connection}\r\n`;
  // https://www.rfc-editor.org/rfc/rfc9112#section-6.3: these have no body, whatever their fields say.
  if (answer.code === 204 || answer.code === 304) {
    return `HTTP/1.1 ${answer.code} ${STATUS_CODES[answer.code]}\r\n${answer.lines ?? ""}${ending}\r\n`;
  }
  const body = `${JSON.stringify({ error: answer.error, message: answer.message })}\n`;
  return (
    `HTTP/1.1 ${answer.code} ${STATUS_CODES[answer.code] ?? ""}\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n${answer.lines ?? ""}${ending}\r\n${isBodiless ? "" : body}`
  );
}
