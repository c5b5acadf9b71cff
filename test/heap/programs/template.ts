const parts = ['<p>', '</p>'];

export function render(text: string): string {
  return parts.join(text);
}
