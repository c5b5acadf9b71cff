interface Job {
  readonly index: number;
  readonly state: string;
}
class JobBoard {
  readonly jobs: Record<string, Job> = {};
}
const board = new JobBoard();

export function handle(index: number): void {
  board.jobs[`planted-secret-${index}`] = { index, state: 'open' };
  board.jobs[`planted-secret-done-${index}`] = { index, state: 'done' };
  delete board.jobs[`planted-secret-done-${index}`];
}
