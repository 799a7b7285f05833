import { ApiFault } from "@sluice/api";

/** One field of a protobuf message, undecoded. https://protobuf.dev/programming-guides/encoding/ */
export type RawField =
  | { readonly number: number; readonly is: "varint"; readonly value: bigint }
  | { readonly number: number; readonly is: "bytes"; readonly value: Uint8Array }
  | { readonly number: number; readonly is: "fixed"; readonly value: Uint8Array };

/** Faults: BadRequest where the data isn't protobuf. */
export function* fieldsOf(data: Uint8Array): Generator<RawField> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = data[at++];
      if (byte === undefined) throw truncated();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    throw truncated();
  };
  const take = (length: number): Uint8Array => {
    if (length > data.length - at) throw truncated();
    at += length;
    return data.subarray(at - length, at);
  };
  while (at < data.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        yield { number, is: "varint", value: varint() };
        break;
      case 1:
        yield { number, is: "fixed", value: take(8) };
        break;
      case 2:
        yield { number, is: "bytes", value: take(Number(varint())) };
        break;
      case 5:
        yield { number, is: "fixed", value: take(4) };
        break;
      default:
        throw truncated();
    }
  }
}

export function* varintsOf(packed: Uint8Array): Generator<bigint> {
  let value = 0n;
  let shift = 0n;
  for (const byte of packed) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) continue;
    yield BigInt.asUintN(64, value);
    value = 0n;
    shift = 0n;
  }
  if (shift !== 0n) throw truncated();
}

const truncated = () => new ApiFault("BadRequest", "the body is not a whole protobuf message");
