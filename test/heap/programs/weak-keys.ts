class Socket {
  readonly index: number;
  constructor(index: number) {
    this.index = index;
  }
}
const open = new Set<Socket>();
const details = new WeakMap<Socket, { readonly since: string }>();

export function handle(index: number): void {
  const socket = new Socket(index);
  open.add(socket);
  details.set(socket, { since: `planted-secret-${index}` });
}
