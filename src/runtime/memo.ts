/** `compute`, called once per key: the results are kept as long as the function. */
export function memo<K, V extends NonNullable<unknown>>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    let value = known.get(key);
    if (value === undefined) {
      value = compute(key);
      known.set(key, value);
    }
    return value;
  };
}
