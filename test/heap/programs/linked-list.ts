interface Entry {
  readonly next: Entry | null;
  readonly text: string;
}
let head: Entry | null = null;

export function handle(index: number): void {
  head = { next: head, text: `planted-secret-${index}` };
}
