// TensorBoard's smoothing: an exponential moving average, corrected for starting at zero.

/** Non-finite values and gaps are passed through and do not move the average; a constant line stays as it is. */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const first = finite[0];
  if (weight <= 0 || finite.every((value) => value === first)) return [...values];
  let average = 0;
  let count = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    average = average * weight + (1 - weight) * value;
    count += 1;
    return average / (1 - weight ** count);
  });
}

/** Smooths as if others stood before them: a window of a long line does not begin anew at its edge. */
export function smoothBehind(
  before: readonly (number | null)[],
  values: readonly (number | null)[],
  weight: number,
): (number | null)[] {
  return smooth([...before, ...values], weight).slice(before.length);
}
