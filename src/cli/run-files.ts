/** Names that `leakwatch run` and the processes it watches agree on. */

/** Variable with the folder of the run. Not a watcher's variable: those begin with `LEAKWATCH_`. */
export const RUN_FOLDER = '_LEAKWATCH_RUN';

/** The files of a process in that folder. */
export const filesOf = (pid: number) => ({
  seen: `${pid}.seen`,
  socket: `${pid}.sock`,
  report: `${pid}.report.json`,
});

/** `register` adds the process id once more to the report's name for a program that a watched program started. */
export const FILES = { seen: /^\d+\.seen$/, socket: /^\d+\.sock$/, report: /^\d+\.report(\.\d+)?\.json$/ };
