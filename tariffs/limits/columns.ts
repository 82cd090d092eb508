/** Columns of counts by dense key: typed arrays that grow, and of which only the part in use is worth keeping. */

export type Column =
  | Float64Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>;

/** A column of `length` cells that begins as `column` is; the cells after that hold `fill`. */
export function grown<C extends Column>(column: C, length: number, fill = 0): C {
  const larger = emptyLike(column, length);
  if (fill !== 0) larger.fill(fill, column.length);
  larger.set(column);
  return larger;
}

/** The cells up to the last that does not hold `fill`: a part of the column itself, not a copy. */
export function usedPart<C extends Column>(column: C, fill = 0): C {
  let length = column.length;
  while (length > 0 && column[length - 1] === fill) length -= 1;
  return column.subarray(0, length) as C;
}

/** A column with a copy of `cells`, and `fill` in all others: `column` itself if it is long enough. */
export function refilled<C extends Column>(column: C, cells: C, fill = 0): C {
  const target = cells.length > column.length ? emptyLike(column, cells.length) : column;
  target.fill(fill, cells.length);
  target.set(cells);
  return target;
}

function emptyLike<C extends Column>(column: C, length: number): C {
  return new (column.constructor as new (length: number) => C)(length);
}
