const template = new URL('./template.js', import.meta.url);

/** Loads the template anew for each request, so that edits show. */
export async function handle(index: number): Promise<void> {
  await import(`${template.href}?v=${index}`);
}
