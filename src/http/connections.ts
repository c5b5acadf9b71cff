import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { networkOf } from '../access/client-bucket.js';
import type { Limits } from '../access/limits.js';
import { type Clock, systemClock } from '../runtime/clock.js';

/** Together with 16 KiB of headers each, the most that clients can take from the process. */
export const MAX_CONNECTIONS = 100;
/**
 * How long the refusal of a penalised client waits, milliseconds. A flood that waits for its answers is slowed to 100
 * requests in this time, all connections together; a person who mistyped a token hardly notices.
 */
export const HOLD_MS = 1_000;
/** Requests of one connection that wait for their responses; with one more the connection is cut. */
const MAX_WAITING = 16;

interface Connection {
  readonly socket: Socket;
  readonly network: string;
  /** Whether its latest request came with a valid token. */
  proven: boolean;
  failed: boolean;
  waiting: number;
  /** Later for a connection used more recently. */
  turn: number;
}

/**
 * The connections of the own listener. When one more arrives than it can have, the one that deserves it least is
 * closed: so clients that never show a valid token cannot lock out those that do.
 */
export class Connections {
  readonly #limits: Pick<Limits, 'failed'>;
  readonly #clock: Clock;
  readonly #open = new Map<Socket | string, Connection>();
  #turn = 0;

  constructor(limits: Pick<Limits, 'failed'>, clock: Clock = systemClock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** A connection was accepted. */
  add(socket: Socket): void {
    if (this.#open.size >= MAX_CONNECTIONS) {
      const victim = this.#leastDeserving();
      if (victim === null) return void socket.destroy();
      this.#remove(victim);
      victim.socket.destroy();
    }
    const connection = {
      socket,
      network: networkOf(socket.remoteAddress),
      proven: false,
      failed: false,
      waiting: 0,
      turn: this.#turn++,
    };
    const key = keyOf(socket);
    this.#open.set(key, connection);
    socket.once('close', () => {
      if (this.#open.get(key) === connection) this.#open.delete(key);
    });
  }

  /** A request arrived. False if its connection has been cut, now or before: then it gets no response. */
  accept({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined || socket.destroyed) {
      socket.destroy();
      return false;
    }
    // Node parses all requests of a chunk at once, so a few kilobytes could queue thousands of responses.
    if (connection.waiting >= MAX_WAITING) {
      this.#remove(connection);
      socket.destroy();
      return false;
    }
    connection.waiting += 1;
    connection.turn = this.#turn++;
    response.once('close', () => {
      connection.waiting -= 1;
    });
    return true;
  }

  /** Whether the latest request of this connection came with a valid token. */
  judged(socket: Socket, proven: boolean): void {
    const connection = this.#open.get(keyOf(socket));
    if (connection === undefined) return;
    connection.proven = proven;
    connection.failed = !proven;
  }

  /**
   * Sends a refusal late, and reads nothing more from the connection until then. An unproven connection ends with it, so
   * that its client has to connect again for its next attempt.
   */
  hold({ socket }: IncomingMessage, response: ServerResponse, send: () => void): void {
    if (this.#open.get(keyOf(socket))?.proven !== true) response.setHeader('Connection', 'close');
    this.#sendLate(socket, send);
  }

  /** Bytes that are not a request arrived, or too few in time. */
  async broken(error: NodeJS.ErrnoException, socket: Socket, send: () => void): Promise<void> {
    const isReset = error.code === 'ECONNRESET';
    if (isReset || (await this.#limits.failed(socket.remoteAddress)) === 0) return send();
    this.judged(socket, false);
    this.#sendLate(socket, send);
  }

  #sendLate(socket: Socket, send: () => void): void {
    socket.pause();
    const timer = this.#clock.after(HOLD_MS, () => {
      socket.off('close', cancel);
      socket.resume();
      send();
    });
    const cancel = (): void => timer.cancel();
    socket.once('close', cancel);
  }

  #remove({ socket }: Connection): void {
    this.#open.delete(keyOf(socket));
  }

  /** Null if each of them is busy with a request that a valid token came with. */
  #leastDeserving(): Connection | null {
    const perNetwork = new Map<string, number>();
    for (const { network } of this.#open.values())
      perNetwork.set(network, (perNetwork.get(network) ?? 0) + 1);
    let least: Connection | null = null;
    for (const connection of this.#open.values()) {
      if (connection.proven && connection.waiting > 0) continue;
      if (least === null || deservesLess(connection, least, perNetwork)) least = connection;
    }
    return least;
  }
}

/** Unproven before proven; refused before silent; then of the network with the most connections; then the longest unused. */
function deservesLess(one: Connection, other: Connection, perNetwork: ReadonlyMap<string, number>): boolean {
  if (one.proven !== other.proven) return other.proven;
  if (one.failed !== other.failed) return one.failed;
  const [ones, others] = [perNetwork.get(one.network)!, perNetwork.get(other.network)!];
  return ones === others ? one.turn < other.turn : ones > others;
}

/** The peer's address and port, which a TLS socket shares with the socket below it; on a Unix socket, which has neither, the socket. */
function keyOf(socket: Socket): Socket | string {
  const { remoteAddress, remotePort } = socket;
  return remotePort === undefined ? socket : `${remoteAddress} ${remotePort}`;
}
