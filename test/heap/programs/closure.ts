function createHandler(): (index: number) => void {
  const cache = new Map<number, { readonly payload: string }>();
  return function handler(index) {
    cache.set(index, { payload: `planted-secret-${index}` });
  };
}

export const handle = createHandler();
