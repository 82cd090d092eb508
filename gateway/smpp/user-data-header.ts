/**
 * The header that parts of a long text begin with: its length, then elements of a number, a length and data.
 * Source: 3GPP TS 23.040, 9.2.3.24.
 */

/** What a header says. One that is no header has the length HEADER_LIES. */
export interface UserDataHeader {
  /** Octets it takes, its own length among them. */
  length: number;
  /** 0 if it is not of a part, or says something impossible of it, which is ignored as the specification asks. */
  total: number;
  part: number;
  reference: number;
}

export const HEADER_LIES = -1;

const CONCATENATED_8_BIT = 0x00;
const CONCATENATED_16_BIT = 0x08;

/** Reads the header of the message that lies in `bytes` from `from` to `to`, into `header`. */
export function readUserDataHeader(bytes: Uint8Array, from: number, to: number, header: UserDataHeader): void {
  header.length = HEADER_LIES;
  header.total = 0;
  header.part = 0;
  header.reference = 0;
  if (from >= to) return;
  const end = from + 1 + bytes[from]!;
  if (end > to) return;
  let at = from + 1;
  while (at < end) {
    const dataAt = at + 2;
    if (dataAt > end || dataAt + bytes[at + 1]! > end) return;
    readElement(bytes, bytes[at]!, dataAt, bytes[at + 1]!, header);
    at = dataAt + bytes[at + 1]!;
  }
  header.length = end - from;
}

function readElement(bytes: Uint8Array, element: number, at: number, length: number, header: UserDataHeader): void {
  const is16Bit = element === CONCATENATED_16_BIT && length === 4;
  if (!is16Bit && !(element === CONCATENATED_8_BIT && length === 3)) return;
  const totalAt = is16Bit ? at + 2 : at + 1;
  const total = bytes[totalAt]!;
  const part = bytes[totalAt + 1]!;
  if (total === 0 || part === 0 || part > total) return;
  header.reference = is16Bit ? (bytes[at]! << 8) | bytes[at + 1]! : bytes[at]!;
  header.total = total;
  header.part = part;
}

/** The header of part `part` of `total`, for a client. */
export function concatenationHeader(reference: number, total: number, part: number): Buffer {
  return Buffer.of(5, CONCATENATED_8_BIT, 3, reference & 0xff, total, part);
}
