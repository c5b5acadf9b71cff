class Session {
  readonly id: number;
  readonly user: { readonly name: string };
  constructor(id: number) {
    this.id = id;
    this.user = { name: `planted-secret-${id}` };
  }
}
const sessions = new Map<string, Session>();

export function handle(index: number): void {
  sessions.set(`planted-secret-key-${index}`, new Session(index));
}
