/** A static list of what was audited, written for a debug page that nobody opens. */
import { prose, repeat } from '../load.js';

class AuditLog {
  static readonly entries: { readonly at: number; readonly actor: string; readonly detail: string }[] = [];
  readonly actor: string;

  constructor(actor: string) {
    this.actor = actor;
  }

  write(detail: string): void {
    AuditLog.entries.push({ at: Date.now(), actor: this.actor, detail });
  }
}

repeat(100, (index) => new AuditLog(`user-${index % 50}`).write(prose(1200, index)));
